# SPDX-License-Identifier: MIT
"""A small HTTP server for the lab: loopback only, and really gone after stop().

Owns:       one listening socket, one thread that accepts, one thread a connection.
Guarantees: after stop() returns nothing of this server answers any more, kept-alive
            connections included, so that a stopped side looks like a dead side.
"""

import json
import socketserver
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

STOP_TIMEOUT_S = 5.0


class Httpd(ThreadingHTTPServer):
    """Serve `handler` on a loopback address; `stopping` is set as soon as stop() begins."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address, port, handler):
        if not address.startswith("127."):
            raise ValueError(f"the lab listens on loopback only, not on {address}")
        self.stopping = threading.Event()
        self._open = set()
        self._changed = threading.Condition()
        self._acceptor = None
        super().__init__((address, port), handler)

    def server_bind(self):
        # HTTPServer would look the address up in the DNS, which may take seconds.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]

    @property
    def address(self):
        return self.server_address[0]

    @property
    def port(self):
        return self.server_address[1]

    def start(self):
        self._acceptor = threading.Thread(
            target=self.serve_forever, kwargs={"poll_interval": 0.05},
            name=f"httpd-{self.port}", daemon=True)
        self._acceptor.start()
        return self

    def stop(self):
        """Stop accepting, cut every open connection, wait for their threads."""
        self.stopping.set()
        if self._acceptor is not None:
            self.shutdown()
            self._acceptor.join()
        self.server_close()
        with self._changed:
            for connection in self._open:
                _hang_up(connection)
            self._changed.wait_for(lambda: not self._open, STOP_TIMEOUT_S)

    def process_request(self, request, client_address):
        with self._changed:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request):
        super().shutdown_request(request)
        with self._changed:
            self._open.discard(request)
            self._changed.notify_all()

    def handle_error(self, request, client_address):
        """A peer that hangs up is daily life here; anything else is a bug and is shown."""
        if not self.stopping.is_set() and not _is_disconnect():
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """HTTP/1.1 with keep-alive; a subclass sets METHODS and writes handle_request()."""

    METHODS = ("GET", "POST")
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # one segment for head and body
    timeout = 60   # an idle kept-alive connection ends after this

    def __init_subclass__(cls):
        for method in cls.METHODS:
            setattr(cls, f"do_{method}", cls.handle_request)

    def handle_request(self):
        raise NotImplementedError

    def read_body(self):
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def read_json(self):
        """The body as a JSON object; ValueError when it is anything else."""
        body = json.loads(self.read_body() or b"{}")
        if not isinstance(body, dict):
            raise ValueError("the body is not a JSON object")
        return body

    def send_body(self, status, content_type, body, headers=()):
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def send_json(self, status, value, headers=()):
        self.send_body(status, "application/json", json.dumps(value).encode(), headers)

    def hang_up(self):
        """End the connection now, without another byte of answer."""
        self.close_connection = True
        _hang_up(self.connection)

    def log_message(self, format, *args):  # noqa: A002 - the base class names it so
        """Servers keep their own logs where a test wants one."""


def _hang_up(connection):
    try:
        connection.shutdown(2)
    except OSError:
        pass  # already gone, which is what was wanted


def _is_disconnect():
    return isinstance(sys.exc_info()[1], (ConnectionError, TimeoutError))
