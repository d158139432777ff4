# SPDX-License-Identifier: MIT
"""The server's side of the MySQL protocol on one connection: greeting, TLS, login, commands, text answers.

Source: MySQL source code documentation, "Client/Server Protocol" (dev.mysql.com/doc/dev/mysql-server/latest/PAGE_PROTOCOL.html).
"""

import hashlib
import secrets
import struct

MAX_PACKET = 0xFFFFFF
COM_QUIT, COM_INIT_DB, COM_QUERY, COM_PING, COM_RESET = 0x01, 0x02, 0x03, 0x0E, 0x1F
CLIENT_MYSQL, CLIENT_SSL, CLIENT_CONNECT_WITH_DB = 0x1, 0x800, 0x8
CLIENT_PLUGIN_AUTH, CLIENT_AUTH_LENENC = 0x80000, 0x200000
# LONG_PASSWORD LONG_FLAG CONNECT_WITH_DB PROTOCOL_41 TRANSACTIONS SECURE_CONNECTION MULTI_RESULTS PLUGIN_AUTH
# CONNECT_ATTRS AUTH_LENENC. Neither DEPRECATE_EOF nor QUERY_ATTRIBUTES: an answer ends with EOF, a query is nothing but its text.
CAPABILITIES = 0x1 | 0x4 | 0x8 | 0x200 | 0x2000 | 0x8000 | 0x20000 | 0x80000 | 0x100000 | 0x200000
STATUS_AUTOCOMMIT = 2
UTF8MB4, TYPE_LONGLONG, TYPE_STRING = 45, 8, 253


class Disconnected(Exception):
    """The client has gone."""


def lenenc(number):
    if number < 251:
        return bytes([number])
    if number < 1 << 16:
        return b"\xfc" + struct.pack("<H", number)
    if number < 1 << 24:
        return b"\xfd" + struct.pack("<I", number)[:3]
    return b"\xfe" + struct.pack("<Q", number)


def lenenc_text(value):
    data = value if isinstance(value, bytes) else str(value).encode()
    return lenenc(len(data)) + data


def native_scramble(password, nonce):
    if not password:
        return b""
    one = hashlib.sha1(password.encode()).digest()
    two = hashlib.sha1(nonce + hashlib.sha1(one).digest()).digest()
    return bytes(a ^ b for a, b in zip(one, two, strict=True))


def sha2_scramble(password, nonce):
    if not password:
        return b""
    one = hashlib.sha256(password.encode()).digest()
    two = hashlib.sha256(hashlib.sha256(one).digest() + nonce).digest()
    return bytes(a ^ b for a, b in zip(one, two, strict=True))


SCRAMBLES = {"mysql_native_password": native_scramble, "caching_sha2_password": sha2_scramble}


