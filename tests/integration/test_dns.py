# SPDX-License-Identifier: MIT
"""Records and their propagation against real name servers, a real resolver and a Cloudflare that misbehaves on demand.

Every test runs the small program dns_check, whose answer is one JSON object, and then asks the servers themselves.
"""

import json
import os
import signal
import subprocess
import threading
import time

import pytest

from tests.integration import programs
from tests.lab import ports
from tests.lab.cloudflare import Cloudflare, RateLimit
from tests.lab.config import Config
from tests.lab.lab import Dns
from tests.lab.procs import wait_until

ZONE = "example.com"
WWW, BLOG = f"www.{ZONE}", f"blog.{ZONE}"  # proxied; DNS-only
OLD, NEW, OTHER = "192.0.2.10", "198.51.100.10", "203.0.113.66"
EDGE = "127.0.0.9"
TTL_S = 3
TOKEN = "lab-token-rw"
COMMENT = "owner: ops"


@pytest.fixture(scope="session", name="program")
def built_program():
    """build/integration/dns_check, or the one that DNS_CHECK names."""
    if os.environ.get("DNS_CHECK"):
        return os.environ["DNS_CHECK"]
    return programs.build("dns_check")


class FixedEdge:
    """What the stand-in must know of an edge: its address. Nobody visits it here."""

    address = EDGE

    def set_origin(self, name, address):
        pass

    def remove_origin(self, name):
        pass


class World:
    """Two name servers, a resolver, a Cloudflare, and one configuration that names them."""

    def __init__(self, root, program):
        self.program = program
        self._network = ports.Network()
        self.dns = Dns(root, self._network, ZONE)
        self.dns.start()
        self.api = Cloudflare({ZONE: "lab"}, address=self._network.address(80), edge=FixedEdge(),
                              dns={server.name: server for server in self.dns.authoritative}).start()
        self.config = Config(root / "etc")
        (root / "etc").mkdir()
        self.config.write(self._settings())

    def stop(self):
        self.api.stop()
        self.dns.stop()
        self._network.release()

    def reset(self):
        """Both records on OLD, everywhere; nothing armed, nothing logged, nothing cached."""
        self.api.faults.clear()
        for carrier in self.api.carriers.values():
            carrier.delay_s = 0
        for zone in self.api.zones.values():
            for record in zone.list({}):
                zone.delete(record["id"])
        self.api.add_record(WWW, "A", OLD, proxied=True)
        self.api.add_record(BLOG, "A", OLD, ttl=TTL_S, comment=COMMENT)
        assert self.api.wait_carried()
        self.dns.resolver.flush()
        self.api.log.clear()

    def run(self, *args, cfg=None, timeout=60):
        """One call; its JSON. Whatever it prints holds no token."""
        done = subprocess.run([self.program, cfg or self.config.path, *map(str, args)], capture_output=True,
                              text=True, timeout=timeout, check=False)
        assert "lab-token" not in done.stdout + done.stderr
        assert done.returncode in (0, 1), done.stderr
        answer = json.loads(done.stdout)
        assert ("error" in answer and "effect" in answer) == (done.returncode == 1)
        return answer

    def change(self, before=f"{OLD},{TTL_S},0,{COMMENT}", after=f"{NEW},{TTL_S},0,cutover 7f3a", timeout_ms=6000,
               verb="change", cfg=None):
        return self.run(verb, timeout_ms, BLOG, "A", before, after, cfg=cfg)

    def patches(self):
        return self.api.log.entries("PATCH")

    def content(self):
        return self.api.record(BLOG)["content"]

    def _settings(self):
        def secret(role):
            return {"user": role, "password": self.config.secret(role, "unused here")}

        return {
            "service": "blog",
            "databases": ["blog"],
            "old": {"primary": {"host": "127.0.0.1", "port": 1}},
            "new": {"primary": {"host": "127.0.0.1", "port": 2}},
            "accounts": {role: secret(role) for role in ("controller", "monitor", "replication")},
            "tls": {"mode": "off"},
            "dns": {
                "provider": "cloudflare", "zone": ZONE, "token": self.config.secret("token", TOKEN),
                "api": self.api.url, "min_ttl": 2,
                "authoritative": [server.dns for server in self.dns.authoritative],
                "resolvers": [self.dns.resolver.dns],
                "records": tuple({"name": name, "type": "A", "old": OLD, "new": NEW} for name in (WWW, BLOG)),
            },
        }


