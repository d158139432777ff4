# SPDX-License-Identifier: MIT
"""Who starts and stops a server of the lab when its host is asked to, as systemd would: a process that a login started
would end with the login. A command on the host asks through a unix socket; the lab does it, and answers."""

import contextlib
import socketserver
import threading

from .procs import LabError

ASK = 'said=$(echo "$1" | socat -t 120 - "UNIX-CONNECT:$2") || exit 1; [ -z "$said" ] || { echo "$said" >&2; exit 1; }'


class Keeper:
    """Owns: one unix socket and a thread. `stop` and `start` are the words of the commands."""

    def __init__(self, server):
        self.server = server
        path = server.folder / "keeper"
        self.stop, self.start = (["sh", "-c", ASK, "sh", word, str(path)] for word in ("stop", "start"))
        self._listener = _Listener(str(path), _Request)
        self._listener.keeper = self
        threading.Thread(target=self._listener.serve_forever, name=f"{server.name}-keeper", daemon=True).start()

    def do(self, word):
        """Do it; "" or what went wrong."""
        try:
            if word == "stop":
                self.server.stop()
            elif not self.server.is_running:
                self.server.start()
            return ""
        except LabError as error:
            return str(error)

    def close(self):
        self._listener.shutdown()
        self._listener.server_close()


class _Listener(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True


class _Request(socketserver.StreamRequestHandler):
    def handle(self):
        said = self.server.keeper.do(self.rfile.readline().decode().strip())
        with contextlib.suppress(BrokenPipeError):
            self.wfile.write(said.encode())
