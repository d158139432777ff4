# SPDX-License-Identifier: MIT
"""The dashboard's server, asked as a browser, a program and Prometheus do: who may see what, and that what it says is so."""

import contextlib
import itertools
import os
import re
import sqlite3
import subprocess
import threading
import time
from pathlib import Path

import pytest

from tests.integration import programs
from tests.integration.service import DONE, MIRROR, Stage
from tests.integration.serving import ANNA, BEN, CLEO, Serving, bearer, guarded_config, tokens_file
from tests.lab import tls
from tests.lab.lab import CUTOVER
from tests.lab.procs import wait_until

PROMTOOL = Path(os.environ.get("SERVERS") or "build/servers").resolve() / "prometheus/run"


@pytest.fixture(scope="module", name="stage")
def one_stage():
    with Stage(mb=0) as stage:
        yield stage


@pytest.fixture(name="open_one")
def one_without_tokens(stage):
    service = stage.service("mirrored")
    with Serving(service, None) as serving:
        yield service, serving


@pytest.fixture(name="guarded")
def one_with_tokens(stage):
    service = stage.service("mirrored")
    with Serving(service, guarded_config(service)) as serving:
        yield serving


def known_lag(serving):
    """The first pages say that nothing is known yet."""
    def known():
        page = serving.json("/api/lag")
        return page if page["nodes"] and all(node["is_reached"] for node in page["nodes"]) else None
    return wait_until(known, 30, "all nodes to have answered")


def test_it_says_what_is_true(open_one):
    service, serving = open_one
    state = serving.json("/api/state")
    assert state["situation"] == "mirrored" and state["headline"]["tone"] == "calm"
    assert state["headline"]["writers"].startswith("OLD (")
    lag = known_lag(serving)
    assert lag["links"]["forward"]["is_running"] and lag["links"]["reverse"]["exists"]
    assert [node["is_open"] for node in lag["nodes"] if node["is_primary"]] == [True, False]
    run = serving.json("/api/run")
    assert run["state"] == "done" and run["now"] is None and run["emergency"] is None
    assert {record["points_to"] for record in serving.json("/api/names")["dns"]["records"]} == {"old"}
    assert service.situation == "mirrored"


def test_a_link_that_stops_is_unknown_within_a_second_and_never_zero(open_one):
    service, serving = open_one
    new = service.primaries["new"]
    wait_until(lambda: serving.json("/api/lag")["links"]["forward"]["lag_ms"] is not None, 30, "lag to be known")
    try:
        programs.say(new, "stop", channel="cutover_forward")
        began = time.monotonic()
        wait_until(lambda: serving.json("/api/lag")["links"]["forward"]["lag_ms"] is None, 30, "the stopped link to show")
        assert time.monotonic() - began < 3
        assert serving.json("/api/lag")["links"]["forward"]["is_running"] is False
    finally:
        programs.say(new, "start", channel="cutover_forward")
    history = wait_until(lambda: serving.json("/api/lag/history"), 30, "the history")
    assert None in history["forward"], "the gap"
    assert len(history["at_us"]) == len(history["forward"]) == len(history["reverse"])


def test_a_server_that_hangs_is_unknown_and_holds_nothing_up(open_one):
    """Its connections stay open and nothing comes: the worst way to be gone."""
    service, serving = open_one
    new = service.primaries["new"]
    known_lag(serving)

    def node(side):
        return next(one for one in serving.json("/api/lag")["nodes"] if one["is_primary"] and one["side"] == side)

    new.freeze()
    try:
        wait_until(lambda: not node("new")["is_reached"], 30, "the frozen primary to be unknown")
        seen = serving.json("/api/lag")
        assert seen["links"]["forward"] == {"lag_ms": None, "receive_ms": None, "exists": None, "is_running": None, "error": ""}
        assert node("old")["is_reached"] and node("old")["is_open"]
        stream = (data["at_us"] for name, _, data in serving.events() if name == "lag")
        times = [next(stream) for _ in range(11)]
        assert times[-1] - times[0] < 5_000_000, "the others are told as before"
    finally:
        new.thaw()
    known_lag(serving)


