# SPDX-License-Identifier: MIT
"""What others are told: events to a real HTTP server and to programs, well and ill, for which no run waits; systemd; logs with fields."""

import contextlib
import hashlib
import hmac
import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.integration.service import DONE, MIRROR, Stage
from tests.lab.lab import CUTOVER
from tests.lab.ports import free_port
from tests.lab.procs import wait_until

KEY = "a key of both"


@pytest.fixture(scope="module", name="stage")
def one_stage():
    with Stage(mb=0) as stage:
        yield stage


def set_aside(journal, place):
    """The file first: who opened it without its log would make another log."""
    for end in ("", "-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            journal.with_name(journal.name + end).rename(place.with_name(place.name + end))


def copy_with_event(journal, other, name):
    """A copy in which one event more has happened; its number."""
    with contextlib.closing(sqlite3.connect(journal)) as opened:
        opened.execute("VACUUM INTO ?", (str(other),))
    with contextlib.closing(sqlite3.connect(other)) as opened, opened:
        return opened.execute("INSERT INTO event (run_id, at_us, name, detail, prev_hash, hash)"
                              " SELECT run_id, at_us + 1, ?, '{}', hash, hash FROM event ORDER BY seq DESC LIMIT 1", (name,)).lastrowid


class Receiver:
    """Remembers what was posted; `answers` are the next statuses, then 204. None: no answer until the end."""

    def __init__(self):
        self.told, self.answers = [], []
        self.is_over = threading.Event()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):  # pylint: disable=invalid-name
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = receiver.answers.pop(0) if receiver.answers else 204
                receiver.told.append((status, dict(self.headers), body))
                if status is None:
                    receiver.is_over.wait(60)
                    self.close_connection = True
                    return
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):  # pylint: disable=arguments-differ
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/secret-path?and=query"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.is_over.set()
        self.server.shutdown()
        self.server.server_close()

    def events(self, status=204):
        return [json.loads(body) for answered, _, body in self.told if answered == status]


@pytest.fixture(name="receiver")
def one_receiver():
    with Receiver() as receiver:
        yield receiver


def told_run(service, name, *targets):
    """A run that does little, with these who are told; what it said, and how long it took."""
    cfg = service.config(name, lambda c: (c["dns"].pop("resolvers"), c.update(notify=targets)))
    began = time.monotonic()
    done = service.run(service.playbook(name, "mirrored", *MIRROR[:1]), cfg=cfg)
    return done.ended(DONE), time.monotonic() - began


def book(service):
    targets = json.loads((service.lab.config.folder / "journal.db.notified").read_text())["targets"]
    return {target["label"]: target for target in targets.values()}


def test_each_event_is_told_once_in_order_signed_and_without_secrets(stage, receiver):
    service = stage.service("mirrored")
    secret = service.lab.config.secret("hook", KEY)
    told_run(service, "told", {"url": receiver.url, "secret": secret})
    events = receiver.events()
    assert [event["event"] for event in events] == sorted({event["event"] for event in events})
    assert events[0]["name"] == "run.start" and events[-1]["name"] == "run.done"
    assert {"step.intent", "step.done"} <= {event["name"] for event in events}
    assert {event["run"] for event in events} == {service.status()["run"]["id"]} and {event["service"] for event in events} == {"blog"}
    secrets = [account.password for account in service.lab.accounts.values()] + [KEY]
    for _, fields, body in receiver.told:
        assert fields["X-Cutover-Signature"] == "sha256=" + hmac.new(KEY.encode(), body, hashlib.sha256).hexdigest()
        assert fields["X-Cutover-Event"] == str(json.loads(body)["event"])
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", json.loads(body)["at"])
        assert not [one for one in secrets if one in body.decode()]
    assert book(service)[f"127.0.0.1:{receiver.server.server_port}"]["failed"] == 0


def test_only_what_was_asked_for_is_told_and_nothing_of_before(stage, receiver):
    service = stage.service("mirrored")
    told_run(service, "chosen", {"url": receiver.url, "events": ["run.*"]})
    names = [event["name"] for event in receiver.events()]
    assert (names[0], names[-1]) == ("run.start", "run.done") and {name.partition(".")[0] for name in names} == {"run"}
    assert "X-Cutover-Signature" not in receiver.told[0][1]


