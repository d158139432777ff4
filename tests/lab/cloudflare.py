# SPDX-License-Identifier: MIT
"""A stand-in for the Cloudflare API v4, on loopback, that a client cannot tell from the real one.

Owns:       zones, tokens, the rate limit, the log of requests, and the carriers that take every
            committed change to the DNS servers and the edge.
Guarantees: an answer is sent only after its change is committed; what is lost on the way back is
            lost to the client only, exactly the case a client must survive.
Judged by:  tests/contract (the published schema, the official client).

In a process of its own, without DNS and edge: `python3 -m tests.lab.cloudflare --help`. The
control plane under /_lab/ needs no token; the methods of Cloudflare do the same in one process:

    GET, POST, DELETE /_lab/faults     armed faults; arm {"kind": ..., "method": ..., "match": ...}
    GET, DELETE       /_lab/log        requests seen
    GET, PUT          /_lab/carriers   {"name": {"delay_ms":, "pending":}}; PUT sets delays
    POST              /_lab/edit       somebody else changes a record: {"name":, "type":, fields}
    GET               /_lab/records    every record of every zone
"""

import argparse
import json
import math
import re
import signal
import threading
import time
from dataclasses import asdict, dataclass
from urllib.parse import parse_qsl, urlsplit

from .cloudflare_carry import Carrier, DnsDelivery
from .cloudflare_faults import BEFORE, Faults
from .cloudflare_zone import BATCH_ORDER, PLANS, ApiError, Zone
from .httpd import Handler, Httpd

BASE = "/client/v4"
ACCOUNT = {"id": "01a7362d577a6c3019a474fd6f485823", "name": "Lab"}
HEX_ID = r"(?P<{}>[0-9a-f]{{32}})"
BATCH_KEYS = set(BATCH_ORDER)


@dataclass(frozen=True)
class Token:
    """Who asks. `rights` is rw or ro (of DNS); a disabled token is known and may do nothing."""

    id: str
    rights: str = "rw"
    status: str = "active"


DEFAULT_TOKENS = {
    "lab-token-rw": Token("ed17574386854bf78a67040be0a770b0"),
    "lab-token-ro": Token("ed17574386854bf78a67040be0a770b1", rights="ro"),
    "lab-token-disabled": Token("ed17574386854bf78a67040be0a770b2", status="disabled"),
}


class RateLimit:
    """`quota` requests a window for one token; over it every call is refused for a whole window."""

    def __init__(self, quota=1200, window_s=300):
        self.quota, self.window_s = quota, window_s
        self._lock = threading.Lock()
        self._windows = {}  # token id -> (ends_at, used)

    def count(self, token_id):
        """Count one request; (remaining, seconds until the window ends, is it refused)."""
        now = time.monotonic()
        with self._lock:
            ends_at, used = self._windows.get(token_id, (0, 0))
            if now >= ends_at:
                ends_at, used = now + self.window_s, 0
            used += 1
            if used == self.quota + 1:
                ends_at = now + self.window_s
            self._windows[token_id] = (ends_at, used)
        return max(0, self.quota - used), math.ceil(ends_at - now), used > self.quota


class RequestLog:
    """What was asked and answered. Tokens are named by their id, never written out."""

    def __init__(self):
        self._lock = threading.Lock()
        self._entries = []

    def add(self, **entry):
        with self._lock:
            self._entries.append(entry)

    def entries(self, method="", match=""):
        with self._lock:
            return [dict(e) for e in self._entries
                    if method in ("", e["method"]) and re.search(match, e["path"])]

    def clear(self):
        with self._lock:
            self._entries.clear()


