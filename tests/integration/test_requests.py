# SPDX-License-Identifier: MIT
"""What others ask of a run that goes on, from another shell and over HTTP: it alone acts, and says what became of it."""

import contextlib
import json
import re
import signal
import sqlite3
import time

import pytest

from tests.integration.service import ABORTED, CONFIG, DONE, FENCED, LOW_TTL_S, REFUSED, SHARED, UNDONE, USAGE, Stage
from tests.integration.serving import ANNA, BEN, CLEO, Page, Serving, bearer, guarded_config
from tests.lab.lab import DNS_ONLY
from tests.lab.procs import wait_until

LONG_S = 11.5  # a transaction of more than ten seconds is in the way
CHECK = '{ name = "look"; action = "gate"; require = [ "links = up" ]; }'


def approve(people=1, name="say-yes"):
    return f'{{ name = "{name}"; action = "approve"; ask = "Now?"; people = {people}; }}'


@pytest.fixture(scope="module", name="stage")
def one_stage():
    with Stage(mb=0) as stage:
        yield stage


@pytest.fixture(name="service")
def one_service(stage):
    return stage.service("mirrored")


@pytest.fixture(name="guarded")
def config_with_tokens(service):
    return guarded_config(service)


@pytest.fixture(name="serving")
def one_server(service, guarded):
    with Serving(service, guarded) as serving:
        yield serving


def people(serving, token=CLEO):
    """The first page says that nothing is known yet."""
    return wait_until(lambda: serving.json("/api/run", **bearer(token)).get("people"), 30, "the journal to be read")


def offer(serving, what):
    return next(row for row in people(serving)["offers"] if row["what"] == what)


def send(serving, token, what, run=None, step="", **fields):
    """Status, and what was answered."""
    run = run or people(serving)["run"]
    answer = serving.ask("/api/requests", "POST", body=json.dumps({"what": what, "run": run, "step": step}),
                         **bearer(token), **fields)
    return answer.status, json.loads(answer.text)


def became(serving, number):
    """State and answer of a request, once it has an end."""
    def found():
        row = next((row for row in people(serving)["requests"] if row["id"] == number), None)
        return row if row and row["ended_us"] else None
    row = wait_until(found, 30, f"request {number} to have an end")
    return row["state"], row["answer"]


def waits_at(serving, step):
    wait_until(lambda: (people(serving)["waits"] or {}).get("step") == step, 30, f"the run to wait at {step}")


def test_another_shell_says_yes_while_the_terminal_waits(service):
    path = service.playbook("one", "mirrored", CHECK, approve())
    with service.start("run", path, typed=["y"]) as running:
        running.wait_says(r"Now\? \[y/n\]")
        service.cutover("ask", "approve", "--yes").ended(USAGE, "name the step")
        service.cutover("ask", "rollback", "--yes").ended(REFUSED, "has not moved the users yet")
        service.cutover("ask", "approve", "say-yes", "--yes").ended(DONE, "You say yes to: Now?", "done: 1 of 1")
        running.end().ended(DONE, r"\(shell\) says yes to step say-yes: 1 of 1")
    report = service.cutover("report").ended(DONE).text
    assert "(shell) says yes to step say-yes" in report, report


def test_a_run_shows_its_own_page_and_who_is_in_the_way_of_its_gate(service, guarded):
    path = service.playbook("own", "mirrored", '{ name = "clear"; action = "gate"; require = [ "blockers = 0" ]; timeout = "60s"; }',
                            approve())
    plan = service.lab.root / "own.plan"
    service.cutover("plan", path, "--out", plan).ended(DONE)
    with service.lab.old.primary.connect(service.lab.accounts["app"]) as slow, slow.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("INSERT INTO blog.posts (token, user_name, title, body, side, created_at) VALUES ('slow', 'u', 't', 'b', 'old', NOW(6))")
        cursor.execute("SELECT CONNECTION_ID() AS id")
        thread = cursor.fetchone()["id"]
        time.sleep(LONG_S)  # how old a transaction is that counts; to ask INNODB_TRX for it again and again would keep it stale
        with service.start("run", "--plan", plan, "--listen", "127.0.0.1:0", cfg=guarded) as running:
            page = Page(running.wait_says(r"(http://\S+/) shows this run")[1])
            blocker = wait_until(lambda: ((people(page) or {}).get("gate") or {}).get("blockers"), 30, "the blocker to be named")[0]
            assert people(page)["gate"]["is_over"] is False
            assert (blocker["thread"], blocker["user"]) == (thread, "app") and blocker["age_s"] > 10, blocker
            cursor.execute("ROLLBACK")
            waits_at(page, "say-yes")
            assert people(page)["gate"]["blockers"] == [] and people(page)["gate"]["is_over"] is True
            assert send(page, ANNA, "approve", step="say-yes")[0] == 202
            running.end().ended(DONE, r"anna \(page\) says yes")
    with pytest.raises(OSError):
        page.ask("/healthz")


