# SPDX-License-Identifier: Apache-2.0
"""The command line of lab/lab."""
import argparse
import math
import os
from pathlib import Path

from .common import Interrupted, LabError, catch_signals, say
from .host import Host
from .job import run_job, run_shell
from .keeper import keep, ready
from .variants import ARCHITECTURES

_ABOUT = """\
Runs DIR/run inside an emulated KVM host, with a private copy of DIR as its
working directory. Its output and exit status pass through, and what it leaves
in out/ comes back to DIR/out/. The programs in build/ARCH/ are on its PATH.
"""
_STATUS = """\
exit status: that of the job; 125 when the lab failed, 75 when the host's clock
stood still, 126 when DIR/run isn't executable, 127 when there is no DIR/run,
2 for a bad command line.
"""

_JOB_SECONDS = 900


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 < value < math.inf:
        raise ValueError
    return value


_seconds.__name__ = "number of seconds"


def _parser() -> argparse.ArgumentParser:
    variants = sorted({name for arch in ARCHITECTURES.values() for name in arch.variants})
    parser = argparse.ArgumentParser(
        prog="lab/lab", description=_ABOUT, epilog=_STATUS,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--host", metavar="VARIANT", choices=variants,
                        help=f"kind of host: {', '.join(variants)}")
    parser.add_argument("--icount", action="store_true",
                        help="one processor whose clock counts instructions: times repeat within a percent")
    parser.add_argument("--shell", action="store_true", help="an interactive shell instead of DIR/run")
    parser.add_argument("--prepare", action="store_true", help="only make the host ready")
    parser.add_argument("--wire", metavar="SOCKET", type=Path,
                        help="who connects there speaks with the terminal that $LAB_TERMINAL names in the job")
    parser.add_argument("--keep", metavar="SLOT", type=int, help=argparse.SUPPRESS)  # for keeper.py
    parser.add_argument("--timeout", metavar="SECONDS", type=_seconds,
                        help=f"end a job that takes longer (default: {_JOB_SECONDS}; none for a shell)")
    parser.add_argument("arch", metavar="ARCH", choices=ARCHITECTURES, help=", ".join(ARCHITECTURES))
    parser.add_argument("dir", metavar="DIR", nargs="?", type=Path, help="the job; default with --shell: none")
    return parser


def _run(parser: argparse.ArgumentParser, options: argparse.Namespace) -> int:
    arch = ARCHITECTURES[options.arch]
    name = options.host or (arch.counting if options.icount else "default")
    if name not in arch.variants:
        parser.error(f"there is no {name} host for {options.arch}")
    variant = arch.variants[name]
    if options.icount and not variant.restorable:
        parser.error(f"--icount needs a saved host, and a {name} host can't be saved")
    if variant.only_counting and not options.icount:
        parser.error(f"a {name} host needs --icount")
    host = Host(options.arch, arch, name, variant, options.icount)
    if options.keep is not None:
        keep(host, options.keep)
        return 0
    if options.prepare:
        if options.shell or options.dir:
            parser.error("--prepare runs nothing")
        with ready(host):
            return 0
    if options.wire and options.shell:
        parser.error("the terminal is the shell's")
    if options.dir is not None and not options.dir.is_dir():
        parser.error(f"{options.dir} is not a directory")
    if options.shell:
        return run_shell(host, options.dir, options.timeout)
    if options.dir is None:
        parser.error("DIR is missing")
    program = options.dir / "run"
    if not program.is_file():
        say(f"there is no {program}")
        return 127
    if not os.access(program, os.X_OK):
        say(f"{program} is not executable")
        return 126
    return run_job(host, options.dir, options.timeout or _JOB_SECONDS, options.wire)


def main(arguments: list[str]) -> int:
    """Returns the exit status."""
    parser = _parser()
    options = parser.parse_intermixed_args(arguments)
    catch_signals()
    try:
        return _run(parser, options)
    except LabError as error:
        say(str(error))
        return error.status
    except BrokenPipeError:
        return 141
    except OSError as error:
        say(str(error))
        return 125
    except Interrupted as interrupted:
        return 128 + interrupted.number