class Wire:
    """One connection. `context` is the server's TLS, None for none."""

    def __init__(self, connection, context):
        self._connection = connection
        self._context = context
        self._sequence = 0
        self._unsent = b""
        self.has_tls = False

    # --- login

    def log_in(self, version, thread_id, accounts):
        """Greet and check who comes; the name of the user. accounts: {user: password}"""
        nonce = bytes(secrets.choice(range(1, 127)) for _ in range(20))
        self._send(self._greeting(version, thread_id, nonce))
        packet = self._receive()
        if self._context is not None and len(packet) == 32 and struct.unpack_from("<I", packet)[0] & CLIENT_SSL:
            self._connection = self._context.wrap_socket(self._connection, server_side=True)
            self.has_tls = True
            packet = self._receive()
        user, proof, plugin = _parse_login(packet)
        if plugin != version.auth_plugin:
            self._send(b"\xfe" + version.auth_plugin.encode() + b"\0" + nonce + b"\0")
            proof = self._receive()
        wanted = SCRAMBLES[version.auth_plugin](accounts.get(user, secrets.token_hex(8)), nonce)
        if proof.rstrip(b"\0") != wanted.rstrip(b"\0") and proof != wanted:
            self.error(1045, f"Access denied for user '{user}'@'localhost'", "28000")
            self.flush()
            raise Disconnected
        if version.auth_plugin == "caching_sha2_password" and wanted:
            self._send(b"\x01\x03")  # the server remembers this password: nothing more is asked
        self.ok()
        return user

    def _greeting(self, version, thread_id, nonce):
        capabilities = CAPABILITIES | (CLIENT_SSL if self._context is not None else 0)
        if version.flavour == "mariadb":
            capabilities &= ~CLIENT_MYSQL  # how MariaDB tells itself apart
        return (b"\x0a" + version.greeting.encode() + b"\0" + struct.pack("<I", thread_id) + nonce[:8] + b"\0"
                + struct.pack("<H", capabilities & 0xFFFF) + bytes([UTF8MB4]) + struct.pack("<H", STATUS_AUTOCOMMIT)
                + struct.pack("<H", capabilities >> 16) + bytes([21]) + b"\0" * 10 + nonce[8:] + b"\0"
                + version.auth_plugin.encode() + b"\0")

    # --- commands and answers

    def command(self):
        """The next command: (number, its text)."""
        self._sequence = 0
        packet = self._receive()
        return packet[0], packet[1:]

    def ok(self, affected=0):
        self._send(b"\0" + lenenc(affected) + lenenc(0) + struct.pack("<HH", STATUS_AUTOCOMMIT, 0))

    def error(self, number, text, state="HY000"):
        self._send(b"\xff" + struct.pack("<H", number) + b"#" + state.encode() + text.encode()[:500])

    def rows(self, names, rows):
        self._send(lenenc(len(names)))
        for at, name in enumerate(names):
            values = [row[at] for row in rows if row[at] is not None]
            is_number = bool(values) and all(isinstance(value, int) for value in values)
            self._send(b"".join(map(lenenc_text, ("def", "", "", "", name, ""))) + b"\x0c"
                       + struct.pack("<HIBHB", *((63, 20, TYPE_LONGLONG) if is_number else (UTF8MB4, 4096, TYPE_STRING)), 0, 0)
                       + b"\0\0")
        self._end_of_part()
        for row in rows:
            self._send(b"".join(b"\xfb" if value is None else lenenc_text(value) for value in row))
        self._end_of_part()

    def _end_of_part(self):
        self._send(b"\xfe" + struct.pack("<HH", 0, STATUS_AUTOCOMMIT))

    # --- packets

    def _send(self, payload):
        assert len(payload) < MAX_PACKET, "longer than any scripted answer"
        self._unsent += struct.pack("<I", len(payload))[:3] + bytes([self._sequence]) + payload
        self._sequence = (self._sequence + 1) % 256

    def flush(self):
        """Send what has been said so far, in one piece."""
        data, self._unsent = self._unsent, b""
        if data:
            self._connection.sendall(data)

    def _receive(self):
        self.flush()
        payload = b""
        while True:
            head = self._read(4)
            length = int.from_bytes(head[:3], "little")
            self._sequence = (head[3] + 1) % 256
            payload += self._read(length)
            if length < MAX_PACKET:
                return payload

    def _read(self, count):
        data = b""
        while len(data) < count:
            piece = self._connection.recv(count - len(data))
            if not piece:
                raise Disconnected
            data += piece
        return data


def _parse_login(packet):
    capabilities = struct.unpack_from("<I", packet)[0]
    user, _, rest = packet[32:].partition(b"\0")
    length, rest = rest[0], rest[1:]  # shorter than 251 whatever the encoding
    proof, rest = rest[:length], rest[length:]
    if capabilities & CLIENT_CONNECT_WITH_DB:
        rest = rest.partition(b"\0")[2]
    plugin = rest.partition(b"\0")[0].decode() if capabilities & CLIENT_PLUGIN_AUTH else ""
    return user.decode(), proof, plugin
