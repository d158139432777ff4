# SPDX-License-Identifier: MIT
"""verify/walk against real servers: packets and text see the same rows and the same keys (walk_check.c)."""

import re
import subprocess
import tempfile
from pathlib import Path

import pytest

from tests.integration.programs import build
from tests.lab import kinds
from tests.lab.lab import CACHE
from tests.lab.ports import Network
from tests.lab.servers import Absent, Server

PASSWORD = "of the one who walks"
ACCOUNT = f"CREATE USER walker@'%' IDENTIFIED BY '{PASSWORD}'; GRANT ALL ON *.* TO walker@'%'"

# Tables by the types of their keys; all rows of a table fit into some pieces of seven.
INTEGERS = ("TINYINT", "SMALLINT", "MEDIUMINT", "INT", "BIGINT")
SIGNED = ("0", "1", "-1", "17", "-128", "127", "99", "-99", "42", "100")
BOUNDS = {"TINYINT": 8, "SMALLINT": 16, "MEDIUMINT": 24, "INT": 32, "BIGINT": 64}
TIMES = {
    "DATE": ("0000-00-00", "2024-02-29", "1000-01-01", "9999-12-31", "2024-00-00", "2020-02-03", "2021-01-01", "2022-01-01"),
    "DATETIME": ("0000-00-00 00:00:00", "2024-02-29 00:00:00", "2024-02-29 23:59:59", "9999-12-31 23:59:59", "2024-03-01 00:00:01",
                 "1000-01-01 00:00:00", "2001-01-01 10:00:00", "2001-01-01 10:00:01"),
    "DATETIME(3)": ("0000-00-00 00:00:00.000", "2024-02-29 00:00:00.001", "2024-02-29 00:00:00.000", "2024-02-29 12:00:00.000",
                    "2024-02-29 12:00:00.120", "2001-01-01 00:00:00.999", "2001-01-02 00:00:00.010", "2001-01-03 00:00:00.100"),
    "TIMESTAMP(6)": ("0000-00-00 00:00:00", "1970-01-01 00:00:01", "2024-02-29 00:00:00.000001", "2024-02-29 00:00:00",
                     "2038-01-19 03:14:07.999999", "2001-01-01 00:00:00.5", "2001-01-01 00:00:00.05", "2001-01-01 00:00:00.005"),
    "TIME": ("00:00:00", "-00:00:01", "838:59:59", "-838:59:59", "100:00:00", "23:59:59", "24:00:00", "09:08:07"),
    "TIME(2)": ("00:00:00", "-00:00:00.01", "838:59:58.99", "-100:00:00.5", "00:00:00.1", "01:00:00", "24:00:00.25", "09:08:07.6"),
    "YEAR": ("0", "1901", "2155", "2000", "1999", "2024", "2025", "2026"),
}
TEXTS = {
    "DECIMAL(20,6)": ("0", "-0.000001", "12345678901234.567891", "-99999999999999.999999", "1", "1.5", "2", "3"),
    "DECIMAL(10,2) UNSIGNED ZEROFILL": ("0", "1.5", "12345678.99", "2", "3", "4", "5", "6"),
    "INT(7) UNSIGNED ZEROFILL": ("0", "1", "4294967295", "1234567", "12345678", "4", "5", "6"),
    "VARCHAR(300) CHARACTER SET utf8mb4": ("''", "'a'", "'ä'", "'☕'", "'日本'", "'it''s'", "REPEAT('x', 299)", "REPEAT('☕', 300)"),
    "CHAR(20) CHARACTER SET latin1": ("''", "'a'", "'ä'", "'Z'", "'b'", "'c'", "'d'", "'e'"),
    "VARCHAR(40) CHARACTER SET utf16": ("''", "'a'", "'ä'", "'☕'", "'b'", "'c'", "'d'", "'e'"),
    "VARBINARY(300)": ("''", "X'00'", "X'FF00FF'", "REPEAT(X'FB', 251)", "X'FC'", "X'FD'", "X'FE'", "X'01'"),
    "BINARY(4)": ("X'00'", "X'01'", "X'FF'", "X'02'", "X'03'", "X'04'", "X'05'", "X'06'"),
    "BIT(1)": ("0", "1"),
    "BIT(64)": ("0", "1", "18446744073709551615", "9223372036854775808", "255", "256", "9223372036854775809", "65536"),
}
INET = ("'::'", "'::1'", "'2001:db8::1'", "'::ffff:1.2.3.4'", "'fe80::1'", "'fe80::2'", "'fe80::3'", "'fe80::4'")
UUID = tuple(f"'{number:08x}-71ca-11e1-9e33-c80aa9429562'" for number in range(1, 9))
SET_OF_64 = "SET(" + ",".join(f"'m{number}'" for number in range(64)) + ")"


