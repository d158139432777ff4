# SPDX-License-Identifier: MIT
"""`make soak`: see tests/soak/soak.py, and docs/testing.md for the person who runs it.

Exit code: 0 all laws held, 1 one was broken or nothing could be judged, 2 the command line is wrong, 130 stopped by a
second Ctrl-C, without a verdict. The first Ctrl-C ends the crossing under way and gives the verdict so far.
"""

import argparse
import dataclasses
import os
import random
import shutil
import signal
import sys
import time

from tests.fault import matrix
from tests.lab import kinds
from tests.lab.procs import LabError

from . import faults
from .soak import BUILD, Soak
from .tale import Tale

MODES = {"shared": ("shared",), "fenced": ("fenced",), "both": ("shared", "fenced")}


def main():
    options = _parse()
    folder = (BUILD / "soak").resolve()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    tale = Tale(folder)
    soak = Soak(folder, minutes=options.minutes, seed=options.seed, modes=MODES[options.mode], old=options.old,
                new=options.new, size=options.crowd, rate=options.rate, mb=options.mb, forced=options.fault, tale=tale)
    signal.signal(signal.SIGINT, lambda *_: _interrupt(soak, tale))
    signal.signal(signal.SIGTERM, lambda *_: _interrupt(soak, tale))
    command = (f"make soak MINUTES={options.minutes:g} SEED={options.seed} MODE={options.mode} OLD={options.old} "
               f"NEW={options.new} CROWD={options.crowd}")
    if options.fault:
        command += f" FAULT={options.fault.text}"
    tale.say(f"{command}\n{kinds.find(options.old)} and {kinds.find(options.new)}, {options.crowd} sessions, logs in {folder}\n")
    began = time.monotonic()
    try:
        soak.run()
    except LabError as error:
        soak.broken.append(f"the lab: {error}")
    except KeyboardInterrupt:
        tale.say("\nsoak: stopped at once, without a verdict; nothing of it runs any more")
        return 130
    is_kept = tale.end(soak, folder, time.monotonic() - began, command)
    if is_kept:
        for data in (folder / "lab").glob("*/data"):
            shutil.rmtree(data)
    return 0 if is_kept else 1


def _interrupt(soak, tale):
    if soak.stopping.is_set():
        raise KeyboardInterrupt
    soak.stopping.set()
    tale.say("\nsoak: this crossing is finished, then comes the verdict; Ctrl-C again stops at once, without one")


def _forced(text):
    """NAME, NAME@POINT or NAME@PLACE.POINT with PLACE as in a line of the soak: a way to draw that instead."""
    name, _, where = text.partition("@")
    if name not in faults.FAULTS:
        raise argparse.ArgumentTypeError(f"no fault is called {name}; there are {', '.join(faults.FAULTS)}")
    fault = faults.FAULTS[name]
    place, _, point = where.rpartition(".")
    if where and point.partition("#")[0] not in matrix.POINTS:
        raise argparse.ArgumentTypeError(f"{where}: expected PLACE.POINT, where POINT is one of {', '.join(matrix.POINTS)}")

    def change(draw):
        """The same crossing with this fault."""
        draw = dataclasses.replace(draw, fault=fault, is_placed=draw.is_placed or fault.is_placed_only or bool(where))
        return dataclasses.replace(draw, point=where, place=-1.0) if where else draw

    change.text = text
    return change


def _parse():
    parser = argparse.ArgumentParser(prog="python3 -m tests.soak", description="There and back again with random faults.",
                                     epilog="faults: " + "; ".join(f"{f.name}: {f.about}" for f in faults.FAULTS.values()))
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--mode", choices=sorted(MODES), default="both")
    for side in ("old", "new"):
        parser.add_argument(f"--{side}", choices=kinds.NAMES, default=kinds.default(side), metavar="KIND")
    parser.add_argument("--crowd", type=int, default=8, help="sessions (default: %(default)s)")
    parser.add_argument("--rate", type=float, default=20, help="what a session does a second (default: %(default)s)")
    parser.add_argument("--mb", type=int, default=int(os.environ.get("SOAK_MB") or 2), help="size of the data set beside")
    parser.add_argument("--fault", type=_forced, metavar="NAME[@PLACE.POINT]", help="only this one, in each crossing")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
