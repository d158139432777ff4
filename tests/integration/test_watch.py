# SPDX-License-Identifier: MIT
"""`cutover watch` in a real terminal (tmux), beside real servers: what it shows, and that it leaves the terminal as it was."""

import contextlib
import os
import pty
import re
import select
import shlex
import signal
import subprocess
import time
import uuid

import pytest

from tests.integration import programs
from tests.integration.service import DONE, UNDONE, USAGE, Stage
from tests.integration.serving import ANNA, CLEO, Serving, guarded_config, tokens_file
from tests.lab import tls
from tests.lab.lab import CUTOVER
from tests.lab.procs import LabError, wait_until


@pytest.fixture(scope="module", name="stage")
def one_stage():
    with Stage(mb=0) as stage:
        yield stage


class Terminal:
    """A shell in a terminal of its own. Use with `with`."""

    def __init__(self, width=80, height=24, env=None):
        self._socket = f"watch-{uuid.uuid4().hex[:8]}"
        self._env = {**os.environ, "LANG": "C.UTF-8", **(env or {})}
        for name in ("LC_ALL", "NO_COLOR", "TMUX"):
            self._env.pop(name, None)
        self._env.update(env or {})
        self.tmux("new-session", "-d", "-x", str(width), "-y", str(height), "bash --norc --noprofile")
        self.wait(r"[$#]$")

    def tmux(self, *words):
        return subprocess.run(["tmux", "-L", self._socket, "-f", "/dev/null", *words], env=self._env, text=True, check=True, timeout=20,
                              capture_output=True).stdout

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.tmux("kill-server")

    @property
    def screen(self):
        return self.tmux("capture-pane", "-p")

    @property
    def looks(self):
        """What is sent to say how text looks, of all that is on the screen."""
        return set(re.findall(r"\x1b\[([0-9;]*)m", self.tmux("capture-pane", "-e", "-p")))

    def wait(self, pattern, deadline_s=20):
        try:
            return wait_until(lambda: re.search(pattern, self.screen.rstrip("\n"), re.MULTILINE), deadline_s, f"/{pattern}/")
        except LabError as late:
            raise AssertionError(f"{late} on the screen:\n{self.screen}") from None

    def type(self, text, *keys):
        self.tmux("send-keys", "-l", text)
        self.tmux("send-keys", *(keys or ("Enter",)))

    def key(self, *keys):
        self.tmux("send-keys", *keys)

    def resize(self, width, height):
        self.tmux("resize-window", "-x", str(width), "-y", str(height))

    def modes(self):
        """stty -g, asked in the shell."""
        mark = uuid.uuid4().hex[:8]
        self.type(f"clear; echo {mark[:4]}''{mark[4:]} $(stty -g)")
        return self.wait(rf"^{mark} (\S+)$")[1]

    def watch(self, *words):
        self.type(shlex.join([str(CUTOVER), *map(str, words)]) + "; echo ended with $?")
        pid = self.tmux("display-message", "-p", "#{pane_pid}").strip()
        self.wait(r"^(q quit|\d+x\d+ is too small)")
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as children:
            return int(children.read())


@pytest.fixture(name="service")
def mirrored_service(stage):
    return stage.service("mirrored")


def test_it_shows_what_is_so_at_every_size(service):
    with Terminal() as terminal:
        before = terminal.modes()
        terminal.watch("-c", service.lab.cfg_path, "watch")
        terminal.wait(r"^blog: mirrored  live .*UTC$")
        terminal.wait(r"Writes go to OLD \(")
        terminal.wait(r"OLD → NEW +\d+ ms received \d+ ms")
        assert re.search(r"NEW primary \S+ +closed", terminal.screen), terminal.screen
        terminal.resize(120, 40)
        terminal.wait(r"^1 Lag ─+  3 Run ─+$")
        terminal.resize(40, 10)
        terminal.wait(r"^40x10 is too small")
        assert "Users write on OLD" in terminal.screen, "the sentence is there all the same"
        terminal.resize(80, 24)
        terminal.wait(r"^1 Lag +OLD → NEW")
        terminal.key("7")
        terminal.wait(r"^7 Events ")
        terminal.key("Tab")
        terminal.wait(r"^1 Lag +OLD → NEW")
        terminal.key("q")
        terminal.wait(r"^ended with 0$")
        assert "1 Lag" not in terminal.screen, "what the screen showed before is back"
        assert terminal.modes() == before


@pytest.mark.parametrize("end", ["C-c", signal.SIGTERM, signal.SIGHUP, signal.SIGSEGV])
def test_however_it_ends_the_terminal_is_as_it_was(service, end, monkeypatch):
    monkeypatch.setenv("ASAN_OPTIONS", f"{os.environ.get('ASAN_OPTIONS', '')}:handle_segv=0")  # the signal is ours
    with Terminal() as terminal:
        before = terminal.modes()
        pid = terminal.watch("-c", service.lab.cfg_path, "watch")
        terminal.wait(r"^blog: mirrored  live")
        if isinstance(end, str):
            terminal.key(end)
        else:
            os.kill(pid, end)
        terminal.wait(rf"^ended with {128 + signal.SIGSEGV if end == signal.SIGSEGV else DONE}$")
        assert "1 Lag" not in terminal.screen
        assert terminal.modes() == before


