# SPDX-License-Identifier: MIT
"""The stand-in for the Cloudflare API and the edge: do they (mis)behave as the real ones?"""

import http.client
import json
import threading
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler

import pytest

from tests.lab.cloudflare import Cloudflare, RateLimit
from tests.lab.cloudflare_carry import NEVER
from tests.lab.edge import Edge
from tests.lab.httpd import Handler, Httpd
from tests.lab.procs import wait_until

ZONE = "ghost.org"


class FakeDns:
    """An authoritative server that only remembers; `down` makes it refuse."""

    def __init__(self):
        self.rrsets, self.calls, self.down = {}, [], False

    def set_rrset(self, name, kind, ttl, contents):
        self._note("set", name, kind)
        self.rrsets[name, kind] = (ttl, contents)

    def delete_rrset(self, name, kind):
        self._note("delete", name, kind)
        self.rrsets.pop((name, kind), None)

    def _note(self, *call):
        if self.down:
            raise ConnectionRefusedError("down")
        self.calls.append(call)


class Client:
    """The plainest client: one request, one (status, answer)."""

    def __init__(self, api, token="lab-token-rw", zone=ZONE):
        self.api, self.token = api, token
        self.records = f"/zones/{api.zone(zone).id}/dns_records"

    def __call__(self, method, path, body=None, headers=None):
        request = urllib.request.Request(
            self.api.url + path, None if body is None else json.dumps(body).encode(),
            method=method, headers=headers or {"Authorization": f"Bearer {self.token}"})
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                self.headers = answer.headers
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            self.headers = error.headers
            raw = error.read()
            is_json = error.headers["Content-Type"] == "application/json"
            return error.code, json.loads(raw) if is_json else raw

    def create(self, **fields):
        status, answer = self("POST", self.records, {"type": "A", "ttl": 60, **fields})
        assert status == 200, answer
        return answer["result"]


@pytest.fixture
def dns():
    return {"ns1": FakeDns(), "ns2": FakeDns()}


@pytest.fixture
def edge():
    edge = Edge("127.0.0.9").start()
    yield edge
    edge.stop()


@pytest.fixture
def api(dns, edge):
    api = Cloudflare({ZONE: "lab", "paid.org": "enterprise", "free.org": "free"},
                     dns=dns, edge=edge).start()
    yield api
    api.stop()


@pytest.fixture
def call(api):
    return Client(api)


def inner_code(answer):
    [error] = answer["errors"]
    return error["error_chain"][0]["code"] if "error_chain" in error else error["code"]


# -- the API --------------------------------------------------------------------------------------

def test_patch_keeps_what_it_does_not_name(call):
    record = call.create(name="db", content="192.0.2.1", comment="run 1")
    status, answer = call("PATCH", f"{call.records}/{record['id']}", {"content": "192.0.2.2"})
    assert status == 200
    assert answer["result"]["content"] == "192.0.2.2"
    assert (answer["result"]["ttl"], answer["result"]["comment"]) == (60, "run 1")


def test_put_resets_what_it_does_not_name(call):
    record = call.create(name="db", content="192.0.2.1", comment="run 1")
    _, answer = call("PUT", f"{call.records}/{record['id']}",
                     {"type": "A", "name": "db.ghost.org", "content": "192.0.2.2"})
    assert (answer["result"]["ttl"], answer["result"]["comment"]) == (1, None)
    assert answer["result"]["id"] == record["id"]


def test_proxied_forces_the_automatic_ttl(call):
    assert call.create(name="www", content="192.0.2.1", proxied=True)["ttl"] == 1


def test_pages_say_how_many_there_are(call):
    for number in range(5):
        call.create(name=f"n{number}", content="192.0.2.1")
    _, answer = call("GET", f"{call.records}?per_page=2&page=3")
    assert [r["name"] for r in answer["result"]] == ["n4.ghost.org"]
    assert answer["result_info"] == {"page": 3, "per_page": 2, "count": 1, "total_count": 5,
                                     "total_pages": 3}