def key_tables():
    """(type, literals of its values)"""
    for name in INTEGERS:
        top = 1 << (BOUNDS[name] - 1)
        yield name, SIGNED + (str(top - 2), str(-top))
        yield f"{name} UNSIGNED", tuple(value for value in SIGNED if value[0] != "-") + (str(2 * top - 1), str(top), "2", "3")
    for name, values in TIMES.items():
        yield name, tuple(f"'{value}'" if name != "YEAR" else value for value in values)
    yield from TEXTS.items()


def statements(flavour, version):
    yield "SET NAMES utf8mb4, time_zone = '+00:00', sql_mode = ''"
    yield "CREATE DATABASE walked; USE walked"
    extra = []
    if flavour == "mariadb":
        extra.append(("INET6", INET))
        if version >= (10, 7):
            extra.append(("UUID", UUID))
    for number, (kind, values) in enumerate([*key_tables(), *extra]):
        yield f"CREATE TABLE k{number} (k {kind} NOT NULL PRIMARY KEY, v INT) COMMENT = '{kind.split()[0]}'"
        yield f"INSERT IGNORE INTO k{number} VALUES " + ", ".join(f"({value}, {i})" for i, value in enumerate(values))
    # numbers behind another column; sets that differ in bits which a DOUBLE does not have
    yield f"CREATE TABLE listed (a INT NOT NULL, e ENUM('','z','é') NOT NULL, s {SET_OF_64} NOT NULL, PRIMARY KEY (a, e, s))"
    yield ("INSERT IGNORE INTO listed VALUES " + ", ".join(
        f"({a}, {e}, {(1 << 63) + low})" for a in range(2) for e in range(1, 4) for low in (0, 1, 2, 3, 4)))
    yield ("CREATE TABLE wide (id INT PRIMARY KEY, f FLOAT, d DOUBLE, d2 DOUBLE(9,2), b LONGBLOB, t TEXT, n1 INT NULL, n2 INT NULL, j JSON,"
           " g GEOMETRY, e ENUM('a','b'), s SET('a','b'), y YEAR, z DATE, ts TIMESTAMP(6) NULL, tm TIME(6), bits BIT(12),"
           " twice INT AS (id * 2) VIRTUAL, kept INT AS (id * 3) STORED)")
    yield "SET max_error_count = 0"
    for number in range(20):
        yield (f"INSERT INTO wide (id, f, d, d2, b, t, n1, j, g, e, s, y, z, tm, bits) VALUES ({number}, {number} / 7e0, -0e0, {number} / 3,"
               f" REPEAT('x', {300 * number}), NULL, {number}, '[{number}]', ST_PointFromText('POINT({number} 1)'), 1, 'a,b', 2000,"
               " '0000-00-00', '-1:2:3.4', 5)")
    yield "UPDATE wide SET b = REPEAT('y', 17 << 20) WHERE id IN (6, 7)"  # more than one packet, at a border of pieces
    yield "CREATE TABLE parts (id INT NOT NULL, at DATE NOT NULL, PRIMARY KEY (id, at)) PARTITION BY HASH (id) PARTITIONS 3"
    yield "INSERT INTO parts SELECT id, '2020-01-01' FROM wide"
    yield "CREATE TABLE keyless (a INT, b VARCHAR(10))"
    yield "INSERT INTO keyless VALUES (1, 'x'), (1, 'x'), (NULL, NULL)"
    hidden = "INVISIBLE DEFAULT 7" if flavour == "mariadb" or version >= (8, 0) else "DEFAULT 7"
    yield f"CREATE TABLE hidden (id INT PRIMARY KEY, secret INT {hidden})"
    yield "INSERT INTO hidden (id, secret) VALUES (1, 42)"


@pytest.mark.parametrize("name", ["mariadb", "mariadb-10.5", "mariadb-11.8", "mysql"])
def test_packets_and_text_see_the_same_rows_and_keys(name):
    try:
        kind = kinds.find(name)
    except Absent as absent:
        pytest.skip(str(absent))
    network = Network()
    with tempfile.TemporaryDirectory(prefix="cutover-walk-") as folder:
        password = Path(folder) / "password"
        password.write_text(PASSWORD)
        password.chmod(0o600)
        server = Server(kind, Path(folder) / name, name, network.address(20), 1, kind.empty_template(CACHE),
                        options={"max-allowed-packet": "64M"})
        try:
            server.start()
            server.query(ACCOUNT)
            version = tuple(map(int, re.match(r"(\d+)\.(\d+)", server.query("SELECT VERSION() AS v")[0]["v"]).groups()))
            server.query("; ".join(statements(kind.flavour, version)))
            done = subprocess.run([build("walk_check"), server.address, str(server.port), "walker", password, "walked"],
                                  capture_output=True, text=True, timeout=120, check=False)
        finally:
            server.kill9()
            network.release()
    bad = re.findall(r"(?:^# .*\n)*^(?:not ok|Bail out!).*(?:\n# .*)?", done.stdout, re.MULTILINE)
    assert (done.returncode, bad, done.stderr) == (0, [], ""), done.stdout[-2000:]
    assert re.search(r"^1\.\.\d+$", done.stdout, re.MULTILINE), done.stdout[-2000:]
