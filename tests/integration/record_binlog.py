# SPDX-License-Identifier: MIT
"""Write tests/unit/binlog/KIND.bin, what servers of every kind log of one story, for the unit tests and the fuzzer.

    python3 -m tests.integration.record_binlog [KIND...]
"""

import sys
from pathlib import Path

from tests.lab import kinds
from tests.lab.lab import Lab

FOLDER = Path(__file__).parents[1] / "unit" / "binlog"
SETUP = """
SET sql_log_bin = 0; CREATE DATABASE rec;
CREATE TABLE rec.k (id INT PRIMARY KEY, v VARCHAR(300), n INT);
CREATE TABLE rec.wide (f FLOAT, a BIGINT UNSIGNED, b DECIMAL(12,4), t TEXT, c DATETIME(3), d BINARY(4), e CHAR(5), g TIME(3),
                       h TIMESTAMP(6) NOT NULL, i SMALLINT(6) ZEROFILL, PRIMARY KEY (a, b, c, d, e, g, h, i));
CREATE TABLE rec.keyless (a INT);
"""
STORY = """
SET time_zone = '+00:00', sql_mode = '';
INSERT INTO rec.k VALUES (1, 'a', 1), (-2, 'b', 2);
UPDATE rec.k SET n = 3 WHERE id = 1;
UPDATE rec.k SET id = 5 WHERE id = 1;
DELETE FROM rec.k WHERE id = -2;
INSERT INTO rec.wide VALUES (0.5, 18446744073709551615, -12.34, REPEAT('t', 300), '2026-01-02 03:04:05.678', X'0100', 'abc',
                             '-01:02:03.004', '2026-01-02 03:04:05.678901', 42);
INSERT INTO rec.keyless VALUES (1), (2);
BEGIN; INSERT INTO rec.k VALUES (6, 'a', 1); INSERT INTO rec.keyless VALUES (3); COMMIT;
XA START 'one'; INSERT INTO rec.k VALUES (7, 'xa', 1); XA END 'one'; XA PREPARE 'one'; XA COMMIT 'one';
XA START 'two'; INSERT INTO rec.k VALUES (8, 'xa', 1); XA END 'two'; XA PREPARE 'two'; XA ROLLBACK 'two';
USE rec; CREATE TABLE made (id INT PRIMARY KEY); ALTER TABLE made RENAME TO rec.other; DROP TABLE other;
TRUNCATE TABLE keyless;
FLUSH BINARY LOGS;
SET SESSION binlog_row_image = MINIMAL; UPDATE k SET v = 'm' WHERE id = 5; SET SESSION binlog_row_image = FULL;
"""
LAST = {
    "mariadb": "SET GLOBAL log_bin_compress = ON, log_bin_compress_min_len = 10;"
               "UPDATE rec.k SET v = REPEAT('z', 250) WHERE id = 5",
    "mysql": "SET SESSION binlog_transaction_compression = ON, gtid_next = 'AUTOMATIC:tag';"
             "UPDATE rec.k SET v = REPEAT('z', 250) WHERE id = 5",
}


def log_files(server):
    names = [row["Log_name"] for row in server.query("SHOW BINARY LOGS")]
    return [next(server.folder.glob(f"**/{name}")) for name in names]


def record(name):
    with Lab(old=name, new=name, replicas=0, dns=False, cloudflare=False, site=False) as lab:
        server = lab.old.primary
        server.query("SET GLOBAL event_scheduler = OFF")
        server.query(SETUP)
        server.query("FLUSH BINARY LOGS")
        first = len(log_files(server)) - 1
        server.query(STORY)
        server.query(LAST[server.kind.flavour])
        logs = [path.read_bytes()[4:] for path in log_files(server)[first:]]
        (FOLDER / f"{name}.bin").write_bytes(b"".join(logs))


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for kind in sys.argv[1:] or kinds.KINDS:
        record(kind)