@pytest.mark.parametrize(("query", "names"), [
    ("name=a.ghost.org", ["a"]), ("name.exact=A.ghost.org", ["a"]), ("name.startswith=b", ["b"]),
    ("content=192.0.2.2", ["b"]), ("type=TXT", []), ("comment.present", ["b"]),
    ("name=a.ghost.org&content=192.0.2.2", []),
    ("name=a.ghost.org&content=192.0.2.2&match=any", ["a", "b"]),
])
def test_filters(call, query, names):
    call.create(name="a", content="192.0.2.1")
    call.create(name="b", content="192.0.2.2", comment="x")
    _, answer = call("GET", f"{call.records}?{query}")
    assert [r["name"] for r in answer["result"]] == [f"{n}.ghost.org" for n in names]


@pytest.mark.parametrize(("fields", "code"), [
    ({"content": "192.0.2"}, 9005), ({"type": "AAAA", "content": "192.0.2.1"}, 9006),
    ({"ttl": 1_000_000}, 9021), ({"tags": ["a:b"]}, 9300), ({"comment": "x" * 101}, 9310),
    ({"type": "TXT", "content": '"x"', "proxied": True}, 9004), ({"type": "WHAT"}, 9001),
    ({"ttl": "60"}, 9207),
])
def test_a_record_that_breaks_a_rule_is_refused_with_its_code(call, fields, code):
    status, answer = call("POST", call.records,
                          {"type": "A", "name": "x", "content": "192.0.2.1", "ttl": 60, **fields})
    assert (status, inner_code(answer)) == (400, code)


def test_the_telling_code_may_be_on_top(call):
    bad = {"type": "A", "name": "x", "content": "nonsense", "ttl": 60}
    assert call("POST", call.records, bad)[1]["errors"][0]["code"] == 1004
    call.api.chained_errors = False
    assert call("POST", call.records, bad)[1]["errors"][0]["code"] == 9005


@pytest.mark.parametrize(("zone", "ttl", "status"), [
    ("free.org", 59, 400), ("free.org", 60, 200), ("paid.org", 29, 400), ("paid.org", 30, 200),
    (ZONE, 2, 200), (ZONE, 1, 200),
])
def test_the_plan_sets_the_least_ttl(api, zone, ttl, status):
    call = Client(api, zone=zone)
    answer = call("POST", call.records,
                  {"type": "A", "name": "x", "content": "192.0.2.1", "ttl": ttl})
    assert answer[0] == status


def test_conflicting_records_are_refused(call):
    call.create(name="a", content="192.0.2.1")
    call.create(name="c", type="CNAME", content="a.ghost.org")
    for fields, code in (({"name": "a", "content": "192.0.2.1"}, 81058),
                         ({"name": "a", "type": "CNAME", "content": "x.org"}, 81053),
                         ({"name": "c", "content": "192.0.2.1"}, 81054)):
        status, answer = call("POST", call.records, {"type": "A", "ttl": 60, **fields})
        assert (status, inner_code(answer)) == (400, code)


def test_batch_applies_all_in_the_documented_order(call):
    gone = call.create(name="c", type="CNAME", content="a.ghost.org")
    kept = call.create(name="d", content="192.0.2.1")
    _, answer = call("POST", f"{call.records}/batch", {
        "posts": [{"type": "A", "name": "c", "content": "192.0.2.9", "ttl": 60}],
        "patches": [{"id": kept["id"], "content": "192.0.2.2"}],
        "deletes": [{"id": gone["id"]}]})
    assert answer["success"], answer
    assert answer["result"]["patches"][0]["content"] == "192.0.2.2"
    assert answer["result"]["posts"][0]["name"] == "c.ghost.org"


