# SPDX-License-Identifier: MIT
"""The crowd: visitors who sign up and publish by name, all the time, and remember every promise.

Owns:       its client threads and its ledger (crowd_ledger.py).
Guarantees: a write is in the ledger if and only if a client was told, or found out, that it is
            there. No client ever repeats a write that may have been made already.

Why nothing ambiguous is repeated: when both sides are open, a sign-up that is on its way from OLD
to NEW and is written again on NEW meets itself there; the unique key then refuses the arriving row
and replication stops in both directions. And a post written twice would look like a fault of the
migration. So a client whose answer was lost asks for its token until the write shows up, or gives
that token up for good and goes on with a fresh one. A definite refusal (read-only, nobody
listening) is repeated at once, as a connection pool would.

In a process of its own: `python3 -m tests.lab.crowd --help`.
"""

import argparse
import http.client
import json
import random
import signal
import sys
import threading
import time
import uuid
from dataclasses import dataclass

import dns.exception
import dns.resolver

from . import crowd_ledger
from .crowd_pauses import Pauses

BACKOFF_S = (0.02, 0.25)          # first and longest wait before a refused write is repeated
CONNECT_TIMEOUT_S = 2.0
RESOLVE_TIMEOUT_S = 2.0
LOOKUP_EVERY_S = 0.1
EDGE_NOT_SENT = (521, 522, 530)   # the edge could not reach an origin: nothing was written
WORDS = ("ocean", "crème brûlée", "журнал", "写真", "🚢", "ferry", "Ægir", "naïve", "ship's log")


@dataclass(frozen=True)
class Plan:
    """What a crowd does.

    names      {name: kind}; clients take turns, kind is "proxied" or "dns-only"
    resolver   (address, port) of the resolver that everybody uses
    port       where the site listens, at whatever address the name has
    rate       writes a second that each client aims at
    think_s    how long somebody thinks between signing up and confirming: from, to
    lookup_s   how long a client asks for a write whose answer was lost
    visible_s  how long it waits for its own sign-up to be visible where it wants to confirm it
    """

    names: dict
    resolver: tuple
    port: int
    clients: int = 8
    rate: float = 15.0
    think_s: tuple = (0.3, 3.0)
    request_timeout_s: float = 5.0
    lookup_s: float = 5.0
    visible_s: float = 10.0
    requests_per_connection: int = 50
    seconds_per_connection: float = 2.0


@dataclass
class Write:
    """One write a client wants: `path` and `body` make it, `lookup` finds it by its token."""

    kind: str
    token: str
    user: str
    path: str
    body: dict
    lookup: str
    digest: str = ""

    def is_shown_by(self, row):
        return self.kind != "confirm" or row["state"] == "confirmed"


@dataclass(frozen=True)
class Answer:
    status: int
    json: dict
    side: str


class NotSent(Exception):
    """The request never left: nobody can have acted on it."""


class Lost(Exception):
    """The request left and no whole answer came back."""


class Connection:
    """Requests to one name over kept-alive connections, as a pool makes them.

    The name is resolved anew for each connection, by a resolver that is never asked for an answer
    it gave before: nothing here outlives a TTL but the connection itself, and that is retired
    after so many requests or seconds. Any trouble retires it, too.
    """

    def __init__(self, plan, name):
        self._plan, self._name = plan, name
        self._resolver = dns.resolver.Resolver(configure=False)
        self._resolver.nameservers, self._resolver.port = [plan.resolver[0]], plan.resolver[1]
        self._http = None
        self._left = 0
        self._retire_at = 0.0

    def request(self, method, path, body=None):
        """One request, sent once. NotSent, or Lost, or an Answer."""
        self._ensure()
        try:
            self._http.request(method, path, None if body is None else json.dumps(body).encode(),
                               {"Host": self._name, "Content-Type": "application/json"})
            answer = self._http.getresponse()
            raw = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self.retire()
            raise Lost(f"{type(error).__name__}: {error}") from error
        self._left -= 1
        return Answer(answer.status, _json_object(raw), answer.getheader("X-Lab-Side", ""))

    def retire(self):
        if self._http is not None:
            self._http.close()
            self._http = None

    def _ensure(self):
        if self._http is not None and self._left > 0 and time.monotonic() < self._retire_at:
            return
        self.retire()
        try:
            found = self._resolver.resolve(self._name, "A", lifetime=RESOLVE_TIMEOUT_S)
            address = random.choice([record.address for record in found])
            connection = http.client.HTTPConnection(address, self._plan.port,
                                                    timeout=CONNECT_TIMEOUT_S)
            connection.connect()
        except (OSError, dns.exception.DNSException) as error:
            raise NotSent(f"{type(error).__name__}: {error}") from error
        connection.sock.settimeout(self._plan.request_timeout_s)
        self._http = connection
        self._left = self._plan.requests_per_connection
        self._retire_at = time.monotonic() + self._plan.seconds_per_connection