def test_who_still_comes_to_the_side_that_was_left_is_told_by_host(service, guarded):
    settle = '{ name = "settle"; action = "settle"; to = "new"; }'
    path = service.playbook("chase", "mirrored", *SHARED, settle)
    with service.lab.old.primary.connect(service.lab.accounts["app"]) as late, late.cursor() as cursor:
        with service.start("run", path, "--yes", "--listen", "127.0.0.1:0", cfg=guarded) as running:
            page = Page(running.wait_says(r"(http://\S+/) shows this run")[1])

            def chased():
                cursor.execute("INSERT INTO blog.posts (token, user_name, title, body, side, created_at)"
                               " VALUES (REPLACE(UUID(), '-', ''), 'late', 't', 'b', 'old', NOW(6))")
                return (people(page) or {}).get("chases")
            chases = wait_until(chased, 60, "the late session to be told")
            assert chases["side"] == "old" and chases["sessions"] >= 1 and chases["curve"], chases
            assert ("app", "127.0.0.1") in [(host["user"], host["host"]) for host in chases["hosts"]]
            assert sum(host["sessions"] for host in chases["hosts"]) == chases["sessions"]
            running.end().ended(DONE, "nobody wrote on OLD")


def test_a_page_that_cannot_be_shown_stops_a_run_before_it_begins(service, guarded):
    with service.unchanged():
        path = service.playbook("taken", "mirrored", CHECK)
        service.run(path, "--listen", "10.11.12.13:8306").ended(CONFIG, "tokens")
        with Serving(service, guarded) as other:
            service.cutover("run", path, "--yes", "--listen", other.host).ended(UNDONE, "already in use", "choose another port")


def test_nothing_can_be_asked_of_a_run_that_is_over(service):
    service.run(service.playbook("over", "mirrored", CHECK)).ended(DONE)
    service.cutover("ask", "hold", "--yes").ended(REFUSED, "no run goes on")
    service.cutover("ask", "dance", "--yes").ended(USAGE, "none of approve, hold, go-on")


def test_two_people_are_two_names(service, serving):
    path = service.playbook("two", "mirrored", approve(2), *SHARED)
    with service.start("run", path, "--yes") as running:
        waits_at(serving, "say-yes")
        first = people(serving)["waits"]["approved"]
        assert [by["via"] for by in first] == ["--yes"] and people(serving)["waits"]["people"] == 2
        assert "It takes 2 people" in offer(serving, "approve")["follows"]
        status, said = send(serving, ANNA, "approve", step="say-yes")
        assert status == 202
        assert running.end().ended(DONE, r"anna \(page\) says yes to step say-yes: 2 of 2")
        assert became(serving, said["id"]) == ("done", "2 of 2")


def test_the_same_name_twice_is_one_person(service, serving):
    plan = service.lab.root / "two.plan"
    service.cutover("plan", service.playbook("two", "mirrored", approve(2)), "--out", plan).ended(DONE, "ask until 2 people have said yes")
    with service.start("run", "--plan", plan) as running:
        waits_at(serving, "say-yes")
        assert send(serving, CLEO, "approve", step="say-yes")[0] == 403
        assert send(serving, ANNA, "approve", step="something-else")[0] == 409
        number = send(serving, ANNA, "approve", step="say-yes")[1]["id"]
        assert became(serving, number) == ("done", "1 of 2")
        assert [by["who"] for by in people(serving)["waits"]["approved"]] == ["anna"]
        status, said = send(serving, ANNA, "approve", step="say-yes")
        assert status == 409 and "anna has approved already" in said["error"]
        assert people(serving)["waits"], "still"
        assert send(serving, BEN, "approve", step="say-yes")[0] == 202
        running.end().ended(DONE, r"yes, says anna \(page\), ben \(page\)")