def test_batch_that_fails_changes_nothing_and_tells_the_first_error_only(call):
    record = call.create(name="d", content="192.0.2.1")
    status, answer = call("POST", f"{call.records}/batch", {
        "patches": [{"id": record["id"], "content": "192.0.2.2"}, {"id": "f" * 32, "ttl": 60}],
        "posts": [{"type": "A", "name": "x", "content": "nonsense"}]})
    assert (status, inner_code(answer)) == (404, 81044)
    _, answer = call("GET", f"{call.records}/{record['id']}")
    assert answer["result"]["content"] == "192.0.2.1"


def test_batch_is_limited_by_the_plan(api):
    call = Client(api, zone="free.org")
    posts = [{"type": "A", "name": f"n{n}", "content": "192.0.2.1"} for n in range(201)]
    assert call("POST", f"{call.records}/batch", {"posts": posts})[0] == 400
    assert call("POST", f"{call.records}/batch", {"posts": posts[:200]})[0] == 200


@pytest.mark.parametrize(("headers", "path", "status", "code"), [
    ({}, "/zones", 400, 9106),
    ({"Authorization": "Bearer a b"}, "/zones", 400, 6111),
    ({"Authorization": "Bearer nobody"}, "/zones", 403, 9109),
    ({"Authorization": "Bearer lab-token-disabled"}, "/zones", 403, 9109),
    ({"Authorization": "Bearer nobody"}, "/user/tokens/verify", 401, 1000),
])
def test_who_may_not_ask_is_told_why(call, headers, path, status, code):
    answer = call("GET", path, headers={"User-Agent": "test", **headers})
    assert (answer[0], inner_code(answer[1])) == (status, code)


def test_verify_tells_the_state_of_a_token(api):
    assert Client(api)("GET", "/user/tokens/verify")[1]["result"]["status"] == "active"
    disabled = Client(api, token="lab-token-disabled")
    assert disabled("GET", "/user/tokens/verify")[1]["result"]["status"] == "disabled"


def test_a_read_only_token_reads_only(api):
    call = Client(api, token="lab-token-ro")
    assert call("GET", call.records)[0] == 200
    status, answer = call("POST", call.records, {"type": "A", "name": "x", "content": "192.0.2.1"})
    assert (status, inner_code(answer)) == (403, 10000)


def test_paths_that_lead_nowhere(call):
    assert call("GET", "/zones/x/dns_records")[1]["errors"][0]["code"] == 7003
    assert call("POST", f"{call.records}/{'e' * 32}")[0] == 405
    assert inner_code(call("GET", f"/zones/{'e' * 32}")[1]) == 9109


def test_over_the_rate_limit_every_call_waits(dns):
    api = Cloudflare({ZONE: "lab"}, rate_limit=RateLimit(quota=2, window_s=60)).start()
    call = Client(api)
    assert call("GET", "/zones")[0] == 200
    assert call.headers["Ratelimit"] == '"default";r=1;t=60'
    assert call.headers["Ratelimit-Policy"] == '"default";q=2;w=60'
    call("GET", "/zones")
    status, answer = call("GET", "/zones")
    assert (status, inner_code(answer), call.headers["retry-after"]) == (429, 971, "60")
    api.stop()


# -- faults ---------------------------------------------------------------------------------------

@pytest.mark.parametrize(("kind", "is_applied"), [
    ("drop_before", False), ("drop_after", True), ("hang_after", True), ("truncate", True)])
def test_an_answer_lost_before_or_after_the_change(api, call, kind, is_applied):
    record = call.create(name="db", content="192.0.2.1")
    api.faults.add(kind, method="PATCH", ms=50)
    with pytest.raises((http.client.HTTPException, OSError)):
        call("PATCH", f"{call.records}/{record['id']}", {"content": "192.0.2.2"})
    assert (api.record("db.ghost.org")["content"] == "192.0.2.2") is is_applied
    assert api.log.entries("PATCH")[-1]["status"] == 0
    assert call("GET", f"{call.records}/{record['id']}")[0] == 200, "the fault is used up"