class Client:
    """One visitor after another: signs up, thinks, confirms, publishes."""

    def __init__(self, number, plan, name, crowd):
        self._number, self._plan, self._name, self._crowd = number, plan, name, crowd
        self._kind = plan.names[name]
        self._connection = Connection(plan, name)
        self._reserved = []   # (confirm at, token, user), oldest first
        self._users = []

    def run(self):
        next_at = time.monotonic() + random.random() / self._plan.rate
        while not self._crowd.stopping.wait(max(0.0, next_at - time.monotonic())):
            next_at = max(next_at + 1 / self._plan.rate, time.monotonic())
            self._make(self._choose())
        self._connection.retire()

    def _choose(self):
        if self._reserved and self._reserved[0][0] <= time.monotonic():
            _, token, user = self._reserved.pop(0)
            return _confirmation(token, user)
        if self._users and random.random() < 0.6:
            return _post(random.choice(self._users))
        return _sign_up(self._number)

    def _make(self, write):
        """Try until it is acknowledged, or given up; a stop ends the trying, not the looking up."""
        self._crowd.pauses.want(self._number, self._kind)
        started = time.monotonic()
        pause_s, longest_s = BACKOFF_S
        while True:
            outcome, side, after = self._attempt(write)
            if outcome == "acknowledged":
                return self._acknowledged(write, side, after, started)
            if outcome == "abandoned" or self._crowd.stopping.is_set():
                return None
            if outcome == "invisible" and time.monotonic() - started > self._plan.visible_s:
                return self._note("abandoned", write, why="own sign-up not visible")
            self._connection.retire()
            self._crowd.count_refusal()
            self._crowd.stopping.wait(pause_s * random.uniform(0.5, 1.0))
            pause_s = min(2 * pause_s, longest_s)

    def _attempt(self, write):
        """Send it once. (what became of it, the side, how that was learnt)"""
        try:
            answer = self._connection.request("POST", write.path, write.body)
        except NotSent:
            return "refused", "", ""
        except Lost as error:
            return self._look_up(write, "", str(error))
        if answer.status == 200:
            return "acknowledged", answer.side, "answer"
        if answer.status == 409 and answer.json.get("token") == write.token:
            return "acknowledged", answer.side, "conflict"
        if answer.status in EDGE_NOT_SENT or (answer.status == 503 and answer.side):
            return "refused", answer.side, ""
        if answer.status == 404 and answer.side and write.kind == "confirm":
            return "invisible", answer.side, ""
        return self._look_up(write, answer.side, f"{answer.status} {answer.json.get('error', '')}")

    def _look_up(self, write, side, why):
        """The answer was lost. Ask for the token until it shows up; never write it again."""
        self._note("ambiguous", write, side=side, why=why)
        deadline = time.monotonic() + self._plan.lookup_s
        while time.monotonic() < deadline:
            try:
                answer = self._connection.request("GET", write.lookup)
                if answer.status == 200 and write.is_shown_by(answer.json):
                    shown_side = "confirmed_side" if write.kind == "confirm" else "side"
                    return "acknowledged", answer.json[shown_side], "lookup"
            except (NotSent, Lost):
                pass  # the next one may get through
            self._connection.retire()
            self._crowd.pace.wait(LOOKUP_EVERY_S)
        self._note("abandoned", write, why=f"not found within {self._plan.lookup_s:g} s")
        return "abandoned", "", ""

    def _acknowledged(self, write, side, after, started):
        self._note("acknowledged", write, side=side, after=after, name=self._name, via=self._kind,
                   digest=write.digest,
                   ms=round((time.monotonic() - started) * 1000, 1))
        self._crowd.pauses.done(self._number)
        if write.kind == "signup":
            confirm_at = time.monotonic() + random.uniform(*self._plan.think_s)
            self._reserved.append((confirm_at, write.token, write.user))
            self._reserved.sort()
        elif write.kind == "confirm":
            self._users = [*self._users[-50:], write.user]

    def _note(self, event, write, **details):
        self._crowd.ledger.write(event, client=self._number, kind=write.kind, token=write.token,
                                 user=write.user, **details)