def test_it_stops_for_a_while_and_comes_back(service):
    with Terminal() as terminal:
        before = terminal.modes()
        terminal.watch("-c", service.lab.cfg_path, "watch")
        terminal.key("C-z")
        terminal.wait(r"Stopped")
        assert "1 Lag" not in terminal.screen
        assert terminal.modes() == before
        terminal.type("fg")
        terminal.wait(r"^1 Lag +OLD → NEW")
        terminal.key("q")
        wait_until(lambda: "1 Lag" not in terminal.screen, 30, "the end")
        assert terminal.modes() == before


def test_a_link_that_stops_is_seen_and_so_is_a_server_that_died(service):
    new = service.primaries["new"]
    with Terminal() as terminal:
        terminal.watch("-c", service.lab.cfg_path, "watch")
        terminal.wait(r"OLD → NEW +\d+ ms")
        try:
            programs.say(new, "stop", channel="cutover_forward")
            terminal.wait(r"OLD → NEW +stopped", 10)
        finally:
            programs.say(new, "start", channel="cutover_forward")
        terminal.wait(r"OLD → NEW +\d+ ms")
        terminal.key("q")
        terminal.wait(r"^ended with 0$")


def count_of(pid, name):
    with open(f"/proc/{pid}/io", encoding="ascii") as file:
        return int(re.search(rf"{name}: (\d+)", file.read())[1])


def test_a_terminal_that_takes_nothing_holds_up_nobody_and_can_be_left(service):
    """Nobody reads the other end: what fits is sent, the rest is not waited for."""
    keyboard, other = pty.openpty()
    with subprocess.Popen([CUTOVER, "-c", service.lab.cfg_path, "watch"], stdin=other, stdout=other, stderr=subprocess.PIPE,
                          start_new_session=True, env={**os.environ, "TERM": "xterm", "LANG": "C.UTF-8"}) as watching:
        try:
            def is_full():
                os.write(keyboard, b"\x0c")  # draw all of it anew
                return not select.select([], [other], [], 0)[1]
            wait_until(is_full, 60, "the terminal to be full")
            asked = count_of(watching.pid, "syscr")
            wait_until(lambda: count_of(watching.pid, "syscr") > asked + 20, 30, "the journal and the servers to be asked all the same")
            began = time.monotonic()
            watching.terminate()
            assert watching.wait(10) == DONE
            assert time.monotonic() - began < 5
        finally:
            watching.kill()
            os.close(keyboard)
            os.close(other)


def test_where_it_cannot_draw_it_says_what_to_type(service):
    service.cutover("watch").ended(USAGE, "watch needs a terminal", "watch --once")
    with Terminal(env={"TERM": "dumb"}) as terminal:
        terminal.type(f"TERM=dumb {CUTOVER} -c {service.lab.cfg_path} watch; echo ended with $?")
        terminal.wait(r"^ended with 1$")
        assert "TERM=dumb has no cursor" in terminal.screen


BOLD_ONLY = {"", "0", "1", "2", "7", "39", "49"}  # weight, and what the terminal has by itself
SIXTEEN = BOLD_ONLY | {str(number) for base in (30, 40, 90, 100) for number in range(base, base + 8)}


@pytest.mark.parametrize("env, may", [
    pytest.param({"TERM": "screen-256color"}, SIXTEEN, id="256"),
    pytest.param({"TERM": "screen"}, SIXTEEN, id="8"),
    pytest.param({"TERM": "xterm-256color", "NO_COLOR": "1"}, BOLD_ONLY, id="no-color"),
    pytest.param({"TERM": "vt100"}, BOLD_ONLY, id="vt100"),
])
def test_it_uses_no_colour_that_the_terminal_does_not_have(service, env, may):
    with Terminal() as terminal:
        terminal.type(" ".join(f"export {name}={value};" for name, value in env.items()) + " clear")
        terminal.watch("-c", service.lab.cfg_path, "watch")
        terminal.wait(r"^blog: mirrored  live .*UTC$")
        terminal.wait(r"^1 Lag +OLD → NEW +\d+ ms")
        sent = {one for looks in terminal.looks for one in looks.split(";")}
        assert sent <= may, sent
        assert ("32" in sent) == (may is SIXTEEN), "what is good is green where there is a green"
        terminal.key("q")
        terminal.wait(r"^ended with 0$")


def test_once_is_text_for_a_ticket(service):
    done = service.cutover("watch", "--once").ended(DONE, "blog: mirrored", r"Writes go to OLD \(", r"OLD -?.? ?NEW|OLD → NEW")
    assert "\x1b" not in done.out
    ascii_only = subprocess.run([CUTOVER, "-c", service.lab.cfg_path, "watch", "--once"], env={**os.environ, "LC_ALL": "C"}, capture_output=True,
                                check=True, timeout=60).stdout
    assert ascii_only.isascii() and b"OLD -> NEW" in ascii_only