def test_who_is_busy_is_told_again_and_who_refuses_is_not(stage, receiver):
    service = stage.service("mirrored")
    receiver.answers = [503, 500, 204, 404]
    done, _ = told_run(service, "busy", {"url": receiver.url, "events": ["run.start", "run.done"]})
    numbers = [json.loads(body)["event"] for _, _, body in receiver.told]
    assert [status for status, *_ in receiver.told] == [503, 500, 204, 404]
    assert numbers[0] == numbers[1] == numbers[2] < numbers[3]
    done.ended(DONE, r"event \d+ \(run.done\) was not delivered to 127.0.0.1:\d+: it answered 404, continuing")
    assert "secret-path" not in done.text
    label = book(service)[f"127.0.0.1:{receiver.server.server_port}"]
    assert (label["delivered"], label["failed"]) == (1, 1)


def test_who_does_not_answer_delays_the_end_by_seconds_and_is_told_by_the_next_run(stage, receiver):
    service = stage.service("mirrored")
    target = {"url": receiver.url, "events": ["run.start"], "timeout": "60s"}
    _, usual = told_run(service, "usual", {"url": receiver.url, "events": ["nothing"]})
    receiver.answers = [None]
    done, took = told_run(service, "hanging", target)
    assert took < usual + 10
    done.ended(DONE, "was not told of 1 event in time")
    first = json.loads(receiver.told[-1][2])
    told_run(service, "after", target)
    assert [event["event"] for event in receiver.events()][0] == first["event"], "at least once"
    assert len(receiver.events()) == 2


def test_nobody_there_fails_no_run(stage):
    service = stage.service("mirrored")
    port = free_port()
    done, _ = told_run(service, "nobody", {"url": f"http://127.0.0.1:{port}/", "events": ["run.done"]})
    done.ended(DONE, "not (delivered|told)")


def test_numbers_of_a_journal_that_is_gone_keep_nothing_back(stage, receiver):
    service = stage.service("mirrored")
    target = {"url": receiver.url, "events": ["run.start", "run.done"]}
    told_run(service, "before", target)
    numbers = [event["event"] for event in receiver.events()]
    journal = service.lab.config.folder / "journal.db"
    set_aside(journal, journal.with_name("gone.db"))
    told_run(service, "anew", target)
    again = [(event["name"], event["event"]) for event in receiver.events()[2:]]
    assert [name for name, _ in again] == ["run.start", "run.done"] and again[0][1] < numbers[0], again


def test_a_journal_that_takes_the_place_of_another_is_told_of(stage, receiver):
    """While somebody is told: what is in it is new, and where it goes on with the same events, only what follows them."""
    service = stage.service("mirrored")
    cfg = service.config("moved", lambda c: (c["dns"].pop("resolvers"), c.update(notify=({"url": receiver.url},))))
    playbook = service.playbook("moved", "mirrored", '{ name = "ask"; action = "approve"; ask = "Now?"; }')
    journal = service.lab.config.folder / "journal.db"
    other, aside = journal.with_name("other.db"), journal.with_name("aside.db")
    with service.start("run", playbook, cfg=cfg, typed=["y"]) as running:
        running.wait_says(r"Now\? \[y/n\]")
        newest = copy_with_event(journal, other, "somebody.else") - 1
        wait_until(lambda: [event["event"] for event in receiver.events()][-1:] == [newest], 60, "the first journal to be told")
        set_aside(journal, aside)
        other.rename(journal)
        wait_until(lambda: receiver.events()[-1]["event"] > newest, 60, "the other journal's event")
        set_aside(journal, other)
        set_aside(aside, journal)
        service.cutover("ask", "approve", "ask", "--yes").ended(DONE)
        running.end().ended(DONE)
    numbers = [event["event"] for event in receiver.events()]
    assert [event["name"] for event in receiver.events() if event["event"] == newest + 1][0] == "somebody.else"
    assert numbers[: numbers.index(newest) + 2] == list(range(numbers[0], newest + 2)), "none of them twice"


def program(service, name, text):
    path = service.lab.root / name
    path.write_text(f"#!/bin/bash\n{text}\n")
    path.chmod(0o700)
    return str(path)


