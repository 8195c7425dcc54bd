#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""terminal.py TRANSCRIPT COMMAND...: runs a command on a terminal of its own, types what standard
input says, and writes all that the screen got to TRANSCRIPT. A line of the script is one of

    expect TEXT       waits until the screen gets TEXT, behind what was waited for before
    send TEXT         types it, in one piece
    lines COUNT TEXT  types so many lines
    raw               waits until the terminal is in raw mode
    pause SECONDS     lets the program come to where it waits
    size ROWS COLUMNS changes the window's size
    kill NAME         sends a signal to the command

TEXT ends with the line; it knows Python's escapes. The exit status is the command's, 128+N after
signal N; 98 when something didn't come in time, 99 when the terminal isn't as it was before."""
import ast
import fcntl
import os
import select
import signal
import struct
import sys
import termios
import time

SECONDS = 30
IUTF8 = 0o40000
ROWS, COLUMNS = 24, 80


class Late(Exception):
    pass


class Terminal:
    def __init__(self, command):
        self.master, self.slave = os.openpty()
        os.set_blocking(self.master, False)
        self.resize(ROWS, COLUMNS)
        settings = termios.tcgetattr(self.slave)
        settings[0] |= IUTF8
        termios.tcsetattr(self.slave, termios.TCSANOW, settings)
        self.before = termios.tcgetattr(self.slave)
        self.screen, self.seen = b"", 0
        self.process = os.fork()
        if self.process == 0:
            os.setsid()
            fcntl.ioctl(self.slave, termios.TIOCSCTTY, 0)
            for descriptor in range(3):
                os.dup2(self.slave, descriptor)
            os.closerange(3, 256)
            os.execvp(command[0], command)

    def resize(self, rows, columns):
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("4H", rows, columns, 0, 0))

    def read(self, seconds):
        """Whether the screen got anything."""
        if not select.select([self.master], [], [], seconds)[0]:
            return False
        self.screen += os.read(self.master, 65536)
        return True

    def until(self, condition, what):
        end = time.monotonic() + SECONDS
        while not (result := condition()):
            if time.monotonic() > end:
                raise Late(f"not in time: {what}")
            self.read(0.02)
        return result

    def expect(self, text):
        self.until(lambda: text in self.screen[self.seen:], f"expect {text}")
        self.seen = self.screen.index(text, self.seen) + len(text)

    def type(self, keys):
        """Reads meanwhile: a terminal whose screen is full takes no keys."""
        def step():
            nonlocal keys
            if select.select([], [self.master], [], 0)[1]:
                keys = keys[os.write(self.master, keys):]
            return not keys
        self.until(step, "room for more keys")

    def is_raw(self):
        return not termios.tcgetattr(self.slave)[3] & termios.ICANON

    def ended(self):
        process, status = os.waitpid(self.process, os.WNOHANG)
        return (os.waitstatus_to_exitcode(status),) if process else None

    def finish(self):
        """The command's exit status."""
        status, = self.until(self.ended, "its end")
        while self.read(0):
            pass
        return status if status >= 0 else 128 - status


def text_of(line):
    return ast.literal_eval('"' + line.replace('"', '\\"') + '"').encode()


def perform(terminal, line):
    word, _, rest = line.partition(" ")
    if word == "expect":
        terminal.expect(text_of(rest))
    elif word == "send":
        terminal.type(text_of(rest))
    elif word == "lines":
        count, _, text = rest.partition(" ")
        terminal.type((text_of(text) + b"\r") * int(count))
    elif word == "raw":
        terminal.until(terminal.is_raw, "raw mode")
    elif word == "pause":
        time.sleep(float(rest))
    elif word == "size":
        terminal.resize(*map(int, rest.split()))
    elif word == "kill":
        os.kill(terminal.process, getattr(signal, "SIG" + rest))
    else:
        raise ValueError(line)


def main():
    terminal = Terminal(sys.argv[2:])
    try:
        for line in sys.stdin.read().splitlines():
            perform(terminal, line)
        status = terminal.finish()
    except Late as late:
        print(late)
        status = 98
        os.kill(terminal.process, signal.SIGKILL)
    with open(sys.argv[1], "wb") as transcript:
        transcript.write(terminal.screen)
    if status != 98 and termios.tcgetattr(terminal.slave) != terminal.before:
        print("the terminal isn't as it was before")
        status = 99
    if status >= 98 and status < 100:
        print(terminal.screen)
    return status


if __name__ == "__main__":
    sys.exit(main())