class Crowd:
    """All clients together. start(), mark() as often as wanted, stop(), result()."""

    def __init__(self, plan, ledger_path):
        self.plan = plan
        self.ledger = crowd_ledger.Ledger(ledger_path)
        self.pauses = Pauses()
        self.stopping = threading.Event()
        self.pace = threading.Event()  # never set: what a stop must not hurry waits on it
        self._refusals = 0
        self._crashes = []
        self._lock = threading.Lock()
        names = list(plan.names)
        self._threads = [
            threading.Thread(target=self._run, args=(Client(n, plan, names[n % len(names)], self),),
                             name=f"client-{n}", daemon=True)
            for n in range(plan.clients)]

    def start(self):
        self.pauses.start()
        for thread in self._threads:
            thread.start()
        return self

    @property
    def is_running(self):
        """Is any client at work?"""
        return any(thread.is_alive() for thread in self._threads)

    def mark(self, label):
        """A new window of the figures begins now; crossings are told apart by their marks."""
        self.pauses.mark(label)
        self.ledger.write("mark", label=label)

    def count_refusal(self):
        with self._lock:
            self._refusals += 1

    def stop(self):
        """Nobody begins anything new; what is under way is finished. Returns when all are done.

        RuntimeError when a client crashed: fewer visitors than were promised prove less.
        """
        self.pauses.end()
        self.stopping.set()
        for thread in self._threads:
            thread.join()
        self.ledger.close()
        if self._crashes:
            raise RuntimeError(f"{len(self._crashes)} clients crashed") from self._crashes[0]

    def _run(self, client):
        try:
            client.run()
        except Exception as error:  # whatever it was, stop() tells it
            self._crashes.append(error)

    def result(self):
        """The figures so far; whether the promises were kept is the audit's to say."""
        pauses = self.pauses.report()
        return {
            "acknowledged": self.ledger.count("acknowledged"),
            "ambiguous": self.ledger.count("ambiguous"),
            "abandoned": self.ledger.count("abandoned"),
            "refused": self._refusals,
            "writes_per_s": round(pauses["total"]["acknowledged"] / pauses["total"]["seconds"], 1),
            "longest_pause_ms": pauses["total"]["client_ms"],
            "pauses": pauses,
        }


def _sign_up(number):
    token = uuid.uuid4().hex
    user = f"visitor-{number}-{token[:16]}"
    return Write("signup", token, user, "/signup", {"name": user, "token": token},
                 f"/signup?token={token}")


def _confirmation(token, user):
    return Write("confirm", token, user, "/confirm", {"token": token}, f"/signup?token={token}")


def _post(user):
    token = uuid.uuid4().hex
    title = " ".join(random.choices(WORDS, k=4))
    body = " ".join(random.choices(WORDS, k=random.randint(20, 200)))
    return Write("post", token, user, "/post",
                 {"token": token, "user_name": user, "title": title, "body": body},
                 f"/post?token={token}", crowd_ledger.digest(title, body))


def _json_object(raw):
    try:
        value = json.loads(raw)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


# -- as a process ---------------------------------------------------------------------------------

def _parse_args():
    parser = argparse.ArgumentParser(
        description="Sign up and publish by name until SIGTERM; keep every acknowledged write.",
        epilog="With --control, a line 'mark LABEL' on standard input begins a new window, and the "
               "end of standard input stops the crowd.")
    parser.add_argument("--resolver", required=True, metavar="ADDRESS:PORT")
    parser.add_argument("--name", action="append", required=True, metavar="NAME=KIND",
                        help="kind is proxied or dns-only")
    parser.add_argument("--port", type=int, required=True, help="where the site listens")
    parser.add_argument("--ledger", required=True)
    parser.add_argument("--result", help="write the figures to this file; default: standard output")
    parser.add_argument("--clients", type=int, default=Plan.clients)
    parser.add_argument("--rate", type=float, default=Plan.rate, help="writes a second and client")
    parser.add_argument("--control", action="store_true", help="take commands on standard input")
    return parser.parse_args()


def _obey(crowd, ended):
    for line in sys.stdin:
        command, _, label = line.strip().partition(" ")
        if command == "mark":
            crowd.mark(label)
    ended.set()


def main():
    args = _parse_args()
    address, _, port = args.resolver.rpartition(":")
    plan = Plan(dict(n.split("=", 1) for n in args.name), (address, int(port)), args.port,
                clients=args.clients, rate=args.rate)
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    crowd = Crowd(plan, args.ledger).start()
    print("ready", flush=True)
    if args.control:
        threading.Thread(target=_obey, args=(crowd, ended), daemon=True).start()
    ended.wait()
    crowd.stop()
    text = json.dumps(crowd.result(), indent=2)
    if args.result:
        with open(args.result, "w", encoding="utf-8") as file:
            file.write(text + "\n")
    else:
        print(text)


if __name__ == "__main__":
    main()