def test_answers_that_are_no_use(api, call):
    api.faults.add("status", status=503)
    assert call("GET", "/zones")[0] == 503
    api.faults.add("html", status=502)
    status, body = call("GET", "/zones")
    assert (status, body[:6]) == (502, b"<html>")
    api.faults.add("429", retry_after=7, times=2)
    assert [call("GET", "/zones")[0] for _ in range(3)] == [429, 429, 200]


def test_a_fault_meets_only_what_it_matches(api, call):
    api.faults.add("status", method="GET", match=r"dns_records\?name=db")
    assert call("GET", "/zones")[0] == 200
    assert call("GET", f"{call.records}?name=db.ghost.org")[0] == 503


def test_somebody_else_edits_between_read_and_write(api, call):
    record = call.create(name="db", content="192.0.2.1")
    api.faults.add("edit_after", method="GET",
                   edit={"name": "db.ghost.org", "type": "A", "content": "192.0.2.66"})
    _, answer = call("GET", f"{call.records}/{record['id']}")
    assert answer["result"]["content"] == "192.0.2.1"
    assert api.record("db.ghost.org")["content"] == "192.0.2.66"


def test_the_control_plane_arms_and_reads_without_a_token(api, call):
    def control(method, path, body=None):
        request = urllib.request.Request(f"{api.lab_url}/{path}", method=method,
                                         data=None if body is None else json.dumps(body).encode())
        with urllib.request.urlopen(request, timeout=5) as answer:
            return json.load(answer)

    control("POST", "faults", {"kind": "status", "status": 500})
    assert call("GET", "/zones")[0] == 500
    assert control("GET", "faults") == []
    assert control("GET", "log")[-1]["status"] == 500
    assert control("PUT", "carriers", {"ns2": 1500})["ns2"]["delay_ms"] == 1500
    call.create(name="db", content="192.0.2.1")
    control("POST", "edit", {"name": "db.ghost.org", "type": "A", "content": "192.0.2.5"})
    assert [r["content"] for r in control("GET", "records")] == ["192.0.2.5"]
    with pytest.raises(urllib.error.HTTPError):
        control("POST", "faults", {"kind": "nonsense"})


def test_the_log_never_holds_a_token(api, call):
    call("GET", "/zones")
    assert "lab-token" not in json.dumps(api.log.entries())


# -- what the world is told -----------------------------------------------------------------------

def test_every_commit_reaches_every_server(api, dns, call):
    call.create(name="db", content="192.0.2.1", ttl=5)
    call.create(name="db", content="192.0.2.2", ttl=5)
    assert api.wait_carried()
    for server in dns.values():
        assert server.rrsets == {("db.ghost.org", "A"): (5, ["192.0.2.1", "192.0.2.2"])}


def test_one_server_may_lag(api, dns, call):
    record = call.create(name="db", content="192.0.2.1")
    assert api.wait_carried()
    api.carriers["ns2"].delay_s = NEVER
    call("PATCH", f"{call.records}/{record['id']}", {"content": "192.0.2.2"})
    assert api.carriers["ns1"].wait_settled(5)
    assert dns["ns1"].rrsets["db.ghost.org", "A"] == (60, ["192.0.2.2"])
    assert dns["ns2"].rrsets["db.ghost.org", "A"] == (60, ["192.0.2.1"])
    api.carriers["ns2"].delay_s = 0
    assert api.wait_carried()
    assert dns["ns2"].rrsets == dns["ns1"].rrsets


def test_a_server_that_was_down_catches_up(api, dns, call):
    dns["ns1"].down = True
    call.create(name="db", content="192.0.2.1")
    wait_until(lambda: api.carriers["ns1"].last_error, 30, "the carrier noticed")
    dns["ns1"].down = False
    assert api.wait_carried()
    assert ("db.ghost.org", "A") in dns["ns1"].rrsets


def test_a_change_of_type_deletes_before_it_sets(api, dns, call):
    record = call.create(name="db", content="192.0.2.1")
    call("PUT", f"{call.records}/{record['id']}",
         {"type": "CNAME", "name": "db", "content": "other.org", "ttl": 60})
    assert api.wait_carried()
    assert dns["ns1"].calls[-2:] == [("delete", "db.ghost.org", "A"),
                                     ("set", "db.ghost.org", "CNAME")]
    assert dns["ns1"].rrsets == {("db.ghost.org", "CNAME"): (60, ["other.org."])}