@pytest.fixture(scope="module", name="running")
def running_world(tmp_path_factory, program):
    world = World(tmp_path_factory.mktemp("dns"), program)
    yield world
    world.stop()


@pytest.fixture(name="world")
def fresh_world(running):
    running.reset()
    return running


def with_token(world, token):
    return world.config.variant(token, lambda c: c["dns"].update(token=world.config.secret(token, token)))


# -- token, zone, records ---------------------------------------------------------------------------------------------

def test_a_good_token_and_its_zone_are_found(world):
    assert world.run("check") == {"name_servers": 2, "plan": "lab", "zone": ZONE}


@pytest.mark.parametrize(("token", "says"), [("lab-token-disabled", "disabled"), ("lab-token-nobody", "1000")])
def test_a_token_that_cannot_work_says_why_and_what_it_needs(world, token, says):
    answer = world.run("check", cfg=with_token(world, token))
    assert (answer["error"], answer["effect"]) == ("refused", "none")
    assert says in answer["msg"]
    assert "DNS:Edit" in answer["hint"]


def test_a_token_with_a_space_is_refused_before_it_is_sent(world):
    answer = world.run("check", cfg=with_token(world, "lab-token rw"))
    assert answer["error"] == "config"
    assert world.api.log.entries() == []


def test_a_zone_that_the_token_cannot_see_is_named(world):
    def other_zone(config):
        config["dns"].update(zone="com", records=({"name": "a.com", "type": "A", "old": OLD, "new": NEW},))

    answer = world.run("check", cfg=world.config.variant("zone", other_zone))
    assert answer["error"] == "refused"
    assert "zones called com" in answer["msg"]


def test_a_record_is_found_by_name_and_type(world):
    found = world.run("find", BLOG, "A")
    assert (found["content"], found["ttl"], found["comment"], found["proxied"]) == (OLD, TTL_S, COMMENT, False)


def test_a_missing_record_names_what_else_is_there(world):
    world.api.add_record(f"text.{ZONE}", "TXT", '"hello"')
    answer = world.run("find", f"text.{ZONE}", "A")
    assert (answer["error"], "TXT" in answer["msg"]) == ("refused", True)
    assert "nothing" in world.run("find", f"absent.{ZONE}", "A")["msg"]


def test_two_records_of_a_type_cannot_be_flipped_as_one(world):
    world.api.add_record(BLOG, "A", OTHER, ttl=TTL_S)
    assert "2 A records" in world.run("find", BLOG, "A")["msg"]


def test_a_record_on_the_last_page_is_found(world):
    for number in range(120):
        world.api.add_record(f"many.{ZONE}", "TXT", f'"{number}"', ttl=60)
    world.api.add_record(f"many.{ZONE}", "A", OLD, ttl=60)
    assert world.run("find", f"many.{ZONE}", "A")["content"] == OLD
    assert len(world.api.log.entries("GET", "page=2")) == 1


# -- one change -------------------------------------------------------------------------------------------------------

def test_a_change_is_one_patch_of_the_whole_value_and_is_read_back(world):
    now = world.change()
    assert (now["content"], now["comment"]) == (NEW, "cutover 7f3a")
    [patch] = world.patches()
    assert patch["body"] == {"type": "A", "name": BLOG, "content": NEW, "ttl": TTL_S, "proxied": False,
                             "comment": "cutover 7f3a"}
    assert [e["method"] for e in world.api.log.entries()][-3:] == ["GET", "PATCH", "GET"]


def test_the_plan_shows_what_will_be_sent(world):
    text = world.run("describe", BLOG, "A", f"{OLD},{TTL_S},0", f"{NEW},{TTL_S},0,cutover 7f3a")["text"]
    method, path, body = text.split(" ", 2)
    world.change()
    [patch] = world.patches()
    assert (method, json.loads(body)) == ("PATCH", patch["body"])
    assert patch["path"].endswith(path)


def test_a_record_that_is_as_wanted_is_left_alone(world):
    world.change()
    world.api.log.clear()
    assert world.change()["content"] == NEW
    assert world.patches() == []


