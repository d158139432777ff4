# SPDX-License-Identifier: MIT
"""`make demo`: the whole migration, there, back and there again, between real servers and under live traffic.

Owns:       build/demo: the lab, the crowd's ledger, the shortened playbooks, report.json.
Guarantees: however it ends, nothing keeps running and the lab's data is removed; after a failure the logs stay.
Exit code:  0 when no acknowledged write was lost or doubled, no row differs, and the users are on NEW; else 1; 130
            after Ctrl-C.

The servers, names, visitors and the program are real; only the waits are shorter than in life (demo_playbooks.py).
"""

import argparse
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from . import demo_valgrind, kinds, look_around
from .crowd_audit import audit
from .demo_crowd import CrowdProcess
from .demo_playbooks import PLAYBOOKS, shorten
from .demo_report import Figures, print_report, verdict
from .lab import DNS_ONLY, LIMITS, PROXIED, REPOSITORY, Lab
from .procs import LabError, wait_until

BUILD = Path(os.environ.get("BUILD") or "build")
RECORD_TTL_S = 10       # before anybody lowers it; each crossing waits for it once
INTERRUPT_S = 60        # what the program may take to undo what it was doing
CATCH_UP_S = 120
PLAYBOOK_OF_MODE = {"shared": ("4-migration-day", "rollback"),
                    "fenced": ("4-migration-day-fenced", "rollback-fenced")}
WHAT_HAPPENS = {
    "shared": "both sides take writes while the names move; nobody is refused a write",
    "fenced": "one side takes writes at any time; a write pause, as long as the old address is remembered",
}

INTRO = """\
This is the whole migration of a blog host, with real servers on this machine, under live traffic:

  1  start {old} as OLD and {new} as NEW (a primary and a replica each), {mb} MB of blogs on OLD,
     a name service, a stand-in for the Cloudflare API, the site on both sides, and {clients} visitors who sign up and
     write all the time
  2  check both sides, copy OLD to NEW and follow ({follow}){rehearse}
  3  mirror: carry every change in both directions ({mirror})
  4  cross to NEW ({there}), come back ({back}), and go there again
  5  compare every row, ask for every write that a visitor was promised, and print a report

Mode: {mode}: {what}.
What differs from real life: the lab's DNS plan allows a TTL of 2 s, where Cloudflare's own begin at 30 or 60, the
records begin with {ttl} s, and the playbooks are the shipped ones with other limits:
{changes}
It takes 2 to 5 minutes. Ctrl-C stops it and cleans up."""


class DemoError(Exception):
    """The program did not do what it must; the text says what."""