def test_a_program_gets_the_event_and_one_that_fails_or_hangs_fails_no_run(stage):
    service = stage.service("mirrored")
    seen, pid = service.lab.root / "seen", service.lab.root / "pid"
    good = program(service, "good", f'echo "$CUTOVER_EVENT $CUTOVER_EVENT_NAME $(cat)" >>{seen}')
    bad = program(service, "bad", "exit 3")
    deaf = program(service, "deaf", f"trap '' TERM; echo $$ >{pid}; while :; do sleep 1; done")
    done, _ = told_run(service, "programs", {"exec": good, "events": ["run.start", "run.done"]}, {"exec": bad, "events": ["run.start"]},
                       {"exec": deaf, "events": ["run.start"], "timeout": "500ms"})
    done.ended(DONE, r"not delivered to bad: it ended with exit status 3", r"not delivered to deaf: it was killed after 500 ms")
    lines = seen.read_text().splitlines()
    assert [line.split()[1] for line in lines] == ["run.start", "run.done"]
    for line in lines:
        number, name, body = line.split(" ", 2)
        assert json.loads(body)["event"] == int(number) and json.loads(body)["name"] == name
    wait_until(lambda: not os.path.exists(f"/proc/{pid.read_text().strip()}"), 30, "the deaf program to be gone")


@pytest.mark.parametrize("target, problem", [
    ({"url": "ftp://x/"}, "begins with https"), ({"exec": "/not/there"}, "absolute path of a program"), ({}, "either url or exec"),
    ({"exec": "/bin/true", "secret": "env:X"}, "needs none"), ({"url": "http://x/", "events": []}, "tell of nothing"),
    ({"url": "http://x/", "timeout": "5m"}, "at most a minute")])
def test_a_mistake_in_who_is_told_is_found_before_anything_is_done(stage, target, problem):
    service = stage.service("mirrored")
    service.cutover("status", cfg=service.config("mistaken", lambda c: c.update(notify=(target,)))).ended(2, problem)


def test_a_line_of_the_log_has_fields_and_its_event_is_the_journals(stage):
    service = stage.service("mirrored")
    done = service.run(service.playbook("fields", "mirrored", *MIRROR[:1]), "--log-form", "json", cfg=service.hasty).ended(DONE)
    lines = [json.loads(line) for line in done.text.splitlines() if line.startswith('{"at"')]
    run = service.status()["run"]["id"]
    about = [(line["event"], line["step"]) for line in lines if line.get("event", "").startswith("step.")]
    assert lines[0]["level"] and "message" in lines[0]
    assert {line["run"] for line in lines if "run" in line} == {run}
    intents, ends = ([step for event, step in about if event == name] for name in ("step.intent", "step.done"))
    assert intents and set(ends) >= set(intents) and all(step.startswith("stagger/") for step in intents)


class Manager:
    """systemd's end of NOTIFY_SOCKET."""

    def __init__(self, folder):
        self.path = str(folder / "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.socket.settimeout(20)
        self.heard = []

    def hear(self, wanted):
        while not self.heard or wanted not in self.heard[-1]:
            self.heard.append(self.socket.recv(4096).decode())

    def close(self):
        self.socket.close()


@pytest.fixture(name="manager")
def one_manager(tmp_path):
    manager = Manager(tmp_path)
    yield manager
    manager.close()


def test_systemd_hears_that_it_serves_is_well_and_ends(stage, manager):
    service = stage.service("mirrored")
    process = subprocess.Popen(  # pylint: disable=consider-using-with
        [CUTOVER, "-c", service.lab.cfg_path, "serve", "--listen", "127.0.0.1:0"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env={**os.environ, "NOTIFY_SOCKET": manager.path, "WATCHDOG_USEC": "400000"})
    try:
        for wanted in ("READY=1", "WATCHDOG=1", "WATCHDOG=1"):
            manager.heard.append("")
            manager.hear(wanted)
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == DONE
    manager.hear("STOPPING=1")


def test_systemd_shows_the_step_of_a_run(stage, manager):
    service = stage.service("mirrored")
    service.run(service.playbook("shown", "mirrored", *MIRROR[:1]), cfg=service.hasty,
                env={"NOTIFY_SOCKET": manager.path}).ended(DONE)
    for wanted in ("READY=1", "STATUS=run ", " stagger/", "STOPPING=1"):
        manager.hear(wanted)