def test_the_comment_of_a_person_comes_back(world):
    world.change()
    back = world.change(before=f"{NEW},{TTL_S},0", after=f"{OLD},{TTL_S},0,{COMMENT}")
    assert (back["content"], back["comment"]) == (OLD, COMMENT)


def test_a_comment_alone_can_be_changed(world):
    same = f"{OLD},{TTL_S},0"
    assert world.change(before=same, after=f"{same},mine")["comment"] == "mine"
    assert len(world.patches()) == 1


def test_a_proxied_record_is_changed_whatever_its_ttl_is_said_to_be(world):
    now = world.run("change", 6000, WWW, "A", f"{OLD},300,1", f"{NEW},300,1")
    assert (now["content"], now["ttl"], now["proxied"]) == (NEW, 1, True)


@pytest.mark.parametrize("edit", [{"content": OTHER}, {"ttl": 77}, {"proxied": True}])
def test_somebody_elses_change_is_a_conflict_and_stays(world, edit):
    world.api.edit(BLOG, "A", **edit)
    before = world.api.record(BLOG)
    answer = world.change()
    assert (answer["error"], answer["effect"]) == ("conflict", "none")
    assert OLD in answer["msg"]
    assert before["content"] in answer["msg"]
    assert before["modified_on"] in answer["msg"]
    assert (world.patches(), world.api.record(BLOG)) == ([], before)


def test_a_change_by_somebody_else_right_after_ours_is_seen(world):
    world.api.faults.add("edit_after", method="PATCH", edit={"name": BLOG, "type": "A", "content": OTHER})
    answer = world.change()
    assert (answer["error"], answer["effect"], OTHER in answer["msg"]) == ("conflict", "unknown", True)
    assert world.content() == OTHER, "what somebody else wrote is not overwritten"


def test_a_refusal_tells_the_inner_code_first(world):
    answer = world.change(after=f"{NEW},999999,0")
    assert (answer["error"], answer["effect"], answer["native"]) == ("refused", "none", 9021)
    assert "9021 Invalid TTL" in answer["msg"]
    assert world.content() == OLD


def test_a_token_that_may_only_read_is_tried_twice_and_then_believed(world):
    answer = world.change(cfg=with_token(world, "lab-token-ro"))
    assert (answer["error"], answer["effect"], answer["native"]) == ("refused", "none", 10000)
    assert len(world.patches()) == 2


# -- answers that get lost --------------------------------------------------------------------------------------------

@pytest.mark.parametrize(("kind", "details", "sent"), [
    ("drop_before", {}, 2), ("drop_after", {}, 1), ("truncate", {}, 1), ("hang_after", {"ms": 20000}, 1),
    ("status", {"status": 503}, 2), ("html", {"status": 502}, 2), ("html", {"status": 403}, 2)])
def test_an_unclear_outcome_is_looked_up_and_never_guessed(world, kind, details, sent):
    world.api.faults.add(kind, method="PATCH", **details)
    now = world.change(timeout_ms=6000)
    assert now["content"] == NEW
    assert world.content() == NEW
    assert len(world.patches()) == sent, "repeated only after a look had shown that it was not applied"


def test_reads_that_fail_are_repeated(world):
    for kind in ("status", "html", "drop_before", "truncate"):
        world.api.faults.add(kind, method="GET")
    assert world.change(timeout_ms=10000)["content"] == NEW
    assert len(world.patches()) == 1


def test_a_provider_that_never_applies_is_told_as_unknown(world):
    world.api.faults.add("status", method="PATCH", times=0)
    answer = world.change(timeout_ms=2500)
    assert (answer["error"], answer["effect"]) == ("timeout", "unknown")
    assert "may yet arrive" in answer["msg"]
    assert world.content() == OLD


def test_a_change_that_cannot_be_read_back_is_told_as_unknown(world):
    world.api.faults.add("delay_before", method="GET", ms=0, times=3)  # zone, list, the record before
    world.api.faults.add("drop_after", method="PATCH")
    world.api.faults.add("status", method="GET", times=0)
    answer = world.change(timeout_ms=3000)
    assert (answer["error"], answer["effect"]) == ("timeout", "unknown")
    assert world.content() == NEW, "and indeed it had been applied"