class Demo:
    """One demo. run() tells the story; the rest are its parts."""

    def __init__(self, options):
        self._mode = options.mode
        self._mb = options.mb
        self._is_rehearsing = options.rehearse
        self._seed = options.seed
        self._clients = options.clients
        self._kinds = {"old": options.old, "new": options.new}
        self._program = (BUILD / "cutover").resolve()
        self._folder = (REPOSITORY / BUILD / "demo").resolve()
        self._watched = self._folder / "valgrind" if options.valgrind else None
        self._lab = None
        self._began = time.monotonic()
        self._figures = Figures(options.mode)

    def run(self):
        """The exit code. Whatever is raised has cleaned up behind itself."""
        self._folder.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(self._folder / "kept", ignore_errors=True)
        (self._folder / "report.json").unlink(missing_ok=True)
        changes = shorten(REPOSITORY / "playbooks", self._folder / "playbooks", self._seed)
        if self._watched:
            self._program = demo_valgrind.wrap(self._program, self._watched)
        self._introduce(changes)
        self._heading("Start the lab")
        with Lab(root=self._folder / "lab", mb=self._mb, ssh=self._seed == "physical", **self._kinds) as self._lab:
            try:
                self._tell()
            except BaseException:
                self._keep_logs()
                raise
            complaints = verdict(self._figures) + (demo_valgrind.complaints(self._watched) if self._watched else [])
            if complaints:
                self._keep_logs()
        print_report(self._figures, self._folder / "report.json", complaints)
        return 1 if complaints else 0

    def _tell(self):
        there, back = PLAYBOOK_OF_MODE[self._mode]
        self._lab.cloudflare.edit(DNS_ONLY, "A", ttl=RECORD_TTL_S)
        self._look_around()
        with CrowdProcess(self._lab, self._folder / "crowd", self._clients) as crowd:
            wait_until(lambda: crowd.acknowledged() >= 5 * self._clients, 60, "the visitors to be at work")
            self._check()
            self._run("1-follow", "Follow: copy OLD to NEW, then let NEW follow")
            if self._is_rehearsing:
                self._run("2-rehearse-and-reset", "Rehearse: open NEW for a test, then throw its data away")
                self._run("1-follow", "Follow again")
            self._run("3-mirror", "Mirror: carry every change in both directions")
            for label, title, command, playbook in (
                    ("there", "The first crossing: there", "run", there),
                    ("back", "The second crossing: back", "rollback", back),
                    ("there-again", "The third crossing: there again", "run", there)):
                crowd.mark(label)
                self._run(playbook, title, command=command, crossing=label)
                crowd.mark(f"after-{label}")
            self._verify()
            self._heading("Ask for every promise")
            print("The visitors stop. Each write that one of them was promised is looked for on both sides.")
            self._figures.crowd = crowd.stop()
        self._settle()
        self._figures.audit = audit(crowd.ledger, self._lab.database("old", "controller"),
                                    self._lab.database("new", "controller"), settled=True)
        self._status()

    # --- the phases ----------------------------------------------------------------------------------------------

    def _check(self):
        self._heading("Check: what would stop a migration?")
        code = self._cutover("check", may_be_refused=True)
        self._figures.check = json.loads(self._ask("check", may_be_refused=True))["counts"]
        if code != 0:
            raise DemoError("check found something that blocks the migration")

    def _run(self, playbook, title, command="run", crossing=None):
        self._heading(title)
        path = self._folder / "playbooks" / f"{playbook}.cfg"
        words = ["run", path] if command == "run" else ["rollback", "--mode", self._mode, "--playbook", path]
        began = time.monotonic()
        self._cutover(*words, "--yes")
        report = json.loads(self._ask("report", "--format", "json"))
        self._figures.add_run(playbook, time.monotonic() - began, report, crossing)

    def _verify(self):
        self._heading("Verify: every row, on both sides, while the visitors write on")
        code = self._cutover("verify", may_be_refused=True)
        self._figures.verified = json.loads(self._ask("verify", "--json", may_be_refused=True))
        if code != 0:
            print("The two sides differ.", flush=True)

    def _settle(self):
        """Nobody writes any more: wait until each side has all of the other's changes, and the replicas have all."""
        old, new = self._lab.old, self._lab.new
        for here, there in ((new.primary, old.primary), (old.primary, new.primary)):
            here.wait_applied(there.position(), CATCH_UP_S)
        for cluster in (old, new):
            cluster.wait_replicas(CATCH_UP_S)

    def _status(self):
        self._heading("Where it ended")
        self._cutover("status")
        self._figures.situation = json.loads(self._ask("status", "--json"))["situation"]

    # --- the program ---------------------------------------------------------------------------------------------

    def _cutover(self, *words, may_be_refused=False):
        """Run the program with its output on our terminal; its exit code, 0 or, when allowed, 3."""
        shown = [os.path.relpath(w) if isinstance(w, Path) else w for w in words]
        print(f"$ {os.path.relpath(self._program)} -c {os.path.relpath(self._lab.cfg_path)} {' '.join(shown)}",
              flush=True)
        child = subprocess.Popen([self._program, "-c", self._lab.cfg_path, *words], stdin=subprocess.DEVNULL)
        code = self._wait(child)
        if code != 0 and not (may_be_refused and code == 3):
            raise DemoError(f"cutover {words[0]} ended with exit code {code}")
        return code

    def _wait(self, child):
        try:
            return child.wait()
        except KeyboardInterrupt:
            # It undoes what it can and says what is true. A terminal's Ctrl-C has reached it already; once more is harmless.
            child.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(INTERRUPT_S)
            raise
        finally:
            if child.poll() is None:
                child.kill()
                child.wait()

    def _ask(self, *words, may_be_refused=False):
        """What the program prints as JSON."""
        words = words if "--format" in words or "--json" in words else (*words, "--json")
        done = self._lab.cutover(*words, "--quiet", binary=self._program, timeout=600)
        if done.returncode != 0 and not (may_be_refused and done.returncode == 3):
            raise DemoError(f"cutover {' '.join(map(str, words))} ended with exit code {done.returncode}\n{done.stderr}")
        return done.stdout

    # --- what a person sees --------------------------------------------------------------------------------------

    def _heading(self, text):
        elapsed_s = time.monotonic() - self._began
        print(f"\n=== {int(elapsed_s) // 60}:{int(elapsed_s) % 60:02d}  {text} {'=' * max(3, 88 - len(text))}", flush=True)

    def _introduce(self, changes):
        there, back = PLAYBOOK_OF_MODE[self._mode]
        rehearse = ",\n     and try NEW out once and throw the copy away (2-rehearse-and-reset)" if self._is_rehearsing else ""
        print(INTRO.format(old=kinds.find(self._kinds["old"]), new=kinds.find(self._kinds["new"]), mb=self._mb, clients=self._clients, follow=PLAYBOOKS["1-follow"], rehearse=rehearse,
                           mirror=PLAYBOOKS["3-mirror"], there=PLAYBOOKS[there], back=PLAYBOOKS[back], mode=self._mode,
                           what=WHAT_HAPPENS[self._mode], ttl=RECORD_TTL_S,
                           changes="\n".join(f"  {change}" for change in changes)), flush=True)

    def _look_around(self):
        print(f"The lab is up: {self._lab.pair}; {PROXIED} is proxied, {DNS_ONLY} is DNS-only with a TTL of {RECORD_TTL_S} s;"
              f" a link slower than {LIMITS['lag']} is not healthy.")
        print("To look around while it runs, in another terminal:\n")
        text = look_around.commands(self._lab, os.path.relpath(self._program))
        print("\n".join(f"  {line}" if line else "" for line in text.splitlines()), flush=True)

    def _keep_logs(self):
        """Everything that tells what happened, without data and secrets."""
        kept = self._folder / "kept"
        shutil.rmtree(kept, ignore_errors=True)
        for pattern in ("*/*.log", "etc/*.cfg", "etc/journal.db*"):
            for path in self._lab.root.glob(pattern):
                target = kept / path.relative_to(self._lab.root)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, target)
        for path in (self._folder / "crowd").glob("*"):
            shutil.copy(path, kept)
        print(f"\ndemo: logs, the journal and the visitors' ledger are kept in {os.path.relpath(kept)}",
              file=sys.stderr, flush=True)