def test_lag_of_a_whole_run_is_told_of_each_node(open_one):
    """A run that lasts: one that is over at once may have sampled a node or two, on a busy machine."""
    service, serving = open_one
    path = service.playbook("whole", "mirrored", *MIRROR[:1], '{ name = "stay"; action = "approve"; ask = "Seen enough?"; }')
    with service.start("run", path, typed=["y"]) as running:
        running.wait_says(r"Seen enough\? \[y/n\]")
        run = service.status()["run"]["id"]

        def sampled():
            page = serving.json("/api/run/lag")
            return page["run"] == run and page["nodes"] and all(node["at_us"] for node in page["nodes"]) and page
        told = wait_until(sampled, 30, "each node to be sampled")
        service.cutover("ask", "approve", "stay", "--yes").ended(DONE)
        running.end().ended(DONE)
    assert {node["node"] for node in told["nodes"]} == {node["node"] for node in known_lag(serving)["nodes"]}
    for node in told["nodes"]:
        assert node["at_us"] == sorted(set(node["at_us"])) and len(node["at_us"]) == len(node["receive_ms"]) == len(node["apply_ms"])


def test_a_run_is_told_as_it_goes_on_and_again_to_who_comes_back(open_one):
    service, serving = open_one
    seen = []

    def watch():
        for name, number, data in serving.events():
            if name == "journal":
                seen.append((number, data["name"], data["run"]))

    threading.Thread(target=watch, daemon=True).start()
    service.go("tell", "mirrored", MIRROR[:1])
    run = service.status()["run"]["id"]
    wait_until(lambda: [name for _, name, of in seen if of == run][-1:] == ["run.done"], 30, "the end of the run to be told")
    assert [number for number, *_ in seen] == sorted({number for number, *_ in seen}), "each once, in order"
    numbers = [number for number, name, _ in seen if name == "step.done"]
    again = (event for event in serving.events(**{"Last-Event-ID": str(numbers[0])}) if event[0] == "journal")
    assert next(again)[1] > numbers[0]


def test_another_journal_in_the_place_of_the_first_is_read(open_one):
    """Nobody is left looking at a file that has no name any more."""
    service, serving = open_one
    service.go("place", "mirrored", MIRROR[:1])
    run = service.status()["run"]["id"]
    wait_until(lambda: serving.json("/api/run")["run"] == run, 30, "the run to be shown")
    journal = service.lab.cfg_path.parent / "journal.db"
    other, aside = journal.with_name("other.db"), journal.with_name("aside.db")
    with contextlib.closing(sqlite3.connect(journal)) as opened:
        opened.execute("VACUUM INTO ?", (str(other),))
    for end in ("", "-wal", "-shm"):  # the file first: who opened it without its log would make another log
        with contextlib.suppress(FileNotFoundError):
            journal.with_name(journal.name + end).rename(aside.with_name(aside.name + end))
    wait_until(lambda: serving.json("/api/run")["run"] is None, 30, "no run to be shown")
    other.rename(journal)
    wait_until(lambda: serving.json("/api/run")["run"] == run, 30, "the run to be shown again")
    told = (data["run"] for name, _, data in serving.events(**{"Last-Event-ID": "1000000000"}) if name == "journal")
    assert next(told) == run, "numbers of the journal before are no reason to be silent"


def test_lag_comes_ten_times_a_second(open_one):
    _, serving = open_one
    stream = (data["at_us"] for name, _, data in serving.events() if name == "lag")
    times = [next(stream) for _ in range(21)]
    assert times == sorted(set(times))
    assert (times[-1] - times[0]) / 20 < 400_000, "an unloaded machine does it in 100 ms"