def test_a_proxied_name_answers_with_the_edge_and_the_edge_learns_the_origin(
        api, dns, edge, call):
    record = call.create(name="www", content="127.0.1.1", proxied=True)
    assert api.wait_carried()
    assert dns["ns1"].rrsets["www.ghost.org", "A"] == (2, ["127.0.0.9"])
    assert edge.origin("www.ghost.org") == "127.0.1.1"
    call("PATCH", f"{call.records}/{record['id']}", {"content": "127.0.1.2"})
    assert api.wait_carried()
    assert dns["ns1"].calls == [("set", "www.ghost.org", "A")], "an origin flip is not seen in DNS"
    assert edge.origin("www.ghost.org") == "127.0.1.2"
    call("PATCH", f"{call.records}/{record['id']}", {"proxied": False, "ttl": 60})
    assert api.wait_carried()
    assert dns["ns1"].rrsets["www.ghost.org", "A"] == (60, ["127.0.1.2"])
    assert edge.origin("www.ghost.org") is None


# -- the edge -------------------------------------------------------------------------------------

class Origin(Handler):
    METHODS = ("GET", "POST")

    def handle_request(self):
        body = self.read_body()
        if self.path == "/stream":
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.write(b"3\r\none\r\n")
            self.wfile.flush()
            self.server.may_go_on.wait(5)
            return self.wfile.write(b"3\r\ntwo\r\n0\r\n\r\n")
        if self.path == "/vanish":
            return self.hang_up()
        return self.send_body(200, "text/plain", b"%b %b" % (self.server.address.encode(), body))


@pytest.fixture
def origins(edge):
    """Two origins on the edge's port, as the two sides of a migration are."""
    started = [Httpd(f"127.0.1.{n}", edge.port, Origin).start() for n in (1, 2)]
    for origin in started:
        origin.may_go_on = threading.Event()
    yield started
    for origin in started:
        origin.stop()


@pytest.fixture
def visitor(edge):
    connection = http.client.HTTPConnection(edge.address, edge.port, timeout=5)
    yield connection
    connection.close()


def fetch(connection, path="/", method="GET", body=None):
    connection.request(method, path, body, headers={"Host": "www.ghost.org"})
    answer = connection.getresponse()
    return answer.status, answer.read(), answer


def test_the_edge_follows_the_origin_on_a_kept_alive_connection(edge, origins, visitor):
    edge.set_origin("www.ghost.org", "127.0.1.1")
    status, body, answer = fetch(visitor, method="POST", body=b"hello")
    assert (status, body, answer.getheader("X-Lab-Edge")) == (200, b"127.0.1.1 hello", "1")
    sock = visitor.sock
    edge.set_origin("www.ghost.org", "127.0.1.2")
    assert fetch(visitor)[1] == b"127.0.1.2 "
    assert visitor.sock is sock


def test_the_edge_streams(edge, origins, visitor):
    edge.set_origin("www.ghost.org", "127.0.1.1")
    visitor.request("GET", "/stream", headers={"Host": "www.ghost.org"})
    answer = visitor.getresponse()
    assert answer.read1() == b"one", "the first part arrives before the last is written"
    origins[0].may_go_on.set()
    assert answer.read() == b"two"


def test_the_edge_says_what_is_wrong_with_an_origin(edge, origins, visitor):
    assert fetch(visitor)[0] == 530
    edge.set_origin("www.ghost.org", "127.0.1.1")
    assert fetch(visitor, "/vanish")[0] == 520
    origins[0].stop()
    assert fetch(visitor)[0] == 521


def test_servers_listen_on_loopback_only():
    with pytest.raises(ValueError, match="loopback"):
        Httpd("0.0.0.0", 0, BaseHTTPRequestHandler)
