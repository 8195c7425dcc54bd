#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# `mote run --tty`: somebody types at a program in a microVM, and the same keys at the same
# program on this host's Linux. The screen must get the same bytes and the program end the same;
# terminal.py looks that our terminal is as it was before, too. Keys of signals are typed when
# the echo of those before has come, since Linux drops what is on its way to the screen.

load helper

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	mkdir -p root/dev root/tmp host
	cp "$REAL/busybox" "$REAL/bash-static" "$PROGRAMS/terminal" root/
	printf 'banner\n' >root/banner
	cp -a root host/
	mount --bind /dev host/root/dev
}

teardown() {
	umount host/root/dev
}

# typed STATUS COMMAND...: types standard input at it; the screen is in the file `screen`.
typed() {
	local expected=$1 got=0
	shift
	timeout 120 python3 "$BATS_TEST_DIRNAME/terminal.py" screen "$@" 3>&- || got=$?
	expect $got "$expected"
}

# same STATUS PROGRAM ARGUMENTS...: in both places. Linux sends the signal of a Ctrl-C before it echoes
# it: a shell's new line may be on the screen before or after.
same() {
	local expected=$1
	shift
	cat >script
	typed "$expected" env -i TERM=xterm "$(command -v chroot)" host/root "$@" <script
	mv screen screen.host
	typed "$expected" mote run --tty --root root --env TERM=xterm "$@" <script
	perl -0pi -e 's/((?:\r\n)*)\^C((?:\r\n)*)/^C$1$2/g' screen.host screen
	cmp screen.host screen || {
		od -c screen.host >screen.host.text
		od -c screen | diff screen.host.text -
	}
}

@test "a shell: prompt, editing, read, Ctrl-C in a busy loop, exit status" {
	same 9 /busybox sh <<'END'
expect / # 
send echo abx\x7fc\r
expect \r\nabc\r\n
expect / # 
send echo lost\x15echo kept\r
expect \r\nkept\r\n
expect / # 
send echo go; while :; do :; done\r
expect \r\ngo\r\n
send \x03
expect / # 
send echo go; read x; echo "<$x>"\r
expect \r\ngo\r\n
send hex\x7f\x7fello\x15hällp\x7fo\r
expect <hällo>\r\n
expect / # 
send exit 9\r
END
}

@test "cat: a line is echoed once, edited, and read when it has ended; Ctrl-D ends the file" {
	same 0 /busybox cat /banner - <<'END'
expect banner\r\n
send one\x7ftwo\ttab\t\x7f\x17
send  three\r
expect three\r\n
expect three\r\n
send half\x04
expect halfhalf
send \r
expect \r\n\r\n
send \x04
END
}

@test "Ctrl-C ends a busy loop and a sleep, Ctrl-\\ quits" {
	same 130 /terminal spin <<'END'
expect go\r\n
send \x03
END
	same 130 /bash-static -c 'echo go; read x' <<'END'
expect go\r\n
send typed
expect typed
send \x03
END
	typed 130 mote run --tty "$REAL/busybox" sleep 60 <<'END'
raw
send \x03
END
	expect "$(cat screen)" '^C'
	typed 131 mote run --tty "$PROGRAMS/terminal" spin <<'END'
expect go\r\n
send \x1c
END
	[[ $(cat screen) == *SIGQUIT* ]]
}

@test "poll, epoll and FIONREAD know lines; flush and end of file" {
	same 0 /terminal lines <<'END'
expect terminals: 1 1 1\r\n
expect half a line\r\n
send ab
expect the other half\r\n
send cd\r
expect to lose\r\n
send lost\r
expect end of file\r\n
send \x04
END
}

@test "without lines: VMIN and VTIME; control characters are bytes" {
	same 0 /terminal raw <<'END'
expect three keys\r\n
send \x03
send \x1a
send \r
expect read 3 03 1a 0d\r\n
expect three keys more\r\n
send \x7f\x04
send \x13
expect read 3
expect a key\r\n
send x
expect two keys\r\n
send yz
expect read 2
END
}