def test_every_answer_forbids_what_it_can(open_one):
    _, serving = open_one
    for path in ("/", "/assets/main.js", "/api/state", "/healthz", "/nothing", "/api/openapi.json"):
        answer = serving.ask(path)
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"], path
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"


def test_a_page_does_not_need_what_its_policy_forbids(open_one):
    _, serving = open_one
    page = serving.ask("/").text
    assert "style=" not in page and not re.search(r"<script(?![^>]*\bsrc=)", page) and not re.search(r"\son\w+=", page)
    for asset in re.findall(r'(?:src|href)="(/[^"]+)"', page):
        assert serving.ask(asset).status == 200, asset


@pytest.mark.parametrize("host, status", [("localhost", 200), ("127.0.0.1:1", 200), ("evil.example", 421), ("127.0.0.1.evil.example", 421)])
def test_a_name_of_somebody_else_that_leads_here_is_not_answered(open_one, host, status):
    _, serving = open_one
    assert serving.ask("/healthz", Host=host).status == status


def test_what_is_not_there_is_told_apart(open_one):
    _, serving = open_one
    assert serving.ask("/api/nothing").status == 404
    assert serving.ask("/assets/../etc/passwd").status == 404
    assert serving.ask("/api/state", "DELETE").status == 405
    assert serving.ask("/api/login", "POST", body="x" * 70000).status == 413


def test_who_has_no_token_sees_nothing_of_the_service(guarded):
    for path in ("/api/state", "/api/lag", "/api/lag/history", "/api/run", "/api/run/lag", "/api/names", "/api/events", "/metrics"):
        for fields in ({}, {"Authorization": "Bearer wrong"}, {"Cookie": "cutover_session=" + "0" * 64}):
            answer = guarded.ask(path, **fields)
            assert answer.status == 401, (path, fields)
            assert "blog" not in answer.text
    assert guarded.ask("/").status == 200


def test_a_token_opens_as_bearer_and_as_session(guarded):
    assert guarded.json("/api/state", **bearer(CLEO))["situation"] == "mirrored"
    assert guarded.json("/api/whoami", **bearer(BEN)) == {"name": "ben", "role": "operate", "has_tokens": True}
    answer = guarded.ask("/api/login", "POST", body=CLEO)
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie and CLEO not in cookie
    cookie = cookie.split(";")[0]
    assert guarded.json("/api/whoami", Cookie=cookie)["name"] == "cleo"
    assert guarded.ask("/api/logout", "POST", Cookie=cookie).status == 200
    assert guarded.json("/api/whoami", Cookie=cookie)["role"] == "anybody"


def test_a_page_of_another_site_may_not_sign_in(guarded):
    assert guarded.ask("/api/login", "POST", body=CLEO, Origin="http://evil.example").status == 403
    assert guarded.ask("/api/login", "POST", body=CLEO, Origin=f"http://{guarded.host}").status == 200


def test_no_answer_holds_a_secret(guarded, stage):
    service = stage.service("mirrored")
    secrets = [account.password for account in service.lab.accounts.values()] + [ANNA, BEN, CLEO]
    for path in ("/", "/api/state", "/api/lag", "/api/names", "/api/run", "/api/whoami", "/api/openapi.json", "/metrics"):
        wait_until(lambda path=path: guarded.ask(path, **bearer(BEN)).status == 200, 30, f"{path} to be known")
        text = guarded.ask(path, **bearer(BEN)).text
        assert not [secret for secret in secrets if secret in text], path