def test_a_hold_is_kept_until_somebody_says_go_on(service, serving):
    path = service.playbook("hold", "mirrored", approve(), CHECK)
    with service.start("run", path, typed=["y"]) as running:
        waits_at(serving, "say-yes")
        assert send(serving, ANNA, "go-on")[0] == 409
        number = send(serving, ANNA, "hold")[1]["id"]
        running.wait_says("anna .page. asked: hold - taken")
        service.cutover("ask", "approve", "say-yes", "--yes").ended(DONE)
        running.wait_says(r"anna \(page\) holds it before step look")
        assert wait_until(lambda: people(serving)["held"], 30, "the page to say so")["step"] == "look"
        assert send(serving, BEN, "hold")[0] == 409
        assert "goes on with step \"look\"" in offer(serving, "go-on")["follows"]
        assert send(serving, BEN, "go-on")[0] == 202
        running.end().ended(DONE)
        assert became(serving, number) == ("done", "ended by ben")


def test_an_abort_undoes_what_was_begun_and_a_rollback_is_for_later(service, serving):
    service.lab.cloudflare.edit(DNS_ONLY, "A", ttl=LOW_TTL_S + 1)
    lower = f'{{ name = "lower"; action = "dns.lower_ttl"; ttl = {LOW_TTL_S}; }}'
    path = service.playbook("abort", "mirrored", lower, approve(2), *SHARED)
    before = service.records()
    with service.start("run", path, "--yes") as running:
        waits_at(serving, "say-yes")
        assert service.records() != before
        assert send(serving, ANNA, "rollback")[0] == 409
        assert "undone, the newest first: lower." in offer(serving, "abort")["follows"]
        number = send(serving, ANNA, "abort")[1]["id"]
        running.end().ended(DONE, r"anna \(page\) asked for this")
    assert service.records() == before
    assert service.status()["run"]["state"] == "aborted"
    assert became(serving, number) == ("done", "aborted: all is undone")
    service.lab.cloudflare.edit(DNS_ONLY, "A", ttl=LOW_TTL_S)


def test_a_rollback_brings_the_users_back(service, serving):
    path = service.playbook("there", "mirrored", *FENCED, approve(2))
    with service.start("run", path, "--yes", cfg=service.hasty) as running:
        waits_at(serving, "say-yes")
        assert service.points_to() == "new"
        assert send(serving, ANNA, "abort")[0] == 409
        first = people(serving)["run"]
        assert send(serving, ANNA, "rollback", run=first)[0] == 202
        running.end(120).ended(DONE, "the service goes back now")
    assert service.points_to() == "old" and service.open_sides() == ["old"]
    service.check_promises()


# Where the run is when all three are asked; what is said at once; and, of what was not refused, what becomes of it.
AT_THE_COMMIT = {
    "early": ({"abort": 202, "hold": 202, "rollback": 409},
              {"abort": ("done", "aborted: all is undone"), "hold": ("refused", "the run has ended")}),
    # Nothing opens NEW yet, as far as anybody knows: only when the run looks again is it too late to abort.
    "before": ({"abort": 202, "hold": 202, "rollback": 409},
               {"abort": ("refused", "the users have been moved meanwhile: a rollback goes back"), "hold": ("done", "ended by ben")}),
    # The journal says that NEW is about to be opened: nobody may rely on it being closed.
    "within": ({"abort": 409, "hold": 202, "rollback": 202},
               {"hold": ("refused", "the run has ended"), "rollback": ("done", "the service went back")}),
}
PLACES = [("fenced", "close-from.after-act", "before"), ("fenced", "open-to.after-act", "within"),
          ("shared", "check-records.after-outcome", "early"), ("shared", "open-to.before-act", "within")]


