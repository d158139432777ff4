# SPDX-License-Identifier: MIT
"""What Cloudflare knows about one DNS zone: its records, its plan's limits, its error codes.

Owns:      the records of one zone, and the lock they change under.
Invariant: a commit is all or nothing, and commits are announced in the order they were made.
Like the real one it offers no compare-and-set and no idempotency key: the last writer wins.
Not here:  HTTP, tokens, faults (cloudflare.py); how a commit reaches the DNS (cloudflare_carry.py).
"""

import datetime
import hashlib
import ipaddress
import re
import secrets
import threading
from dataclasses import dataclass

AUTOMATIC = 1          # the TTL that means "you choose"
MAX_TTL_S = 86400
BATCH_ORDER = ("deletes", "patches", "puts", "posts")  # whatever order the caller wrote them in


@dataclass(frozen=True)
class Plan:
    """What a zone may do. `automatic_ttl_s` is what the DNS says where the TTL is automatic."""

    name: str
    legacy_id: str
    min_ttl_s: int
    batch_limit: int
    tag_quota: int
    comment_limit: int
    automatic_ttl_s: int = 300


PLANS = {
    "free": Plan("Free Website", "free", 60, 200, 0, 100),
    "pro": Plan("Pro Website", "pro", 60, 3500, 20, 500),
    "enterprise": Plan("Enterprise Website", "enterprise", 30, 3500, 20, 500),
    # Not one that Cloudflare sells: free, with a TTL short enough to watch a flip happen.
    "lab": Plan("Lab", "lab", 2, 200, 0, 100, automatic_ttl_s=2),
}


class ApiError(Exception):
    """An answer other than success; `chain` are the inner, more telling errors."""

    def __init__(self, status, code, message, chain=()):
        super().__init__(f"{status} {code} {message}")
        self.status, self.code, self.message, self.chain = status, code, message, tuple(chain)


@dataclass(frozen=True)
class NameView:
    """Everything the world is told about one name after a commit.

    rrsets  {type: (ttl_s, (content, ...))} as the DNS answers it
    origin  where the edge sends this name's visitors, None when it is not proxied
    """

    name: str
    rrsets: dict
    origin: str | None


def _invalid(code, message):
    return ApiError(400, 1004, "DNS Validation Error", [(code, message)])


def _ipv4(record):
    try:
        ipaddress.IPv4Address(record["content"])
    except ValueError:
        raise _invalid(9005, "Content for A record must be a valid IPv4 address.") from None


def _ipv6(record):
    try:
        ipaddress.IPv6Address(record["content"])
    except ValueError:
        raise _invalid(9006, "Content for AAAA record must be a valid IPv6 address.") from None