def test_metrics_leave_out_what_is_not_known(open_one):
    service, serving = open_one
    serving.json("/api/state")
    known_lag(serving)
    text = serving.ask("/metrics").text
    assert 'cutover_situation{situation="mirrored"} 1' in text and 'cutover_situation{situation="unsafe"} 0' in text
    assert re.search(r'^cutover_link_running\{link="forward"\} 1$', text, re.MULTILINE)
    for line in text.splitlines():
        assert re.fullmatch(r'# (HELP|TYPE) cutover_\w+ .+|cutover_\w+(\{(\w+="[^"]*",?)+\})? -?[0-9.e+-]+', line), line
    names = re.findall(r"^# TYPE (\w+)", text, re.MULTILINE)
    assert len(names) == len(set(names))
    assert service.lab.accounts["app"].password not in text
    assert re.search(r'^cutover_node_transactions_total\{node="[^"]+",side="old"\} [1-9][0-9]*$', text, re.MULTILINE)
    assert re.search(r"^cutover_writes_refused_seconds 0$", text, re.MULTILINE)
    table = subprocess.run([CUTOVER, "generate", "metrics"], capture_output=True, text=True, check=True).stdout
    assert set(names) == set(re.findall(r"^\| `(\w+)`", table, re.MULTILINE))


@pytest.mark.skipif(not PROMTOOL.exists(), reason="no promtool: make deps-prometheus")
def test_metrics_are_named_as_prometheus_wants_them(open_one):
    _, serving = open_one
    known_lag(serving)
    done = subprocess.run([PROMTOOL, "usr/bin/promtool", "check", "metrics"], input=serving.ask("/metrics").text, capture_output=True,
                          text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_a_pause_is_counted_from_its_first_moment(open_one):
    service, serving = open_one

    def refused():
        found = re.search(r"^cutover_writes_refused_seconds (\S+)$", serving.ask("/metrics").text, re.MULTILINE)
        return found and float(found[1])

    known_lag(serving)
    old = service.primaries["old"]
    old.query("SET GLOBAL read_only = 1")
    try:
        wait_until(lambda: (refused() or 0) > 0.3, 30, "the pause to be counted")
    finally:
        old.query("SET GLOBAL read_only = 0")
    wait_until(lambda: refused() == 0, 30, "the pause to end")


def test_two_hundred_screens_at_once(open_one):
    _, serving = open_one
    streams = [serving.events() for _ in range(200)]
    assert all(next(stream) for stream in streams)
    assert re.search(r"^cutover_watchers 200$", serving.ask("/metrics").text, re.MULTILINE)
    for stream in streams:
        assert any(name == "lag" for name, _, _ in itertools.islice(stream, 2000)), "a stream goes on"
        stream.close()
    wait_until(lambda: "\ncutover_watchers 0\n" in serving.ask("/metrics").text, 30, "closed screens to be noticed")


def test_an_address_that_others_reach_needs_tokens_and_tls(stage):
    service = stage.service("mirrored")
    service.cutover("serve", "--listen", "0.0.0.0:0").ended(2, "anybody could look", "ssh -L")
    service.cutover("serve", "--listen", "here").ended(2, '"here" is no place to listen')
    loose = tokens_file(service, "anna watch short\n", "loose")
    service.cutover("serve", cfg=service.config("loose", lambda c: c.update(serve={"tokens": f"file:{loose}"}))).ended(
        2, r"serve.tokens: line 1: a token shorter than 20 characters")
    service.cutover("serve", "--listen", "0.0.0.0:0", cfg=guarded_config(service)).ended(2, "tokens would travel in the clear")


def test_a_port_that_is_taken_is_named(open_one):
    service, serving = open_one
    service.cutover("serve", "--listen", serving.host).ended(4, f"cannot listen on .* port {serving.host.rpartition(':')[2]}: Address already in use")


def test_over_tls_the_cookie_stays_there(stage, tmp_path):
    service = stage.service("mirrored")
    files = tls.create(tmp_path / "tls", [])
    cfg = guarded_config(service, certificate=str(files.cert), key=str(files.key))
    with Serving(service, cfg, "--listen", "127.0.0.1:0") as serving:
        assert serving.scheme == "https"
        answer = serving.ask("/api/login", "POST", body=CLEO)
        assert "; Secure" in answer.headers["Set-Cookie"] and "max-age" in answer.headers["Strict-Transport-Security"]