def main():
    options = _parse()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    try:
        return Demo(options).run()
    except KeyboardInterrupt:
        print("\ndemo: interrupted; nothing of it runs any more", file=sys.stderr)
        return 130
    except (DemoError, LabError) as error:
        print(f"\ndemo: {error}", file=sys.stderr)
        return 1


def _parse():
    parser = argparse.ArgumentParser(prog="python3 -m tests.lab.demo", description="There, back and there again.")
    parser.add_argument("--mode", choices=sorted(PLAYBOOK_OF_MODE), default="shared")
    for side in ("old", "new"):
        parser.add_argument(f"--{side}", choices=kinds.NAMES, default=kinds.default(side), metavar="KIND",
                            help=f"the servers of {side.upper()}: {', '.join(kinds.NAMES)} (default: %(default)s)")
    parser.add_argument("--mb", type=int, default=int(os.environ.get("DEMO_MB") or 200),
                        help="size of the data set (default: %(default)s; environment: DEMO_MB)")
    parser.add_argument("--rehearse", action="store_true", default=os.environ.get("DEMO_REHEARSE") == "1",
                        help="also 2-rehearse-and-reset, and follow again (environment: DEMO_REHEARSE=1)")
    parser.add_argument("--seed", choices=("copy", "clone", "physical"), default="copy",
                        help="how NEW gets its copy; physical: from host to host over SSH (default: %(default)s)")
    parser.add_argument("--valgrind", action="store_true", help="run the program under valgrind; any error fails the demo")
    parser.add_argument("--clients", type=int, default=8, help="visitors at a time (default: %(default)s)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