class Cloudflare:
    """The stand-in. Listens from __init__ on, answers from start() on.

    zones           {zone name: plan name}
    dns             {server name: backend}; see DnsDelivery for what a backend must offer
    edge            an Edge (or what has set_origin and remove_origin), and edge_addresses, what
                    the DNS answers for a proxied name (by default the edge's own address)
    tokens          {secret: Token}
    chained_errors  True puts the telling code into error_chain, False on top: both are seen
    drop_field      break the promise on purpose: leave this field out of every record. It exists
                    so that the judges in tests/contract can be judged.
    """

    def __init__(self, zones, *, address="127.0.0.1", port=0, dns=None, edge=None,
                 edge_addresses=(), tokens=None, rate_limit=None,
                 name_servers=("ns1.lab", "ns2.lab"), chained_errors=True, drop_field=None):
        self.tokens = dict(DEFAULT_TOKENS if tokens is None else tokens)
        self.rate_limit = rate_limit or RateLimit()
        self.faults = Faults()
        self.log = RequestLog()
        self.chained_errors = chained_errors
        self.drop_field = drop_field
        self.name_servers = list(name_servers)
        self.carriers = {name: Carrier(name, DnsDelivery(backend))
                         for name, backend in (dns or {}).items()}
        if edge is not None:
            self.carriers["edge"] = Carrier("edge", lambda view: _tell_edge(edge, view))
            edge_addresses = edge_addresses or (edge.address,)
        self.zones = {}
        for name, plan in zones.items():
            zone = Zone(name, plan, edge_addresses, self._announce)
            self.zones[zone.id] = zone
        self._httpd = Httpd(address, port, type("CloudflareHandler", (_Handler,), {"api": self}))

    @property
    def url(self):
        """What a client takes as its base."""
        return f"http://{self._httpd.address}:{self._httpd.port}{BASE}"

    @property
    def lab_url(self):
        return f"http://{self._httpd.address}:{self._httpd.port}/_lab"

    @property
    def stopping(self):
        return self._httpd.stopping

    def start(self):
        self._httpd.start()
        return self

    def stop(self):
        self._httpd.stop()
        for carrier in self.carriers.values():
            carrier.stop()

    def zone(self, name):
        """The zone that holds `name`."""
        name = name.lower().rstrip(".")
        fits = [z for z in self.zones.values() if name == z.name or name.endswith("." + z.name)]
        return max(fits, key=lambda z: len(z.name))

    def record(self, name, kind="A"):
        """The one record of this name and type."""
        zone = self.zone(name)
        [record] = zone.list({"name": zone.view(name).name, "type": kind})
        return record

    def add_record(self, name, kind, content, **fields):
        """What was there before the story begins."""
        return self.zone(name).create({"name": name, "type": kind, "content": content, **fields})

    def edit(self, name, kind, **fields):
        """Somebody else changes the record, past every token and log."""
        return self.zone(name).patch(self.record(name, kind)["id"], fields)

    def wait_carried(self, timeout_s=10.0):
        """True when every commit so far has reached every server and the edge in time."""
        deadline = time.monotonic() + timeout_s
        return all(c.wait_settled(max(0.0, deadline - time.monotonic()))
                   for c in self.carriers.values())

    def _announce(self, views):
        for view in views:
            for carrier in self.carriers.values():
                carrier.submit(view)


def _tell_edge(edge, view):
    if view.origin is None:
        edge.remove_origin(view.name)
    else:
        edge.set_origin(view.name, view.origin)


# -- the API: one row a route, addressed by method and path ---------------------------------------

def _verify_token(api, token, query, body):
    text = "This API Token is valid and active"
    messages = [{"code": 10000, "message": text, "type": None}] if token.status == "active" else []
    return {"result": {"id": token.id, "status": token.status}, "messages": messages}


def _list_zones(api, token, query, body):
    found = [z for z in api.zones.values() if query.get("name", z.name) == z.name]
    return _page([_zone_json(api, z) for z in found], query, default=20, least=5, most=50)


def _get_zone(api, token, query, body, zone):
    return {"result": _zone_json(api, zone)}


def _list_records(api, token, query, body, zone):
    return _page(zone.list(query), query, default=100, least=1, most=5_000_000)


def _create_record(api, token, query, body, zone):
    return {"result": zone.create(body)}


