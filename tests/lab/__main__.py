# SPDX-License-Identifier: MIT
"""The lab by hand: `python3 -m tests.lab up` keeps one running in the foreground until Ctrl-C."""

import argparse
import contextlib
import signal
import sys
import time
from pathlib import Path

from . import dataset, kinds, look_around
from .lab import Lab
from .procs import LabError
from .servers import Sql


def main():
    options = _parse()
    try:
        return options.command(options)
    except LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1


def up(options):
    """Run a lab until a signal ends it."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    with contextlib.suppress(KeyboardInterrupt), Lab(options.root, options.mb, options.replicas,
                                                     keep=options.keep, old=options.old, new=options.new) as lab:
        print(f"The lab is up in {lab.root}: {lab.pair}. Ctrl-C stops it.\n\n{look_around.commands(lab)}", flush=True)
        while True:
            signal.pause()
    return 0


def load(options):
    """Put the data set into a server that runs already."""
    server = Sql(options.socket)
    began = time.monotonic()
    dataset.load(server, options.mb)
    print(f"{dataset.size_bytes(server) / 1e6:.0f} MB in {len(dataset.tables(server))} tables"
          f" after {time.monotonic() - began:.1f} s")
    return 0


def _parse():
    parser = argparse.ArgumentParser(prog="python3 -m tests.lab", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    command = commands.add_parser("up", help="start a lab, stop it on Ctrl-C")
    command.add_argument("--root", type=Path, default="build/lab", help="its folder (default: %(default)s)")
    command.add_argument("--mb", type=int, default=200, help="size of the data set in MB (default: %(default)s)")
    command.add_argument("--replicas", type=int, default=1, help="replicas of each primary (default: %(default)s)")
    for side in ("old", "new"):
        command.add_argument(f"--{side}", choices=kinds.NAMES, default=kinds.default(side), metavar="KIND",
                             help=f"the servers of {side.upper()}: {', '.join(kinds.NAMES)} (default: %(default)s)")
    command.add_argument("--keep", action="store_true", help="shut down cleanly and leave the folder")
    command.set_defaults(command=up)

    command = commands.add_parser("dataset", help="put the data set into a server that runs already")
    command.add_argument("--socket", type=Path, required=True, help="the server's unix socket; the login is root")
    command.add_argument("--mb", type=int, default=200, help="at least this many MB (default: %(default)s)")
    command.set_defaults(command=load)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
