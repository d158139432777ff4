# SPDX-License-Identifier: MIT
"""The data set of the measurements: narrow, wide, document and string-key tables, of as many MB as one likes.

Rows are made by the server itself from a sequence and are the same every time, on every kind of server: so by SHA2() only,
since MySQL 9.7 has no MD5() and no SHA1(). `sbtestN` are sysbench's own tables, so that it can write to them; half of them
are in an 8-bit character set, because servers treat those differently.
"""

import hashlib
import tempfile
from pathlib import Path

from tests.lab import ports
from tests.lab.procs import together
from tests.lab.servers import Server, cached

SCHEMA = "bench"
NARROW_TABLES = 4

# The numbers that the rows are made from: MariaDB has a table of them, MySQL counts.
_NUMBERS = {
    "mariadb": "seq_1_to_{count}",
    "mysql": "(WITH RECURSIVE counted (seq) AS (SELECT CAST(1 AS UNSIGNED) UNION ALL SELECT seq + 1 FROM counted"
             " WHERE seq < {count}) SELECT seq FROM counted) AS numbers",
}
# To count so far, and in memory: one that goes on on disk fails now and then, "Table '#sql...' doesn't exist".
_COUNTING = {
    "mariadb": {},
    "mysql": {"cte-max-recursion-depth": 4294967295, "temptable-max-ram": "1G", "tmp-table-size": "1G"},
}
_REDO_LOG = {"mariadb": "innodb-log-file-size", "mysql": "innodb-redo-log-capacity"}

_SBTEST = """CREATE TABLE sbtest{number} (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, k INT NOT NULL DEFAULT 0,
 c CHAR(120) NOT NULL DEFAULT '', pad CHAR(60) NOT NULL DEFAULT '', KEY k_{number} (k)) DEFAULT CHARSET={charset}"""
_SBTEST_ROWS = """INSERT INTO sbtest{number} SELECT seq, CRC32(seq) % 1000000, LEFT(REPEAT(SHA2(CONCAT(seq, 'c{number}'), 256), 2), 119),
 LEFT(SHA2(seq, 256), 59) FROM seq_1_to_{count}"""

_STRING_KEY = """CREATE TABLE string_key (tenant VARCHAR(24) NOT NULL, sku VARCHAR(40) NOT NULL, region CHAR(4) NOT NULL,
 price DECIMAL(12,2), stock INT, note VARCHAR(60), updated DATETIME(3), PRIMARY KEY (tenant, sku, region))
 DEFAULT CHARSET=utf8mb4"""
# Ascending in key order: a server loads that as fast as it can.
_STRING_KEY_ROWS = """INSERT INTO string_key SELECT CONCAT('tenant-', LPAD(seq DIV 2000, 6, '0')), CONCAT('sku-', LPAD(seq DIV 2, 10, '0')),
 IF(seq % 2, 'us', 'eu'), CRC32(seq) / 100, IF(seq % 7, seq % 1000, NULL), IF(seq % 5, CONCAT('note ', LEFT(SHA2(seq, 256), 40)), ''),
 TIMESTAMPADD(MICROSECOND, seq * 1000, '2024-01-01') FROM seq_1_to_{count}"""

_WIDE = """CREATE TABLE wide (id BIGINT UNSIGNED NOT NULL PRIMARY KEY, title VARCHAR(200), body VARCHAR(1200), raw BLOB,
 n1 INT, n2 BIGINT, n3 SMALLINT UNSIGNED, amount DECIMAL(20,6), ratio FLOAT, exact DOUBLE, flags BIT(12),
 kind ENUM('a','b','c'), tags SET('x','y','z'), born DATE, at DATETIME(6), seen TIMESTAMP(3) NULL, took TIME(3), y YEAR,
 settings JSON, c1 VARCHAR(100), c2 VARCHAR(100), c3 VARCHAR(100), c4 CHAR(32) CHARACTER SET ascii) DEFAULT CHARSET=utf8mb4"""
_WIDE_ROWS = """INSERT INTO wide SELECT seq, CONCAT('Straße nach Łódź ', LEFT(SHA2(seq, 256), 40)), REPEAT(SHA2(seq, 256), 16),
 REPEAT(UNHEX(SHA2(seq, 512)), 16), CRC32(seq) >> 1, seq * 7919, seq % 65536, CRC32(seq) / 7, seq / 7, seq / 7, seq % 4096,
 1 + seq % 3, seq % 8, TIMESTAMPADD(DAY, seq % 9000, '2000-01-01'), TIMESTAMPADD(MICROSECOND, seq * 1234567, '2020-02-29'),
 FROM_UNIXTIME(1600000000 + seq), SEC_TO_TIME(seq % 86400), 1970 + seq % 100, JSON_OBJECT('k', seq, 'deep', JSON_ARRAY(1, LEFT(SHA2(seq, 256), 40))),
 IF(seq % 3, SHA2(seq, 384), NULL), IF(seq % 4, LEFT(SHA2(seq, 256), 40), ''), CONCAT('日本 ', LEFT(SHA2(seq, 256), 32)), LEFT(SHA2(seq, 256), 32) FROM seq_1_to_{count}"""