def _batch_records(api, token, query, body, zone):
    """Unknown keys are ignored, as the real one does."""
    return {"result": zone.batch({key: body[key] for key in BATCH_KEYS & body.keys()})}


def _get_record(api, token, query, body, zone, record):
    return {"result": zone.get(record)}


def _patch_record(api, token, query, body, zone, record):
    return {"result": zone.patch(record, body)}


def _put_record(api, token, query, body, zone, record):
    return {"result": zone.put(record, body)}


def _delete_record(api, token, query, body, zone, record):
    return {"result": {"id": zone.delete(record)["id"]}}


_ZONE = "/zones/" + HEX_ID.format("zone")
_RECORD = _ZONE + "/dns_records/" + HEX_ID.format("record")
ROUTES = (
    # method  path                              right  handler
    ("GET", "/user/tokens/verify", None, _verify_token),
    ("GET", "/zones", "ro", _list_zones),
    ("GET", _ZONE, "ro", _get_zone),
    ("GET", _ZONE + "/dns_records", "ro", _list_records),
    ("POST", _ZONE + "/dns_records", "rw", _create_record),
    ("POST", _ZONE + "/dns_records/batch", "rw", _batch_records),
    ("GET", _RECORD, "ro", _get_record),
    ("PATCH", _RECORD, "rw", _patch_record),
    ("PUT", _RECORD, "rw", _put_record),
    ("DELETE", _RECORD, "rw", _delete_record),
)
PATTERNS = tuple((method, re.compile(path + "/?"), right, handler)
                 for method, path, right, handler in ROUTES)


def _zone_json(api, zone):
    return {
        "id": zone.id, "name": zone.name, "status": "active", "paused": False, "type": "full",
        "development_mode": 0, "name_servers": api.name_servers, "account": ACCOUNT,
        "owner": {"id": None, "type": "user", "email": None}, "original_dnshost": None,
        "original_name_servers": None, "original_registrar": None, "meta": {},
        "plan": {"id": "0feeeeeeeeeeeeeeeeeeeeeeeeeeeeee", "name": zone.plan.name,
                 "legacy_id": zone.plan.legacy_id},
        "created_on": zone.created_on, "modified_on": zone.created_on,
        "activated_on": zone.created_on,
    }


def _page(items, query, default, least, most):
    """One page of `items` with its result_info; sizes outside the limits are refused."""
    try:
        page, size = int(query.get("page", 1)), int(query.get("per_page", default))
    except ValueError:
        page, size = 0, 0
    if page < 1 or not least <= size <= most:
        raise ApiError(400, 9207, f"page starts at 1, per_page is {least} to {most}.")
    shown = items[(page - 1) * size:page * size]
    info = {"page": page, "per_page": size, "count": len(shown), "total_count": len(items),
            "total_pages": math.ceil(len(items) / size)}
    return {"result": shown, "result_info": info}


