# SPDX-License-Identifier: MIT
"""The site: one small blog engine on each side, which knows only its own side's primary.

Owns:       its listening address and a pool of connections to one database.
Guarantees: 200 is sent after COMMIT succeeded, never before. 503 means that nothing was written
            and the request may be repeated anywhere. 500 "unknown" means that COMMIT was sent and
            its answer was lost: the write may be there or not, and only the data can tell.
Every answer says which side gave it, in the header X-Lab-Side.

    POST /signup  {name, token}                     reserve a name
    POST /confirm {token}                           confirm it; the user exists from now on
    POST /post    {token, user_name, title, body}   publish
    GET  /signup?token=   GET /post?token=          is it there?
    GET  /whoami                                    which side is this?
"""

import contextlib
import threading
from urllib.parse import parse_qsl, urlsplit

import pymysql
from pymysql.constants import CR, ER

from .httpd import Handler, Httpd

IDLE_CONNECTIONS = 16
IDLE_S = 5  # a side that nobody visits any more soon has no session on its database
STATEMENT_TIMEOUT_S = 10
ER_READ_ONLY_MODE = 1836
ACCOUNT_LOCKED = {4151, 3118}  # MariaDB's and MySQL's: this side was left, and a new session finds its account locked
ER_CONNECTION_KILLED = 1927          # MariaDB's
ER_SESSION_WAS_KILLED = 3169         # and MySQL's
ER_CLIENT_INTERACTION_TIMEOUT = 4031  # MySQL says goodbye to an idle session; MariaDB just closes it
READ_ONLY = {ER.OPTION_PREVENTS_STATEMENT, ER_READ_ONLY_MODE}
CONNECTION_GONE = {CR.CR_SERVER_GONE_ERROR, CR.CR_SERVER_LOST, CR.CR_CONN_HOST_ERROR,
                   CR.CR_CONNECTION_ERROR, 0, ER.SERVER_SHUTDOWN, ER_CONNECTION_KILLED, ER_SESSION_WAS_KILLED,
                   ER_CLIENT_INTERACTION_TIMEOUT}


class Refusal(Exception):
    """An answer other than 200."""

    def __init__(self, status, error, **details):
        super().__init__(error)
        self.status, self.answer = status, {"error": error, **details}


class Pool:
    """Connections to one database, kept for the next request; a dead one is replaced."""

    def __init__(self, database):
        self._database = database
        self._lock = threading.Lock()
        self._idle = []

    def transact(self, work):
        """Run `work(cursor)` in one transaction and return its result once it is committed.

        A pooled connection may have died since; as long as COMMIT was not sent nothing is written,
        so the whole transaction is run again, once, on a new connection.
        """
        connection = self._take()
        try:
            return self._attempt(connection or self._open(), work)
        except pymysql.MySQLError as error:
            if connection is None or _code(error) not in CONNECTION_GONE:
                raise _refusal(error) from error
        try:
            return self._attempt(self._open(), work)
        except pymysql.MySQLError as error:
            raise _refusal(error) from error

    def close(self):
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            _discard(connection)

    def _attempt(self, connection, work):
        """MySQLError before COMMIT: nothing is written. Refusal: what the visitor is to be told."""
        try:
            connection.begin()
            with connection.cursor() as cursor:
                result = work(cursor)
        except Refusal:
            connection.rollback()
            self._keep(connection)
            raise
        except pymysql.MySQLError:
            _discard(connection)
            raise
        try:
            connection.commit()
        except pymysql.MySQLError as error:
            _discard(connection)
            if _code(error) in READ_ONLY:
                raise  # refused before it began
            raise Refusal(500, "unknown", detail=str(error)) from error
        self._keep(connection)
        return result

    def _take(self):
        with self._lock:
            return self._idle.pop() if self._idle else None

    def _keep(self, connection):
        with self._lock:
            if len(self._idle) < IDLE_CONNECTIONS:
                self._idle.append(connection)
                return
        _discard(connection)

    def _open(self):
        return self._database.connect(STATEMENT_TIMEOUT_S, idle_s=IDLE_S)


class Site:
    """One side's site. `side` is "old" or "new", `database` (a Database) its own primary."""

    def __init__(self, side, address, port, database):
        self.side = side
        self.pool = Pool(database)
        self._httpd = Httpd(address, port, type("SiteHandler", (_Handler,), {"site": self}))
        self.address, self.port = self._httpd.address, self._httpd.port

    def start(self):
        self._httpd.start()
        return self

    def stop(self):
        self._httpd.stop()
        self.pool.close()