def test_a_record_that_cannot_be_read_is_not_written(world):
    world.api.faults.add("delay_before", method="GET", ms=0, times=2)  # zone, list
    world.api.faults.add("status", method="GET", times=0)
    answer = world.change(timeout_ms=1500)
    assert (answer["error"], answer["effect"]) == ("server", "none")
    assert world.patches() == []


def test_a_late_request_does_not_undo_the_way_back(world):
    """The first PATCH hangs, is given up, and lands after the record was already set back."""
    world.api.faults.add("delay_before", method="PATCH", ms=5000)
    now = world.change(verb="there-and-back", timeout_ms=3000)
    assert now["content"] == OLD
    landed = [patch["body"]["content"] for patch in world.patches()]
    assert landed == [NEW, OLD, NEW, OLD], "there, back, the late one, and back again"
    assert world.content() == OLD


def test_the_rate_limit_is_waited_out(world):
    world.api.faults.add("429", method="PATCH", retry_after=1)
    began = time.monotonic()
    assert world.change()["content"] == NEW
    assert time.monotonic() - began >= 1
    assert [patch["status"] for patch in world.patches()] == [429, 200]


def test_a_rate_limit_beyond_the_time_left_says_so(world):
    world.api.faults.add("429", method="PATCH", retry_after=120)
    began = time.monotonic()
    answer = world.change(timeout_ms=3000)
    assert (answer["error"], answer["effect"]) == ("timeout", "none")
    assert "rate limit" in answer["msg"]
    assert (time.monotonic() - began < 3, world.content()) == (True, OLD)


def test_a_real_rate_limit_reads_the_same(running):
    running.reset()
    limit, running.api.rate_limit = running.api.rate_limit, RateLimit(quota=1, window_s=120)
    try:
        answer = running.run("find", BLOG, "A")
    finally:
        running.api.rate_limit = limit
    assert (answer["error"], "rate limit" in answer["msg"]) == ("timeout", True)


# -- facts ------------------------------------------------------------------------------------------------------------

def points(world, cfg=None):
    facts = world.run("probe", cfg=cfg)
    return facts["dns"], [record["points"] for record in facts["records"]], facts["error"]


def test_facts_tell_where_all_records_point(world):
    assert points(world) == ("old", ["old", "old"], "")
    world.change()
    assert points(world) == ("mixed", ["old", "new"], "")
    world.api.edit(WWW, "A", content=NEW)
    assert points(world) == ("new", ["new", "new"], "")


def test_a_record_that_points_elsewhere_or_is_gone_is_unknown(world):
    world.api.edit(BLOG, "A", content=OTHER)
    dns, each, error = points(world)
    assert (dns, each) == ("unknown", ["old", "unknown"])
    assert all(text in error for text in (BLOG, OTHER, OLD, NEW))
    world.api.zone(ZONE).delete(world.api.record(BLOG)["id"])
    facts = world.run("probe")
    assert (facts["dns"], facts["records"][1]["found"]) == ("unknown", "no")


@pytest.mark.parametrize("edit", [lambda c: c["dns"].update(api="http://127.0.0.1:1"),
                                  lambda c: c["dns"].update(token="env:HOME")])
def test_a_provider_out_of_reach_is_a_fact_and_not_an_error(world, edit):
    began = time.monotonic()
    facts = world.run("probe", cfg=world.config.variant("astray", edit))
    assert (facts["dns"], {record["found"] for record in facts["records"]}) == ("unknown", {"unknown"})
    assert facts["error"]
    assert time.monotonic() - began < 15


# -- the DNS itself ---------------------------------------------------------------------------------------------------

def of(answers, name, server):
    [answer] = [a for a in answers["answers"] if (a["name"], a["server"]) == (name, server)]
    return answer


def test_every_server_is_asked_for_every_record(world):
    asked = world.run("ask", "old")
    assert (asked["converged"], len(asked["answers"])) == (True, 2 * 3)
    for server in world.dns.authoritative:
        assert of(asked, BLOG, server.dns)["new"] == "yes"
        assert of(asked, WWW, server.dns)["content"] == EDGE
        assert of(asked, WWW, server.dns)["new"] == "unknown", "a proxied answer never shows the origin"
    assert of(asked, BLOG, world.dns.resolver.dns)["ttl"] <= TTL_S
    assert world.run("ask", "new")["converged"] is False


