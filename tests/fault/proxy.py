# SPDX-License-Identifier: MIT
"""A network that can be cut: a TCP proxy in front of a server, which knows which process each connection comes from.

    with Proxy(listen=("127.77.3.21", 3306), server=("127.77.3.21", 13306), callers=lambda: {"new1": pid}) as proxy:
        proxy.cut({"new1"}, SILENCE)     # nothing of new1's passes any more, and nobody is told
        proxy.heal()

Whoever is not among `callers` counts as ELSE: in the lab that is the program under test.

SILENCE  packets vanish: bytes stop where they are, connections stay, a new one is accepted and never answered. What
         was under way arrives when the network is back, as a retransmitted packet does, even if its sender is gone.
RESET    connections are reset, and new ones as well, until the network is back.

Threads: one, which runs the event loop; every public method may be called from any other.
"""

import asyncio
import contextlib
import os
import socket
import struct
import threading

SILENCE, RESET = "silence", "reset"
ELSE = "else"
PIECE = 1 << 16
RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER


class Proxy:
    """Owns: its listening socket, its thread, and both ends of every connection through it."""

    def __init__(self, listen, server, callers):
        self.address, self._server, self._callers = listen, server, callers
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=f"proxy {listen[0]}", daemon=True)
        self._streams = set()   # Stream
        self._cut_off, self._form = frozenset(), SILENCE
        self._listener = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def start(self):
        self._thread.start()
        self._call(self._open())
        return self

    def stop(self):
        self._call(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def cut(self, callers, form=SILENCE):
        """From now on nothing passes between the server and these callers."""
        self._call(self._cut(frozenset(callers), form))

    def heal(self):
        self._call(self._heal())

    def connections_of(self, caller):
        """How many there are now."""
        return sum(stream.caller == caller for stream in list(self._streams))

    # --- in the loop -------------------------------------------------------------------------------------------------

    def _call(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(30)

    async def _open(self):
        self._listener = await asyncio.start_server(self._serve, *self.address, backlog=512)

    async def _close(self):
        self._listener.close()
        for stream in list(self._streams):
            stream.reset()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _cut(self, callers, form):
        self._cut_off, self._form = callers, form
        for stream in list(self._streams):
            self._apply(stream)

    async def _heal(self):
        self._cut_off = frozenset()
        for stream in list(self._streams):
            stream.gate.set()

    def _apply(self, stream):
        if stream.caller not in self._cut_off:
            return
        if self._form == RESET:
            stream.reset()
        else:
            stream.gate.clear()

    async def _serve(self, reader, writer):
        stream = Stream(self._caller_of(writer), writer)
        self._streams.add(stream)
        try:
            self._apply(stream)
            await stream.gate.wait()
            await stream.carry(reader, self._server)
        finally:
            stream.reset()
            self._streams.discard(stream)

    def _caller_of(self, writer):
        inode = inode_of(writer.get_extra_info("peername"), writer.get_extra_info("sockname"))
        for name, pid in self._callers().items():
            if inode and pid and has_socket(pid, inode):
                return name
        return ELSE


class Stream:
    """One connection and its other half. `gate` is open while bytes may pass."""

    def __init__(self, caller, writer):
        self.caller = caller
        self.gate = asyncio.Event()
        self.gate.set()
        self._writers = [writer]

    async def carry(self, reader, server):
        """Until either end has said all, or is gone."""
        try:
            from_server, to_server = await asyncio.open_connection(*server)
        except OSError:
            return  # nobody listens there: the caller is reset
        self._writers.append(to_server)
        ways = [asyncio.ensure_future(self._pass_on(reader, to_server)),
                asyncio.ensure_future(self._pass_on(from_server, self._writers[0]))]
        try:
            done, _ = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            if all(way.exception() is None for way in done):
                await self._say_good_bye()
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    async def _pass_on(self, reader, writer):
        while True:
            piece = await reader.read(PIECE)
            await self.gate.wait()
            if not piece:
                return
            writer.write(piece)
            await writer.drain()

    async def _say_good_bye(self):
        """One end closed in order: what it said before that is delivered, then the other end is closed in order."""
        for writer in self._writers:
            with contextlib.suppress(OSError):
                writer.close()
                await writer.wait_closed()

    def reset(self):
        """To both ends the connection is broken. Nothing to do where it is closed already."""
        self.gate.set()
        for writer in self._writers:
            with contextlib.suppress(OSError):
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
            writer.transport.abort()


# --- whose connection is it? -----------------------------------------------------------------------------------------

def inode_of(local, remote):
    """The inode of the socket on this machine that is bound to `local` and connected to `remote`; None when there is
    none."""
    wanted = [as_in_proc(local), as_in_proc(remote)]
    with open("/proc/net/tcp", encoding="ascii") as table:
        for line in table:
            fields = line.split()
            if fields[1:3] == wanted:
                return fields[9]
    return None


def as_in_proc(address):
    host, port = address
    return f"{struct.unpack('=I', socket.inet_aton(host))[0]:08X}:{port:04X}"


def has_socket(pid, inode):
    """Is the socket one of this process's files?"""
    folder = f"/proc/{pid}/fd"
    with contextlib.suppress(OSError):  # the process has ended
        for name in os.listdir(folder):
            with contextlib.suppress(OSError):
                if os.readlink(f"{folder}/{name}") == f"socket:[{inode}]":
                    return True
    return False
