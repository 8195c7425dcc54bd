# SPDX-License-Identifier: Apache-2.0
"""What every module needs: where things are, how to speak, how to fail."""
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import NoReturn, Sequence

LAB = Path(__file__).resolve().parent.parent
CHECKOUT = LAB.parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mote"


class LabError(Exception):
    """The lab itself failed, as opposed to the job in it."""
    status = 125  # the lab's exit status


class HostStopped(LabError):
    """The host's clock stood still, which says nothing about the job: it may be run again."""
    status = os.EX_TEMPFAIL


class Interrupted(BaseException):
    """A signal asked us to end; not an Exception, so that nothing swallows it."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def _interrupt(number: int, _frame: object) -> NoReturn:
    raise Interrupted(number)


def catch_signals() -> None:
    """Makes signals unwind the stack, so that every `with` cleans up."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)


def say(text: str) -> None:
    """Progress and errors go to stderr: stdout belongs to the job."""
    print(f"lab: {text}", file=sys.stderr, flush=True)


def run(argv: Sequence[str | os.PathLike[str]], **options: object) -> str:
    """Runs a helper program and returns its stdout.

    It gets its own session, and that whole session ends with us: a signal to
    the lab alone must not leave a download running.
    """
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL,
                               start_new_session=True, **options)  # type: ignore[call-overload]
    try:
        output, _ = process.communicate()
    except BaseException:
        os.killpg(process.pid, signal.SIGTERM)
        process.communicate()
        raise
    if process.returncode != 0:
        raise LabError(f"{Path(argv[0]).name} failed with status {process.returncode}")
    return output