def test_one_name_server_that_lags_is_waited_for(world):
    world.api.carriers["ns2"].delay_s = 2
    world.change()
    asked = world.run("ask", "new")
    assert [of(asked, BLOG, server.dns)["new"] for server in world.dns.authoritative] == ["yes", "no"]
    waited = world.run("wait", "new", 20000)
    assert (waited["converged"], waited["progress"] > 2) == (True, True)


def test_waiting_in_vain_names_who_lags(world):
    world.api.carriers["ns2"].delay_s = 30
    world.change()
    answer = world.run("wait", "new", 1500)
    assert (answer["error"], answer["effect"]) == ("timeout", "none")
    assert f"name server {world.dns.authoritative[1].dns} still gives {OLD} for {BLOG}" in answer["msg"]
    assert world.dns.authoritative[0].dns not in answer["msg"]


def test_resolvers_are_not_asked_before_the_name_servers_agree(world):
    """Asked too early, the resolver would fetch the old answer and keep it for longer than this test waits."""
    world.api.edit(BLOG, "A", ttl=60)
    assert world.api.wait_carried()
    world.dns.resolver.flush()
    world.api.carriers["ns1"].delay_s = world.api.carriers["ns2"].delay_s = 2
    world.change(before=f"{OLD},60,0", after=f"{NEW},60,0")
    assert world.run("wait", "new", 10000).get("converged")


def test_a_resolver_is_waited_for_until_it_forgets(world):
    assert world.dns.resolver.resolve(BLOG)[0] == [OLD]
    world.change()
    answer = world.run("wait", "new", 600)
    assert f"resolver {world.dns.resolver.dns} still gives {OLD} for {BLOG}, for " in answer["msg"]
    assert world.run("wait", "new", 20000)["converged"]
    assert world.dns.resolver.resolve(BLOG)[0] == [NEW]


def test_a_silent_name_server_costs_one_timeout_and_never_counts_as_good(world):
    silent = world.dns.authoritative[1]
    silent.freeze()
    try:
        began = time.monotonic()
        asked = world.run("ask", "old")
        took_s = time.monotonic() - began
    finally:
        silent.thaw()
    assert asked["converged"] is False
    assert of(asked, BLOG, world.dns.authoritative[0].dns)["new"] == "yes"
    assert {(of(asked, name, silent.dns)["new"], bool(of(asked, name, silent.dns)["error"]))
            for name in (WWW, BLOG)} == {("unknown", True)}
    assert took_s < 3.5, "two records at a silent server cost one time-out"


def test_a_name_that_a_server_lacks_is_not_the_new_answer(world):
    world.dns.authoritative[0].delete_rrset(BLOG, "A")
    try:
        asked = world.run("ask", "old")
    finally:
        world.dns.authoritative[0].set_rrset(BLOG, "A", TTL_S, [OLD])
    answer = of(asked, BLOG, world.dns.authoritative[0].dns)
    assert (answer["new"], "no A record" in answer["error"], asked["converged"]) == ("no", True, False)


def test_both_addresses_at_once_are_not_the_new_answer(world):
    world.dns.authoritative[0].set_rrset(BLOG, "A", TTL_S, [OLD, NEW])
    try:
        asked = world.run("ask", "new")
    finally:
        world.dns.authoritative[0].set_rrset(BLOG, "A", TTL_S, [OLD])
    assert of(asked, BLOG, world.dns.authoritative[0].dns)["new"] == "no"


def test_a_resolver_listed_as_a_name_server_is_found_out(world):
    cfg = world.config.variant("cache", lambda c: c["dns"].update(authoritative=[world.dns.resolver.dns]))
    asked = world.run("ask", "old", cfg=cfg)
    errors = {a["error"] for a in asked["answers"] if a["authoritative"]}
    assert (asked["converged"], any("authoritative" in e or "REFUSED" in e for e in errors)) == (False, True)


def test_a_stop_signal_ends_the_wait(world):
    process = subprocess.Popen([world.program, world.config.path, "wait", "new", "60000"],
                               stdout=subprocess.PIPE, text=True)
    wait_until(lambda: len(world.api.log.entries("GET")) >= 3, 30, "the wait to begin")
    threading.Event().wait(0.5)
    process.send_signal(signal.SIGTERM)
    answer = json.loads(process.communicate(timeout=10)[0])
    assert (answer["error"], answer["effect"]) == ("stopped", "none")