@test "Ctrl-C and a read that waits: EINTR, or again with SA_RESTART; what was typed is lost" {
	same 0 /terminal interrupt <<'END'
expect Ctrl-C\r\n
send half
expect half
pause 1
send \x03
expect Ctrl-C, a line\r\n
send half
expect half
send \x03
expect ^C
send whole\r
expect Ctrl-\\\r\n
pause 1
send \x1c
expect Ctrl-Z\r\n
pause 1
send \x1a
END
}

@test "the window's size, and SIGWINCH when it changes" {
	same 0 /terminal window <<'END'
expect 24 rows, 80 columns\r\n
size 33 101
expect 33 rows, 101 columns\r\n
END
	same 0 /busybox stty size </dev/null
}

@test "more than the terminal holds, typed before it is read" {
	same 0 /terminal count <<'END'
expect go\r\n
lines 400 twenty-three characters
send \x04
expect 9600 bytes\r\n
END
}

@test "bash: readline, and lines between its prompts" {
	same 3 /bash-static --norc <<'END'
expect # 
send echo abc\x1b[D\x1b[D\x7fx\r
expect \r\nxbc\r\n
expect # 
send echo go; read b; echo "<$b>"\r
expect \r\ngo\r\n
send yy\x7fz\r
expect <yz>\r\n
expect # 
send \x1b[A\x15echo up\r
expect \r\nup\r\n
expect # 
send echo go; while :; do :; done\r
expect \r\ngo\r\n
send \x03
expect # 
send exit 3\r
END
}

@test "vi: opens, types, writes a file and quits" {
	same 0 /busybox vi /tmp/file <<'END'
raw
expect - /tmp/file
send i
expect I /tmp/file
send o
expect o\x1b[1;2H
send n
expect \x1b[1;3H
send x
expect \x1b[1;4H
send \x7f
expect \x1b[1;3H
send e
expect \x1b[1;4H
send \x1b
expect - /tmp/file
expect \x1b[1;3H
send :
expect :
send w
expect w
send \r
expect 1L, 4C
send :
expect :
send q
expect q
send \r
END
}

@test "output without processing, and to a file" {
	same 0 /terminal unprocessed </dev/null
	typed 0 sh -c 'exec mote run --tty "$@" >out' sh "$REAL/busybox" printf 'a\nb\n' </dev/null
	expect "$(od -An -c out | tr -d ' ')" 'a\nb\n'
	expect "$(cat screen)" ''
}

@test "the terminal is as before, whatever happens; mote's own words stand in lines" {
	typed 143 mote run --tty "$REAL/busybox" sleep 60 <<'END'
raw
kill TERM
END
	# shellcheck disable=SC2016 # for the inner shell
	typed 137 sh -c '(until kill -9 $(cat /run/mote/victim/pid); do :; done) 2>/dev/null &
		exec mote run --tty --name victim "$@"' sh "$PROGRAMS/terminal" spin </dev/null
	typed 127 mote run --tty ./nothing </dev/null
	typed 126 mote run --tty ./root/banner </dev/null
	typed 125 mote run --tty --cpus 99 "$REAL/busybox" true </dev/null
	typed 139 mote run --tty "$PROGRAMS/fault" null </dev/null
	[[ $(cat screen) == mote:*SIGSEGV*$'\r' ]]
}

@test "TERM is the terminal's, unless --env says another" {
	typed 0 env TERM=vt220 mote run --tty "$REAL/busybox" env </dev/null
	expect "$(cat screen)" $'TERM=vt220\r'
	typed 0 env TERM=vt220 mote run --tty --env TERM=dumb "$REAL/busybox" env </dev/null
	expect "$(cat screen)" $'TERM=dumb\r'
}

@test "without --tty the host's terminal edits, and pipes are no terminals" {
	typed 0 mote run --root root /busybox cat /banner - <<'END'
expect banner\r\n
send one\x7f\x7f\x7ftwo\r
expect two\r\n
expect two\r\n
send \x04
END
	expect "$(od -An -c screen | tr -d ' \n')" \
		'banner\r\none\b\b\b\b\b\btwo\r\ntwo\r\n'
	run -0 mote run "$PROGRAMS/terminal" </dev/null
	expect "$output" 'terminals: 0 0 0'
}
