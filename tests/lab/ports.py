# SPDX-License-Identifier: MIT
"""Addresses and ports that nobody else uses.

Each lab claims one network 127.77.N.0/24 and gives every server its own address in it. Labs on one machine therefore
cannot clash, and no outgoing connection ever occupies a port of ours (those leave from 127.0.0.1), so that a server
which was killed gets its port back.
"""

import contextlib
import random
import socket

from .procs import LabError

CLAIM_PORT = 7077
NETWORKS = range(1, 255)
FREE_RANGE = range(10000, 30000)  # below the kernel's range for outgoing connections


class Network:
    """One claimed 127.77.N.0/24. The claim is a listening socket on .1: the kernel drops it when the lab dies."""

    def __init__(self):
        for number in random.sample(NETWORKS, len(NETWORKS)):
            self._prefix = f"127.77.{number}"
            self._claim = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            try:
                self._claim.bind((self.address(1), CLAIM_PORT))
                self._claim.listen(1)
                return
            except OSError:
                self._claim.close()
        raise LabError("every 127.77.N.0/24 is claimed by another lab")

    def address(self, host):
        return f"{self._prefix}.{host}"

    def release(self):
        self._claim.close()


def free_port(addresses=("127.0.0.1",), preferred=None):
    """A port that is free on all the addresses, for TCP and UDP; `preferred` when that one is."""
    candidates = random.sample(FREE_RANGE, 200)
    for port in candidates if preferred is None else [preferred, *candidates]:
        if all(_is_free(address, port) for address in addresses):
            return port
    raise LabError(f"no free port on {', '.join(addresses)}")


def can_connect(address, port):
    """Does a TCP server answer there?"""
    with contextlib.suppress(OSError), socket.create_connection((address, port), timeout=1):
        return True
    return False


def _is_free(address, port):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            if kind == socket.SOCK_STREAM:  # what servers set: connections in TIME_WAIT do not count
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address, port))
            except OSError:
                return False
    return True