class _Handler(Handler):
    """One request: fault, rate limit, token, route, answer, fault, log."""

    METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
    api = None  # set by Cloudflare

    def handle_request(self):
        target = urlsplit(self.path)
        if target.path.startswith("/_lab/"):
            return _control(self, target.path)
        self._started = time.monotonic()
        self._entry = {"time": time.time(), "method": self.command, "path": self.path,
                       "body": None, "token": None}
        raw = self.read_body()
        fault = self.api.faults.take(self.command, self.path)
        if fault and fault.kind in BEFORE and self._spoil_before(fault):
            return None
        status, answer, headers = self._answer(target, raw)
        if fault and fault.kind not in BEFORE:
            return self._spoil_after(fault, status, answer, headers)
        return self._finish(status, answer, headers)

    def _answer(self, target, raw):
        """(status, envelope, headers); the change, if any, is committed when this returns."""
        headers = []
        try:
            token = self._identify(target.path)
            remaining, resets_s, is_refused = self.api.rate_limit.count(token.id)
            limit = self.api.rate_limit
            headers = [("Ratelimit", f'"default";r={remaining};t={resets_s}'),
                       ("Ratelimit-Policy", f'"default";q={limit.quota};w={limit.window_s}')]
            if is_refused:
                headers.append(("retry-after", str(resets_s)))
                raise _throttled()
            result = self._dispatch(token, target, raw)
        except ApiError as error:
            return error.status, self._failure(error), headers or self._idle_headers()
        return 200, {"success": True, "errors": [], "messages": [], **self._shape(result)}, headers

    def _identify(self, path):
        given = self.headers.get("Authorization")
        if given is None:
            raise ApiError(400, 9106, "Missing X-Auth-Key, X-Auth-Email or Authorization headers")
        scheme, _, secret = given.partition(" ")
        if scheme != "Bearer" or not re.fullmatch(r"[A-Za-z0-9_-]+", secret):
            raise ApiError(400, 6003, "Invalid request headers",
                           [(6111, "Invalid format for Authorization header")])
        token, is_verify = self.api.tokens.get(secret), path == f"{BASE}/user/tokens/verify"
        if token is None and is_verify:
            raise ApiError(401, 1000, "Invalid API Token")
        if token is None or (token.status != "active" and not is_verify):
            raise ApiError(403, 9109, "Invalid access token")
        self._entry["token"] = token.id
        return token

    def _dispatch(self, token, target, raw):
        path = target.path.removeprefix(BASE)
        fits = [(method, right, handler, found.groupdict())
                for method, pattern, right, handler in PATTERNS
                if (found := pattern.fullmatch(path))]
        if not fits or not target.path.startswith(BASE):
            raise ApiError(404, 7003, f"Could not route to {path}, perhaps your object identifier "
                                      "is invalid?", [(7000, "No route for that URI")])
        for method, right, handler, ids in fits:
            if method == self.command:
                break
        else:
            raise ApiError(405, 10000, f"{self.command} method not allowed for the api_token "
                                       "authentication scheme")
        if right == "rw" and token.rights != "rw":
            raise ApiError(403, 10000, "Authentication error")
        if "zone" in ids:
            ids["zone"] = self.api.zones.get(ids["zone"])
            if ids["zone"] is None:
                raise ApiError(403, 9109, "Unauthorized to access requested resource")
        return handler(self.api, token, dict(parse_qsl(target.query, keep_blank_values=True)),
                       self._parse(raw), **ids)

    def _parse(self, raw):
        try:
            body = json.loads(raw or b"{}")
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise ApiError(400, 9207, "Request body is invalid.")
        self._entry["body"] = body
        return body

    def _failure(self, error):
        inner = [{"code": code, "message": message} for code, message in error.chain]
        top = {"code": error.code, "message": error.message}
        if error.code == 9106:  # seen in the wild without its other members
            return {"success": False, "errors": [top]}
        if error.code == 7003:
            errors = [top, *inner]
        elif inner and self.api.chained_errors:
            errors = [{**top, "error_chain": inner}]
        else:
            errors = inner or [top]
        return {"result": None, "success": False, "errors": errors, "messages": []}

    def _shape(self, answer):
        """Break the promise, when this stand-in was told to (see Cloudflare.drop_field)."""
        if self.api.drop_field is None:
            return answer
        text = json.dumps(answer)
        return json.loads(text, object_hook=lambda o: {
            k: v for k, v in o.items() if k != self.api.drop_field})

    def _idle_headers(self):
        limit = self.api.rate_limit
        return [("Ratelimit", f'"default";r={limit.quota};t={limit.window_s}'),
                ("Ratelimit-Policy", f'"default";q={limit.quota};w={limit.window_s}')]

    def _spoil_before(self, fault):
        """Do what the fault says; True when the request ends here, unapplied."""
        if fault.kind == "delay_before":
            self.api.stopping.wait(fault.ms / 1000)
            return False
        if fault.kind == "drop_before":
            self._record(0)
            self.hang_up()
        elif fault.kind == "html":
            self._record(fault.status)
            page = f"<html><head><title>{fault.status}</title></head><body>cloudflare</body></html>"
            self.send_body(fault.status, "text/html; charset=UTF-8", page.encode())
        elif fault.kind == "429":
            self._finish(429, self._failure(_throttled()),
                         [*self._idle_headers(), ("retry-after", str(fault.retry_after))])
        else:
            error = ApiError(fault.status, 10001, "Internal error")
            self._finish(fault.status, self._failure(error), self._idle_headers())
        return True

    def _spoil_after(self, fault, status, answer, headers):
        """The change is made; the fault decides what the client hears of it."""
        if fault.kind == "edit_after":
            fields = dict(fault.edit)
            self.api.edit(fields.pop("name"), fields.pop("type"), **fields)
            return self._finish(status, answer, headers)
        self._record(0)
        if fault.kind == "hang_after":
            self.api.stopping.wait(fault.ms / 1000)
        elif fault.kind == "truncate":
            body = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[:len(body) // 2])
            self.wfile.flush()
        return self.hang_up()

    def _finish(self, status, answer, headers):
        self._record(status)
        self.send_json(status, answer, headers)

    def _record(self, status):
        """Log the request; status 0 is an answer that was never sent whole."""
        took_ms = round((time.monotonic() - self._started) * 1000, 1)
        self.api.log.add(**self._entry, status=status, took_ms=took_ms)


def _throttled():
    return ApiError(429, 971, "Please wait and consider throttling your request speed")


# -- the control plane ----------------------------------------------------------------------------

def _set_delays(api, body):
    for name, delay_ms in body.items():
        api.carriers[name].delay_s = delay_ms / 1000
    return _carriers(api, {})


def _carriers(api, body):
    return {name: {"delay_ms": c.delay_s * 1000, "pending": c.pending,
                   "error": str(c.last_error) if c.last_error else None}
            for name, c in api.carriers.items()}


CONTROLS = {
    ("GET", "faults"): lambda api, body: api.faults.armed(),
    ("POST", "faults"): lambda api, body: asdict(api.faults.add(**body)),
    ("DELETE", "faults"): lambda api, body: api.faults.clear(),
    ("GET", "log"): lambda api, body: api.log.entries(),
    ("DELETE", "log"): lambda api, body: api.log.clear(),
    ("GET", "carriers"): _carriers,
    ("PUT", "carriers"): _set_delays,
    ("POST", "edit"): lambda api, body: api.edit(body.pop("name"), body.pop("type"), **body),
    ("GET", "records"): lambda api, body: [r for z in api.zones.values() for r in z.list({})],
}


def _control(handler, path):
    act = CONTROLS.get((handler.command, path.removeprefix("/_lab/")))
    if act is None:
        return handler.send_json(404, {"error": f"no control {handler.command} {path}"})
    try:
        return handler.send_json(200, act(handler.api, handler.read_json()))
    except (ApiError, KeyError, TypeError, ValueError) as error:
        return handler.send_json(400, {"error": str(error)})


# -- as a process ---------------------------------------------------------------------------------

def _parse_args():
    parser = argparse.ArgumentParser(description="Stand-in for the Cloudflare API v4, on loopback.")
    parser.add_argument("--address", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--zone", action="append", required=True, metavar="NAME=PLAN",
                        help=f"plans: {', '.join(PLANS)}")
    parser.add_argument("--record", action="append", default=[], metavar="JSON",
                        help="a record that exists from the start, as the API takes it")
    parser.add_argument("--drop-field", help="break every record by leaving this field out")
    return parser.parse_args()


def main():
    args = _parse_args()
    zones = dict(z.split("=", 1) for z in args.zone)
    api = Cloudflare(zones, address=args.address, port=args.port, drop_field=args.drop_field)
    for record in map(json.loads, args.record):
        api.zone(record["name"]).create(record)
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    api.start()
    print(f"ready {api.url}", flush=True)
    ended.wait()
    api.stop()


if __name__ == "__main__":
    main()