# -- what a visitor can do: each is one transaction ------------------------------------------------

def _sign_up(cursor, side, name, token):
    try:
        cursor.execute(
            "INSERT INTO signups (name, token, state, side, reserved_at)"
            " VALUES (%s, %s, 'reserved', %s, NOW(6))", (name, token, side))
    except pymysql.IntegrityError as error:
        if _code(error) != ER.DUP_ENTRY:
            raise
        cursor.execute("SELECT token FROM signups WHERE name = %s OR token = %s", (name, token))
        row = cursor.fetchone()
        raise Refusal(409, "duplicate", token=row and row["token"]) from None
    return {"token": token, "state": "reserved"}


def _confirm(cursor, side, token):
    confirmed = cursor.execute(
        "UPDATE signups SET state = 'confirmed', confirmed_at = NOW(6), confirmed_side = %s"
        " WHERE token = %s AND state = 'reserved'", (side, token))
    if not confirmed:
        cursor.execute("SELECT token FROM signups WHERE token = %s", (token,))
        if cursor.fetchone() is None:
            raise Refusal(404, "no such sign-up")
        raise Refusal(409, "duplicate", token=token)
    cursor.execute(
        "INSERT INTO users (signup_id, name, created_at)"
        " SELECT id, name, NOW(6) FROM signups WHERE token = %s", (token,))
    return {"token": token, "state": "confirmed"}


def _publish(cursor, side, token, user_name, title, body):
    cursor.execute(
        "INSERT INTO posts (token, user_name, title, body, side, created_at)"
        " VALUES (%s, %s, %s, %s, %s, NOW(6))", (token, user_name, title, body, side))
    return {"token": token, "id": cursor.lastrowid}


def _read_signup(cursor, side, token):
    cursor.execute("SELECT name, token, state, side, confirmed_side FROM signups WHERE token = %s",
                   (token,))
    return cursor.fetchone() or _not_found("sign-up")


def _read_post(cursor, side, token):
    cursor.execute("SELECT id, token, user_name, title, body, side FROM posts WHERE token = %s"
                   " ORDER BY id LIMIT 1", (token,))
    return cursor.fetchone() or _not_found("post")


def _not_found(what):
    raise Refusal(404, f"no such {what}")


ROUTES = {
    # (method, path):      (handler, the parameters it needs)
    ("POST", "/signup"): (_sign_up, ("name", "token")),
    ("POST", "/confirm"): (_confirm, ("token",)),
    ("POST", "/post"): (_publish, ("token", "user_name", "title", "body")),
    ("GET", "/signup"): (_read_signup, ("token",)),
    ("GET", "/post"): (_read_post, ("token",)),
}


class _Handler(Handler):
    METHODS = ("GET", "POST")
    site = None  # set by Site

    def handle_request(self):
        target = urlsplit(self.path)
        try:
            given = self.read_json() if self.command == "POST" else dict(parse_qsl(target.query))
            answer = self._act(target.path, given)
        except ValueError as error:
            return self._reply(400, {"error": str(error)})
        except Refusal as refusal:
            return self._reply(refusal.status, refusal.answer)
        return self._reply(200, answer)

    def _act(self, path, given):
        if (self.command, path) == ("GET", "/whoami"):
            return {"side": self.site.side}
        if (self.command, path) not in ROUTES:
            raise Refusal(404, "no such page")
        handler, needed = ROUTES[self.command, path]
        missing = [name for name in needed if not isinstance(given.get(name), str)]
        if missing:
            raise Refusal(400, f"missing: {', '.join(missing)}")
        values = {name: given[name] for name in needed}
        return self.site.pool.transact(lambda cursor: handler(cursor, self.site.side, **values))

    def _reply(self, status, answer):
        self.send_json(status, answer, [("X-Lab-Side", self.site.side)])


def _code(error):
    return error.args[0] if error.args else 0


def _refusal(error):
    """What a visitor is told of an error before COMMIT, when surely nothing was written."""
    code = _code(error)
    if code in READ_ONLY | ACCOUNT_LOCKED:
        return Refusal(503, "read-only")
    if code in (ER.LOCK_DEADLOCK, ER.LOCK_WAIT_TIMEOUT):
        return Refusal(503, "busy", detail=str(error))
    return Refusal(503, "unavailable", detail=str(error))


def _discard(connection):
    """The server rolls back what was not committed, whether the goodbye reaches it or not."""
    with contextlib.suppress(pymysql.MySQLError):
        connection.close()