@pytest.mark.parametrize("mode, place, moment", PLACES)
def test_what_is_asked_at_the_very_commit_is_answered_and_done_whole_or_not_at_all(service, serving, mode, place, moment):
    at_once, later = AT_THE_COMMIT[moment]
    path = service.playbook("commit", "mirrored", *(FENCED if mode == "fenced" else SHARED), CHECK)
    with service.start("run", path, "--yes", cfg=service.hasty, env={"CUTOVER_FAILPOINT": f"pause@cut-over.{place}"}) as running:
        wait_until(running.is_paused, 60, f"the run to come to {place}")
        run = service.status()["run"]["id"]
        wait_until(lambda: people(serving)["run"] == run, 30, "the page to know the run")
        asked = {what: send(serving, ANNA, what, run=run) for what in ("abort", "hold", "rollback")}
        assert {what: status for what, (status, _) in asked.items()} == at_once, asked
        running.signal(signal.SIGCONT)
        if moment == "before":
            running.wait_says(r"anna \(page\) holds it before step look", 60)
            assert service.points_to() == "new"
            assert send(serving, BEN, "go-on", run=run)[0] == 202
        done = running.end(120).ended(DONE)
    goes_back = "hold" in later and later["hold"][0] == "refused"
    assert service.points_to() == ("old" if goes_back else "new"), done
    assert service.situation == ("mirrored" if goes_back else "switched" if mode == "fenced" else "shared")
    service.write()
    service.check_promises()
    report = service.cutover("report", run).ended(DONE).text
    for what, end in later.items():
        assert became_in(report, what) == end, report


def became_in(report, what):
    """State and answer of anna's request, as the report tells its end."""
    said = [re.fullmatch(rf".*anna \(page\) asked[^:]*: {what} - (\w+)(?:: (.*))?", line) for line in report.splitlines()]
    return [found.groups() for found in said if found][-1]


@contextlib.contextmanager
def asked_while_it_stands_still(service, serving):
    """A run whose process is stopped while it waits for people, and the number of anna's yes to it."""
    path = service.playbook("still", "mirrored", approve(2), CHECK)
    with service.start("run", path, "--yes") as running:
        waits_at(serving, "say-yes")
        running.signal(signal.SIGSTOP)
        yield running, send(serving, ANNA, "approve", step="say-yes")[1]["id"]


def test_what_the_run_could_look_at_only_much_later_is_not_applied(service, serving):
    with asked_while_it_stands_still(service, serving) as (running, number):
        with contextlib.closing(sqlite3.connect(service.lab.cfg_path.parent / "journal.db")) as journal, journal:
            journal.execute("UPDATE request SET asked_us = asked_us - 61000000 WHERE id = ?", (number,))
        running.signal(signal.SIGCONT)
        state, answer = became(serving, number)
        assert state == "refused" and "only after 1 m 01 s: ask again" in answer
        running.signal(signal.SIGINT)
        running.end().ended(ABORTED)


def test_what_was_asked_of_a_dead_controller_is_not_applied_later(service, serving):
    with asked_while_it_stands_still(service, serving) as (first, number):
        first.signal(signal.SIGKILL)
        first.end()
    with service.start("run", "--resume", "--yes") as running:
        assert became(serving, number) == ("refused", "the controller that it was asked of has ended")
        waits_at(serving, "say-yes")
        assert "anna" not in [by["who"] for by in people(serving)["waits"]["approved"]]
        running.signal(signal.SIGINT)
        running.end().ended(ABORTED)


def test_who_asks_must_be_known_and_the_page_must_be_ours(service, serving):
    body = json.dumps({"what": "hold", "run": "00000000"})
    assert serving.ask("/api/requests", "POST", body=body).status == 401
    assert serving.ask("/api/requests", "POST", body=body, **bearer(CLEO)).status == 403
    cookie = serving.ask("/api/login", "POST", body=ANNA).headers["Set-Cookie"].split(";")[0]
    assert "X-Cutover" in serving.ask("/api/requests", "POST", body=body, Cookie=cookie).text
    assert serving.ask("/api/requests", "POST", body=body, Cookie=cookie, X_Cutover="page").status == 409
    for fields in ({"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}):
        assert serving.ask("/api/requests", "POST", body=body, Cookie=cookie, X_Cutover="page", **fields).status == 403
    for bad in ("", "[]", "{", '{"what": "hold"}', '{"what": "dance", "run": "1"}', '{"what": 5, "run": {}}'):
        assert serving.ask("/api/requests", "POST", body=bad, **bearer(ANNA)).status == 400, bad
    assert serving.ask("/api/requests", "POST", body="x" * 70000, **bearer(ANNA)).status == 413
    assert serving.ask("/api/requests", **bearer(ANNA)).status == 405
    with Serving(service, None) as everybody:
        answer = everybody.ask("/api/requests", "POST", body=body)
        assert answer.status == 403 and "serve.tokens" in answer.text
