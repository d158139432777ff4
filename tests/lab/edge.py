# SPDX-License-Identifier: MIT
"""The edge: the reverse proxy that a proxied name's visitors talk to.

Owns:       one address, and which origin each name has just now. It is told (set_origin,
            remove_origin) and does not ask; who tells it decides how late.
Guarantees: a request is sent to an origin at most once. It never repeats one, because a write
            whose answer was lost may have been made.
Answers as the real one does: 530 no origin known, 521 origin refuses, 522 no connection in time,
524 no answer in time, 520 an answer that ends too soon. 521, 522 and 530 mean that the request
never reached an origin; the others leave that open.
"""

import http.client
import threading

from .httpd import Handler, Httpd

CONNECT_TIMEOUT_S = 2.0
ANSWER_TIMEOUT_S = 30.0
CHUNK_BYTES = 64 * 1024
HOP_BY_HOP = {"connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te",
              "trailer", "transfer-encoding", "upgrade"}


class Edge:
    """Listen on `address`:`port`; forward to the origin of the Host on the same port.

    origin_port  only where the origins cannot have the edge's port
    """

    def __init__(self, address, port=0, origin_port=None):
        self._origins = {}
        self._lock = threading.Lock()
        self._httpd = Httpd(address, port, type("EdgeHandler", (_Handler,), {"edge": self}))
        self.address, self.port = self._httpd.address, self._httpd.port
        self.origin_port = origin_port or self.port

    def start(self):
        self._httpd.start()
        return self

    def stop(self):
        self._httpd.stop()

    def set_origin(self, name, address):
        """From the next request on, `name` is served by `address`."""
        with self._lock:
            self._origins[name] = address

    def remove_origin(self, name):
        with self._lock:
            self._origins.pop(name, None)

    def origin(self, name):
        with self._lock:
            return self._origins.get(name)


class _Handler(Handler):
    """One connection of a visitor. Each request gets a connection of its own to the origin: a
    reused one may be dead already, and then nobody could tell whether the request arrived."""

    METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
    edge = None  # set by Edge

    def handle_request(self):
        body = self.read_body()
        host = self.headers.get("Host", "").rpartition(":")[0] or self.headers.get("Host", "")
        address = self.edge.origin(host.lower())
        if address is None:
            return self._fail(530, "the edge knows no origin for this name")
        origin = http.client.HTTPConnection(address, self.edge.origin_port,
                                            timeout=CONNECT_TIMEOUT_S)
        try:
            return self._forward(origin, body)
        finally:
            origin.close()

    def _forward(self, origin, body):
        try:
            origin.connect()
        except TimeoutError:
            return self._fail(522, "no connection to the origin in time")
        except OSError:
            return self._fail(521, "the origin refuses connections")
        origin.sock.settimeout(ANSWER_TIMEOUT_S)
        try:
            origin.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in _end_to_end(self.headers):
                origin.putheader(name, value)
            origin.endheaders(body)
            answer = origin.getresponse()
        except TimeoutError:
            return self._fail(524, "no answer from the origin in time")
        except (OSError, http.client.HTTPException):
            return self._fail(520, "the origin hung up without an answer")
        return self._stream(answer)

    def _stream(self, answer):
        """Pass the answer on as it comes; one that breaks off breaks off here, too."""
        self.send_response_only(answer.status, answer.reason)
        for name, value in _end_to_end(answer.headers):
            self.send_header(name, value)
        self.send_header("X-Lab-Edge", "1")
        has_length = answer.getheader("Content-Length") is not None
        has_body = self.command != "HEAD" and answer.status not in (204, 304)
        is_chunked = has_body and not has_length
        if is_chunked:
            self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        try:
            while has_body and (chunk := answer.read1(CHUNK_BYTES)):
                self.wfile.write(b"%x\r\n%b\r\n" % (len(chunk), chunk) if is_chunked else chunk)
                self.wfile.flush()
        except (OSError, http.client.HTTPException):
            return self.hang_up()
        if has_body and has_length and answer.length:
            return self.hang_up()
        if is_chunked:
            self.wfile.write(b"0\r\n\r\n")
        return None

    def _fail(self, status, why):
        text = f"error code: {status} ({why})"
        self.send_body(status, "text/plain; charset=UTF-8", text.encode(), [("X-Lab-Edge", "1")])


def _end_to_end(headers):
    return [(name, value) for name, value in headers.items() if name.lower() not in HOP_BY_HOP]
