# SPDX-License-Identifier: MIT
"""Processes of the lab.

Guarantee: a process started here never outlives the Python process that started it, however that one ends. A clean
stop is the owner's duty; if the owner is killed with SIGKILL the kernel kills its children (PR_SET_PDEATHSIG).
Every process has its own session (Ctrl-C in a terminal reaches only the lab, which then stops its servers in order)
and its own log file. `wait_until` is the only place in the lab that sleeps.
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

POLL_S = 0.02
PR_SET_PDEATHSIG = 1

_libc = ctypes.CDLL(None, use_errno=True)

# PR_SET_PDEATHSIG fires when the *thread* that forked ends, not the process. All children are therefore forked by
# this one thread, which lives until the interpreter ends.
_spawner = ThreadPoolExecutor(max_workers=1, thread_name_prefix="lab-spawner")


class LabError(Exception):
    """Something in the lab did not do what it must; the text says what, and ends with the log where there is one."""


def wait_until(condition, deadline_s, what):
    """Poll `condition` until it returns something true, and return that. LabError after `deadline_s` seconds."""
    deadline = time.monotonic() + deadline_s
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() >= deadline:
            raise LabError(f"waited {deadline_s:g} s in vain: {what}")
        time.sleep(POLL_S)


def together(*calls):
    """Run the calls at the same time, wait for all of them, return their results in order; raise the first error.

    Ctrl-C does not cut the wait short: whoever cleans up afterwards must not race with calls that still start things.
    """
    if not calls:
        return []
    with ThreadPoolExecutor(max_workers=len(calls)) as pool:
        futures = [pool.submit(call) for call in calls]
        try:
            wait(futures)
        except KeyboardInterrupt:
            wait(futures)
            raise
    return [future.result() for future in futures]


def run(argv, **options):
    """Run a short-lived command to its end and return its standard output; LabError with its complaint if it fails."""
    done = subprocess.run(argv, capture_output=True, text=True, **options)
    if done.returncode != 0:
        raise LabError(f"{' '.join(map(str, argv))}: exit {done.returncode}\n{done.stderr}{done.stdout}")
    return done.stdout


def children(pid):
    """The processes that this one has started; none when it is gone."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


class Process:
    """One server process. Owns: its pid and its log file. The same object can be started again after it ended.

    restart_code  the exit code by which the process asks to be started again, which is then done at once, as an init
                  system would; a process that was told to stop or killed is not
    """

    def __init__(self, name, argv, log, cwd=None, env=None, restart_code=None):
        self.name = name
        self.argv = [str(arg) for arg in argv]
        self.log = log
        self.cwd = cwd
        self.env = env
        self._restart_code = restart_code
        self._popen = None
        self._lock = threading.RLock()  # held while one process takes the other's place
        self._is_wanted = False

    @property
    def pid(self):
        return self._popen.pid if self._popen else None

    @property
    def is_running(self):
        """Also true between its end and its new beginning when it asked to be started again."""
        with self._lock:
            if self._popen is None:
                return False
            code = self._popen.poll()
            return code is None or (code == self._restart_code and self._is_wanted)

    @property
    def death(self):
        """How it ended when nobody told it to; None when it runs, was stopped, or was never started."""
        with self._lock:
            return None if self.is_running or not self._is_wanted else self._popen.returncode

    def start(self):
        """Start the process; does not wait for it to be of use (wait_ready does)."""
        with self._lock:
            if self.is_running:
                raise LabError(f"{self.name} runs already, pid {self.pid}")
            self._is_wanted = True
            self._popen = _spawner.submit(self._spawn).result()
            if self._restart_code is not None:
                threading.Thread(target=self._supervise, args=(self._popen,), name=f"{self.name}-supervisor",
                                 daemon=True).start()

    def wait_ready(self, condition, deadline_s=30):
        """Wait until `condition` holds. Fails at once, with the tail of the log, when the process ends before that."""

        def ready_or_dead():
            return condition() or not self.is_running

        try:
            wait_until(ready_or_dead, deadline_s, f"{self.name} to become ready")
        except LabError as error:
            raise LabError(f"{error}\n{self.log_tail()}") from None
        if not self.is_running:
            raise LabError(f"{self.name} ended with {self._popen.returncode} before it was ready\n{self.log_tail()}")

    def stop(self, deadline_s=30):
        """Ask it to end (SIGTERM) and wait; SIGKILL when the deadline passes. Nothing to do when it has ended."""
        with self._lock:
            if not self.is_running:
                return
            self._is_wanted = False
            for number in (signal.SIGCONT, signal.SIGTERM):  # a frozen one could not obey
                self._popen.send_signal(number)
        try:
            self._popen.wait(deadline_s)
        except subprocess.TimeoutExpired:
            self.kill9()

    def kill9(self):
        """The crash of this process, not of the machine: what it handed to the kernel is kept."""
        with self._lock:
            self._is_wanted = False
            if not self.is_running:
                return
            self._popen.kill()
        self._popen.wait()

    def freeze(self):
        """Stop it from running without closing anything: to its peers a host that hangs."""
        self._signal(signal.SIGSTOP)

    def thaw(self):
        self._signal(signal.SIGCONT)

    def _signal(self, number):
        if not self.is_running:
            raise LabError(f"{self.name} does not run")
        self._popen.send_signal(number)

    def log_tail(self, lines=20):
        try:
            text = self.log.read_text(errors="replace")
        except FileNotFoundError:
            return f"({self.log} was not written)"
        return "\n".join([f"--- {self.log}", *text.splitlines()[-lines:]])

    def _supervise(self, popen):
        """Start it again, as often as it ends with the code that asks for it."""
        while popen.wait() == self._restart_code:
            with self._lock:
                if not self._is_wanted:
                    return
                popen = self._popen = _spawner.submit(self._spawn).result()

    def _spawn(self):
        lab_pid = os.getpid()

        def die_with_the_lab():
            _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != lab_pid:  # it died between fork and prctl
                os._exit(1)

        with open(self.log, "ab") as log:
            return subprocess.Popen(
                self.argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.cwd, env=self.env,
                start_new_session=True, preexec_fn=die_with_the_lab)