_DOCUMENTS = """CREATE TABLE documents (id INT NOT NULL PRIMARY KEY, body MEDIUMTEXT, meta JSON, attachment MEDIUMBLOB)
 DEFAULT CHARSET=utf8mb4"""
# About 4.5 KB a row, most of it in few rows: 3 % have an attachment of 64 KB, one of 2000 has half a megabyte.
_DOCUMENTS_ROWS = """INSERT INTO documents SELECT seq, REPEAT(CONCAT('Ärger mit Döner ', LEFT(SHA2(seq, 256), 40), ' '), 1 + CRC32(seq) % 70),
 JSON_OBJECT('id', seq, 'tags', JSON_ARRAY('a', LEFT(SHA2(seq, 256), 32)), 'text', SHA2(seq, 512)),
 IF(seq % 2000 = 0, REPEAT(UNHEX(SHA2(seq, 512)), 8192), IF(seq % 33 = 0, REPEAT(UNHEX(SHA2(seq, 512)), 1024), NULL))
 FROM seq_1_to_{count}"""

# Statement, rows, share of all bytes, bytes of a row.
_TABLES = [
    *[(_SBTEST.format(number=number, charset=("latin1", "utf8mb4")[number % 2]),
       _SBTEST_ROWS.replace("{number}", str(number)), 0.1, 190) for number in range(1, NARROW_TABLES + 1)],
    (_STRING_KEY, _STRING_KEY_ROWS, 0.15, 100),
    (_WIDE, _WIDE_ROWS, 0.2, 3000),
    (_DOCUMENTS, _DOCUMENTS_ROWS, 0.25, 4600),
]
TABLES = [create.split()[2] for create, _, _, _ in _TABLES]


def rows_of(mb):
    """{table: rows} of a data set of `mb` MB."""
    return {table: int(mb * 1e6 * share / row_bytes) for table, (_, _, share, row_bytes) in zip(TABLES, _TABLES)}


def template(folder, mb, kind):
    """A data directory of that kind that holds the data set; made, in a minute or two, when `folder` has none."""

    def build(datadir):
        with tempfile.TemporaryDirectory(dir=folder, prefix="load-") as place:
            network = ports.Network()
            server = Server(kind, Path(place), "loader", network.address(2), 1, kind.empty_template(folder),
                            options={**kind.bulk_options, **redo_log(kind), **_COUNTING[kind.flavour],
                                     "innodb-buffer-pool-size": "1G"})
            try:
                server.start()
                _load(server, mb)
                server.stop()
            finally:
                server.kill9()
                network.release()
            kind.forget_identity(server.data)
            server.data.rename(datadir)

    digest = hashlib.sha256(repr(_TABLES).encode()).hexdigest()[:12]
    folder.mkdir(parents=True, exist_ok=True)
    return cached(folder / f"data-{mb}mb-{kind.version}-{digest}", build)


def redo_log(kind):
    """Its option for a log that a load of this size does not fill."""
    return {_REDO_LOG[kind.flavour]: "512M"}


def statements(flavour, mb):
    """[(what creates a table, what fills it)] of a data set of `mb` MB, as that flavour spells it."""
    return [(create, fill.replace(_NUMBERS["mariadb"], _NUMBERS[flavour]).format(count=rows))
            for (create, fill, _, _), rows in zip(_TABLES, rows_of(mb).values())]


def column_lengths(server, table):
    """An expression that reads every column of a row: the sum of their lengths."""
    rows = server.query("SELECT column_name AS name FROM information_schema.columns WHERE table_schema = %s AND"
                        " table_name = %s ORDER BY ordinal_position", (SCHEMA, table))
    return " + ".join(f"IFNULL(LENGTH(`{row['name']}`), 0)" for row in rows)


def logical_bytes(server):
    """What the values of all rows are long."""
    return sum(int(server.value(f"SELECT SUM({column_lengths(server, table)}) FROM {SCHEMA}.{table}")) for table in TABLES)


def _load(server, mb):
    server.query(f"CREATE DATABASE {SCHEMA}")
    jobs = statements(server.kind.flavour, mb)
    together(*[lambda jobs=jobs[half::2]: _fill(server, jobs) for half in (0, 1)])
    server.query("ANALYZE LOCAL TABLE " + ", ".join(f"{SCHEMA}.{table}" for table in TABLES))


def _fill(server, jobs):
    with server.connect(database=SCHEMA, read_timeout=3600) as connection, connection.cursor() as cursor:
        cursor.execute("SET unique_checks = 0, foreign_key_checks = 0, time_zone = '+00:00'")
        for create, rows in jobs:
            cursor.execute(create)
            cursor.execute(rows)