def _hostname(record):
    if not re.fullmatch(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?", record["content"]):
        raise _invalid(9007, f"Content for {record['type']} record is invalid.")
    if record["content"].rstrip(".").lower() == record["name"]:
        raise _invalid(9039, "CNAME content cannot reference itself.")


def _any_text(record):
    if not record["content"]:
        raise _invalid(9007, f"Content for {record['type']} record is invalid.")


def _srv(record):
    """SRV is written through `data`; `content` is the read-only rendering of it."""
    data = record.get("data") or {}
    if not all(key in data for key in ("priority", "weight", "port", "target")):
        raise _invalid(9101, "SRV data needs priority, weight, port and target.")
    record["content"] = f"{data['weight']} {data['port']} {data['target']}"


# type -> how its content is checked; only the first three can be proxied.
TYPES = {"A": _ipv4, "AAAA": _ipv6, "CNAME": _hostname, "NS": _hostname, "PTR": _hostname,
         "TXT": _any_text, "CAA": _any_text, "SRV": _srv}
PROXIABLE = ("A", "AAAA", "CNAME")
FIELD_TYPES = {"type": str, "name": str, "content": str, "data": dict, "ttl": int, "proxied": bool,
               "comment": str, "tags": list, "settings": dict}
DEFAULTS = {"ttl": AUTOMATIC, "proxied": False, "comment": None, "tags": [], "settings": {}}
TEXT_FILTERS = ("name", "content", "comment")
TEXT_TESTS = {
    "exact": str.__eq__, "contains": str.__contains__,
    "startswith": str.startswith, "endswith": str.endswith,
}


class Zone:
    """One zone's records under one plan.

    on_commit(views)  called with the NameView of every name a commit touched, under the zone's
                      lock, so that announcements keep the order of the commits
    edge_addresses    what the DNS answers for a proxied name
    """

    def __init__(self, name, plan="free", edge_addresses=(), on_commit=lambda views: None):
        self.name = name.lower().rstrip(".")
        self.plan = PLANS[plan]
        self.id = hashlib.md5(self.name.encode(), usedforsecurity=False).hexdigest()
        self.created_on = _now()
        self._edge_addresses = tuple(edge_addresses)
        self._on_commit = on_commit
        self._lock = threading.Lock()
        self._records = {}

    # -- reading ------------------------------------------------------------------------------

    def get(self, record_id):
        with self._lock:
            return dict(_find(self._records, record_id))

    def list(self, query):
        """Records that match the filters of `query` ({parameter: value}), ordered as it asks."""
        tests = list(_filters(query))
        combine = any if query.get("match") == "any" and tests else all
        with self._lock:
            found = [dict(r) for r in self._records.values() if combine(t(r) for t in tests)]
        order = query.get("order")
        if order in ("type", "name", "content", "ttl", "proxied"):
            found.sort(key=lambda r: r[order], reverse=query.get("direction") == "desc")
        return found

    def view(self, name):
        with self._lock:
            return self._view(self._full_name(name))

    # -- writing: each of these is one commit ---------------------------------------------------

    def create(self, fields):
        return self.batch({"posts": [fields]})["posts"][0]

    def patch(self, record_id, fields):
        return self.batch({"patches": [{**fields, "id": record_id}]})["patches"][0]

    def put(self, record_id, fields):
        return self.batch({"puts": [{**fields, "id": record_id}]})["puts"][0]

    def delete(self, record_id):
        return self.batch({"deletes": [{"id": record_id}]})["deletes"][0]

    def batch(self, actions):
        """Deletes, patches, puts, posts, in that order; the first that fails undoes them all."""
        wanted = {kind: actions.get(kind) or [] for kind in BATCH_ORDER}
        if not all(isinstance(action, dict) for kind in wanted.values() for action in kind):
            raise ApiError(400, 9207, "Request body is invalid.")
        count = sum(map(len, wanted.values()))
        if count > self.plan.batch_limit:
            # The limit is documented, its error code is not.
            raise ApiError(400, 9207, f"Batch of {count} records is over this zone's limit of "
                                      f"{self.plan.batch_limit}.")
        apply = {"deletes": self._delete, "patches": self._patch,
                 "puts": self._put, "posts": self._post}
        with self._lock:
            draft, touched = dict(self._records), set()
            result = {kind: [apply[kind](draft, action, touched) for action in wanted[kind]]
                      for kind in BATCH_ORDER}
            self._records = draft
            self._on_commit([self._view(name) for name in sorted(touched)])
        return result

    def _delete(self, draft, action, touched):
        record = _find(draft, action.get("id"))
        del draft[record["id"]]
        touched.add(record["name"])
        return dict(record)

    def _patch(self, draft, action, touched):
        before = _find(draft, action.get("id"))
        return self._store(draft, before, {**before, **_writable(action)}, touched)

    def _put(self, draft, action, touched):
        """Overwrite: what the caller leaves out goes back to its default, comment and TTL too."""
        before = _find(draft, action.get("id"))
        return self._store(draft, before, _writable(action), touched)

    def _post(self, draft, action, touched):
        return self._store(draft, None, _writable(action), touched)

    def _store(self, draft, before, fields, touched):
        record = self._checked({**DEFAULTS, **fields})
        others = [r for r in draft.values() if before is None or r["id"] != before["id"]]
        _refuse_conflicts(record, others)
        now = _now()
        record["id"] = before["id"] if before else secrets.token_hex(16)
        record["created_on"] = before["created_on"] if before else now
        record["modified_on"] = now
        record["meta"] = {}
        for key in ("comment", "tags"):
            record.pop(f"{key}_modified_on", None)
            if record[key]:
                record[f"{key}_modified_on"] = now
        draft[record["id"]] = record
        touched.add(record["name"])
        if before:
            touched.add(before["name"])
        return dict(record)

    def _checked(self, record):
        """`record` in its stored form, or the ApiError the real API would answer."""
        for key in ("name", "type"):
            if not isinstance(record.get(key), str) or not record[key]:
                raise _invalid(9000 if key == "name" else 9001, f"DNS record {key} is required.")
        check = TYPES.get(record["type"])
        if check is None:
            raise _invalid(9001, f"Invalid DNS record type {record['type']}.")
        record["name"] = self._full_name(record["name"])
        record["content"] = str(record.get("content") or "")
        check(record)
        record["proxiable"] = record["type"] in PROXIABLE
        self._check_limits(record)
        if record["proxied"]:
            record["ttl"] = AUTOMATIC
        return record

    def _check_limits(self, record):
        ttl, plan = record["ttl"], self.plan
        if not isinstance(ttl, int) or not (
                ttl == AUTOMATIC or plan.min_ttl_s <= ttl <= MAX_TTL_S):
            raise _invalid(9021, f"Invalid TTL. Must be between {plan.min_ttl_s} and {MAX_TTL_S} "
                                 "seconds, or 1 for Automatic.")
        if record["proxied"] and not record["proxiable"]:
            raise _invalid(9004, "This record type cannot be proxied.")
        tags = len(record["tags"])
        if tags > plan.tag_quota:
            raise _invalid(9300, f"DNS record has {tags} tags, exceeding the quota of "
                                 f"{plan.tag_quota}.")
        comment = record["comment"] or ""
        if len(comment) > plan.comment_limit or "\n" in comment:
            # Documented as a limit of the plan; the code is a guess.
            raise _invalid(9310, f"DNS record comment exceeds {plan.comment_limit} characters "
                                 "or has line breaks.")

    def _full_name(self, name):
        name = name.lower().rstrip(".")
        if name in ("@", self.name):
            return self.name
        return name if name.endswith("." + self.name) else f"{name}.{self.name}"

    def _view(self, name):
        """A proxied name answers with the edge, whatever its own type; the edge gets the origin."""
        rrsets, origin = {}, None
        for record in self._records.values():
            if record["name"] != name:
                continue
            kind, content, ttl = record["type"], _presentation(record), record["ttl"]
            if record["proxied"]:
                origin = record["content"] if kind == "A" else origin
                rrsets["A"] = (self.plan.automatic_ttl_s, self._edge_addresses)
                continue
            ttl = self.plan.automatic_ttl_s if ttl == AUTOMATIC else ttl
            known_ttl, contents = rrsets.get(kind, (ttl, ()))
            rrsets[kind] = (min(ttl, known_ttl), (*contents, content))
        return NameView(name, rrsets, origin)


def _presentation(record):
    """Content as a zone file writes it: absolute names carry the final dot."""
    if record["type"] in ("CNAME", "NS", "PTR"):
        return record["content"].rstrip(".") + "."
    if record["type"] == "SRV":
        return f"{record['data']['priority']} {record['content'].rstrip('.')}."
    return record["content"]


def _writable(fields):
    """What a caller may set, null being the same as the default; the rest is ignored."""
    chosen = {key: fields[key] for key in FIELD_TYPES if key in fields}
    for key, value in chosen.items():
        if value is None:
            chosen[key] = DEFAULTS.get(key)
        elif not isinstance(value, FIELD_TYPES[key]):
            raise ApiError(400, 9207, "Request body is invalid.")
    return chosen


def _find(records, record_id):
    try:
        return records[record_id]
    except KeyError:
        raise ApiError(404, 81044, "Record does not exist.") from None


def _refuse_conflicts(record, others):
    for other in (r for r in others if r["name"] == record["name"]):
        if (other["type"], other["content"]) == (record["type"], record["content"]):
            raise ApiError(400, 81058, "An identical record already exists.")
        kinds = {record["type"], other["type"]}
        if "CNAME" not in kinds or not kinds <= set(PROXIABLE):
            continue
        if record["type"] == "CNAME":
            raise ApiError(400, 81053, "An A, AAAA, or CNAME record with that host already exists.")
        raise ApiError(400, 81054, "A CNAME record with that host already exists.")


def _filters(query):
    """One test a filter parameter; parameters that are no filters yield nothing."""
    for key, wanted in query.items():
        field, _, how = key.partition(".")
        if key == "type":
            yield lambda r, wanted=wanted: r["type"] == wanted
        elif key == "proxied":
            yield lambda r, wanted=wanted: r["proxied"] == (wanted == "true")
        elif key in ("comment.present", "comment.absent"):
            yield lambda r, how=how: bool(r["comment"]) == (how == "present")
        elif field in TEXT_FILTERS and (how or "exact") in TEXT_TESTS:
            test = TEXT_TESTS[how or "exact"]
            yield lambda r, f=field, t=test, w=wanted.lower(): t((r[f] or "").lower(), w)


def _now():
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