def test_it_attaches_to_a_page_and_comes_back_to_it(service):
    cfg = guarded_config(service)
    token = tokens_file(service, CLEO + "\n", "token")
    with Serving(service, cfg) as serving:
        address = serving.host
        url = f"http://{address}"
        service.cutover("watch", "--once", "--url", url).ended(UNDONE, "does not tell: it wants a token")
        service.cutover("watch", "--once", "--url", url, "--auth-file", token).ended(DONE, "blog: mirrored", "OLD → NEW|OLD -> NEW")
        terminal = Terminal(env={"CUTOVER_TOKEN": CLEO})
        with contextlib.ExitStack() as stack:
            stack.enter_context(terminal)
            terminal.watch("watch", "--url", url)
            terminal.wait(r"^blog: mirrored  live")
            terminal.wait(r"OLD → NEW +\d+ ms received")
            terminal.wait(r"^7 Events \d\d:")
            stack = stack.pop_all()
    with stack:
        terminal.wait(r"^blog: mirrored  STALE")
        assert "Users write on OLD" in terminal.screen, "what was known is still there, and called stale"
        with Serving(service, cfg, "--listen", address):
            terminal.wait(r"^blog: mirrored  live")
        terminal.key("C-c")
        terminal.wait(r"^ended with 0$")


def test_over_tls_it_wants_a_certificate_that_it_knows(service, tmp_path):
    files = tls.create(tmp_path / "tls", [])
    env = {**os.environ, "CUTOVER_TOKEN": CLEO}
    with Serving(service, guarded_config(service, certificate=str(files.cert), key=str(files.key)), "--listen", "127.0.0.1:0") as serving:
        url = ("watch", "--url", f"https://{serving.host}")
        service.cutover(*url, "--once", env=env).ended(UNDONE, "certificate", "--ca")
        service.cutover(*url, "--once", "--ca", files.ca, env=env).ended(DONE, "blog: mirrored", "OLD → NEW|OLD -> NEW")
        with Terminal(env={"CUTOVER_TOKEN": CLEO}) as terminal:
            terminal.watch(*url, "--ca", files.ca)
            terminal.wait(r"^blog: mirrored  live")
            terminal.key("q")
            terminal.wait(r"^ended with 0$")


def test_a_token_is_never_an_argument_and_an_address_is_checked(service):
    service.cutover("watch", "--once", "--url", "ftp://there").ended(2, "no http or https address")
    service.cutover("watch", "--once", "--auth-file", "x").ended(USAGE, "go with --url")
    service.cutover("watch", "--once", "--url", "http://127.0.0.1:1").ended(UNDONE, "127.0.0.1:1 does not tell")


def run_that_waits(service):
    """In a terminal at which somebody says yes to the plan, and then sits there."""
    path = service.playbook("yes", "mirrored", '{ name = "say-yes"; action = "approve"; ask = "Now?"; people = 1; }')
    return service.start("run", path, typed=["y"])


def say_yes(terminal):
    terminal.wait(r"WAITS FOR A PERSON \(0 of 1")
    terminal.key("a")
    terminal.wait(r"^What do you want of the run\?")
    terminal.key("1")
    terminal.wait(r"Type approve and Enter to ask for it")
    terminal.type("approv")
    terminal.wait(r": approv_$")
    terminal.type("e")
    terminal.wait(r"^Asked\. ")
    terminal.key("q")  # back to the screen


def test_a_yes_from_the_screen_lets_the_run_go_on_and_half_a_word_does_not(service):
    with run_that_waits(service) as running, Terminal() as terminal:
        terminal.watch("-c", service.lab.cfg_path, "watch")
        say_yes(terminal)
        running.end().ended(DONE, r"\(watch\) says yes to step say-yes: 1 of 1")
        terminal.key("a")
        terminal.wait(r"^1 approve: not now: ")
        terminal.key("1")
        assert "Type approve" not in terminal.screen
        terminal.key("Escape")
        terminal.wait(r"^1 Lag ")


def test_over_http_the_role_of_the_token_decides(service):
    with run_that_waits(service) as running, Serving(service, guarded_config(service)) as serving:
        with Terminal(env={"CUTOVER_TOKEN": CLEO}) as terminal:
            terminal.watch("watch", "--url", f"http://{serving.host}")
            terminal.wait(r"WAITS FOR A PERSON \(0 of 1")
            terminal.key("a", "1")
            terminal.wait(r"Type approve and Enter")
            terminal.type("approve")
            terminal.wait(r"^REFUSED: ")
        with Terminal(env={"CUTOVER_TOKEN": ANNA}) as terminal:
            terminal.watch("watch", "--url", f"http://{serving.host}")
            say_yes(terminal)
            running.end().ended(DONE, r"anna \(\w+\) says yes to step say-yes: 1 of 1")
