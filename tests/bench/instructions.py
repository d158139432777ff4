# SPDX-License-Identifier: MIT
"""How many instructions a server executes for a row: the SELECT of `stream` beside pt-table-checksum's expression.

Counted by callgrind, so the figures are the same whatever else the machine does. A MariaDB of its own, with a few MB of the
data set in memory, runs under valgrind; each statement is run once to warm it up and once counted.
"""

import re
import shutil
import struct
import subprocess

from tests.lab import ports
from tests.lab.servers import Server

from . import contenders, data, report

MB = 8
START_S = 180
PREPARE, EXECUTE, CLOSE = 0x16, 0x17, 0x19
END_OF_ROWS = 0xFE
# valgrind's own limits: no io_uring, no reservation of address space for a pool that could grow
_OPTIONS = {"log-bin": None, "innodb-buffer-pool-size": "64M", "loose-innodb-buffer-pool-size-max": "64M",
            "innodb-use-native-aio": 0}


def run(root, kind):
    """{table: {"stream": .., "pt's SELECT": .., "read all": ..}}, instructions per row; prints them."""
    if kind.flavour != "mariadb":
        print(f"\n*** instructions per row SKIPPED: they are counted on MariaDB only, not on {kind} ***")
        return {}
    absent = [program for program in ("valgrind", "callgrind_control") if not shutil.which(program)]
    if absent:
        print(f"\n*** instructions per row SKIPPED: no {absent[0]} here (apt-get install valgrind) ***")
        return {}
    with _Counted(root, kind) as server:
        found = {table: _of_table(server, table) for table in (*data.TABLES[:2], *data.TABLES[data.NARROW_TABLES:])}
    rows = [[table, *[f"{count:.0f}" for count in counts.values()], f"{counts['stream'] / counts[contenders.PT_SELECT]:.2f}"]
            for table, counts in found.items()]
    report.table("instructions of a server per row, counted by callgrind",
                 ["", "stream", contenders.PT_SELECT, "read all", "stream / pt's"], rows)
    return found


def _of_table(counted, table):
    server = counted.server
    key = "tenant, sku, region" if table == "string_key" else "id"
    count = server.value(f"SELECT COUNT(*) FROM {data.SCHEMA}.{table}")
    columns = ", ".join(row["name"] for row in server.query(
        "SELECT column_name AS name FROM information_schema.columns WHERE table_schema = %s AND table_name = %s"
        " ORDER BY ordinal_position", (data.SCHEMA, table)))
    where = f"FROM {data.SCHEMA}.{table} FORCE INDEX (PRIMARY) WHERE {_behind_the_first(server, table, key)}"
    statements = {"stream": f"SELECT {columns} {where} ORDER BY {key} LIMIT {count}",
                  contenders.PT_SELECT: f"SELECT {contenders.pt_expression(server, table)} {where}",
                  "read all": f"SELECT {contenders.all_lengths(server, table)} {where}"}
    return {name: counted.instructions(sql) / (count - 1) for name, sql in statements.items()}


def _behind_the_first(server, table, key):
    """A lower bound as all contenders have one, of which every row but the first is on the other side."""
    first = server.query(f"SELECT {key} FROM {data.SCHEMA}.{table} ORDER BY {key} LIMIT 1")[0]
    return contenders.beyond(key.split(", "), tuple(first.values()), ">", strict_end=False)


class _Counted:
    """A server under callgrind, from __enter__ to __exit__."""

    def __init__(self, root, kind):
        self._folder = root / "callgrind"
        shutil.rmtree(self._folder, ignore_errors=True)
        self._network = ports.Network()
        self._dumps = 0
        self._output = self._folder / "counts"
        self.server = Server(kind, self._folder, "callgrind", self._network.address(21), 1, data.template(root, MB, kind),
                             options=_OPTIONS, under=["valgrind", "--tool=callgrind", "--instr-atstart=no", "--fair-sched=yes",
                                                      f"--callgrind-out-file={self._output}"], start_s=START_S)

    def __enter__(self):
        try:
            self.server.start()
            self._connection = self.server.connect(read_timeout=600)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.server.kill9()
        self._network.release()
        shutil.rmtree(self._folder, ignore_errors=True)

    def instructions(self, sql):
        """Of a prepared SELECT, with all that belongs to it, from a memory that has the rows already."""
        self._read(sql)
        self._control("--zero")
        self._control("--instr=on")
        self._read(sql)
        self._control("--instr=off")
        self._control("--dump")
        self._dumps += 1
        text = self._output.with_name(f"{self._output.name}.{self._dumps}").read_text()
        return int(re.findall(r"^(?:totals|summary): (\d+)", text, re.MULTILINE)[-1])

    def _control(self, what):
        subprocess.run(["callgrind_control", what, str(self.server.pid)], check=True, capture_output=True, timeout=60)

    def _read(self, sql):
        """Its rows in the binary protocol, which the driver does not speak: prepare, execute, close."""
        wire = self._connection
        wire._execute_command(PREPARE, sql)
        statement, count = struct.unpack("<xIH", wire._read_packet().get_all_data()[:7])
        for _ in range(count + 1):
            wire._read_packet()
        wire._execute_command(EXECUTE, struct.pack("<IBI", statement, 0, 1))
        for _ in range(count + 2):
            wire._read_packet()
        while not self._is_end(wire._read_packet().get_all_data()):
            pass
        wire._next_seq_id = 0
        wire._execute_command(CLOSE, struct.pack("<I", statement))

    @staticmethod
    def _is_end(packet):
        return packet[0] == END_OF_ROWS and len(packet) < 9
