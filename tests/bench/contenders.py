# SPDX-License-Identifier: MIT
"""What is compared with what: each contender reads all tables of the pair once, its own way, and says what that cost."""

import functools
import json
import shutil
import subprocess
from dataclasses import dataclass
from typing import Callable

from tests.lab.procs import LabError, together

from . import data, measure
from .pair import LINK, TOOLS

MODES = ("stream", "remote", "fast")
PT_SELECT = "pt's SELECT"
RANGE_ROWS = 20000
CONNECTIONS = 2  # to each side; as many as cutover opens


@dataclass(frozen=True)
class Contender:
    name: str
    run: Callable    # run(pair) -> measure.Cost
    about: str


# --- cutover ---------------------------------------------------------------------------------------------------------

@functools.lru_cache
def offers(binary, option):
    """Does `cutover verify` know this option?"""
    done = subprocess.run([binary, "verify", "--help"], capture_output=True, text=True, check=False)
    return option in done.stdout


def verify_words(pair, *options):
    """A pass from its beginning, even if one before it was ended."""
    restart = ["--restart"] if offers(pair.binary, "--restart") else []
    return ["verify", "--json", *restart, *options]


def verify(pair, *options, cfg=None):
    """A whole pass that must find both sides equal."""
    cost = measure.of_command(pair, pair.argv(*verify_words(pair, *options), cfg=cfg))
    answer = json.loads(cost.output)
    if not answer["is_equal"] or answer["rows"] < pair.row_count * 0.99:
        raise LabError(f"cutover verify: a pass over {pair.row_count} equal rows says {cost.output}")
    modes = {mode: (answer.get("certificate") or {}).get(f"{mode}_tables", 0) for mode in MODES}
    for mode in options:
        if mode in modes and modes[mode] != len(data.TABLES):
            print(f"*** {mode}: the tables were compared as {modes} ***")
    return cost


# --- pt-table-checksum -----------------------------------------------------------------------------------------------

PT_BEST = ("--chunk-size=100000", "--no-check-plan", "--no-check-slave-tables", "--no-check-replication-filters",
           "--chunk-size-limit=0", "--max-load=Threads_running=10000", "--max-lag=600s")


def pt_prepare(pair):
    """Its own database, and where it finds the replica. Why it cannot compare these servers, or nothing."""
    if not shutil.which("pt-table-checksum"):
        return "it is not installed"
    pair.old.query("CREATE DATABASE IF NOT EXISTS percona; CREATE TABLE IF NOT EXISTS percona.dsns (id INT NOT NULL"
                   " AUTO_INCREMENT PRIMARY KEY, parent_id INT, dsn VARCHAR(255) NOT NULL)")
    pair.old.query("INSERT INTO percona.dsns (dsn) VALUES (%s)", (_dsn(pair.new),))
    pair.caught_up()
    if pair.kind.flavour != "mysql":
        return ""
    done = subprocess.run(pt_argv(pair, f"--tables={data.TABLES[0]}"), capture_output=True, text=True, timeout=600, check=False)
    pair.caught_up()
    has_compared = f"{data.SCHEMA}.{data.TABLES[0]}" in done.stdout  # if with a bad end, the passes say so
    return "" if has_compared else f"exit {done.returncode}: {(done.stderr or done.stdout).strip()}"


def pt_argv(pair, *options):
    connection = {"mariadb": f"--set-vars=default_master_connection='{LINK}'", "mysql": f"--channel={LINK}"}
    return ["pt-table-checksum", "--no-version-check", "--no-check-binlog-format", f"--databases={data.SCHEMA}",
            f"--recursion-method=dsn={_dsn(pair.old)},D=percona,t=dsns", "--replicate=percona.checksums", "--progress=time,600",
            connection[pair.kind.flavour], *options, _dsn(pair.old)]


def pt(pair, *options):
    cost = measure.of_command(pair, pt_argv(pair, *options))
    seen = {line.split()[-1] for line in cost.output.splitlines() if f"{data.SCHEMA}." in line}
    if seen != {f"{data.SCHEMA}.{table}" for table in data.TABLES}:
        raise LabError(f"pt-table-checksum did not compare everything:\n{cost.output}")
    return cost


def _dsn(server):
    return f"h={server.address},P={server.port},u={TOOLS.user},p={TOOLS.password}"


# --- statements ------------------------------------------------------------------------------------------------------

def checksum_table(pair):
    """CHECKSUM TABLE on both servers at the same time, one connection to each."""
    names = ", ".join(f"{data.SCHEMA}.{table}" for table in data.TABLES)
    answers = []

    def ask(server):
        rows = _statements(server, [f"CHECKSUM TABLE {names}"])
        answers.append([row["Checksum"] for row in rows])

    cost = measure.of_call(pair, lambda: together(*[lambda server=server: ask(server) for server in pair.sides]))
    if answers[0] != answers[1]:
        raise LabError(f"CHECKSUM TABLE differs: {answers}")
    return cost


class ByRange:
    """One aggregate over every row of both sides by key range, nothing compared: the price of looking at all rows."""

    def __init__(self, pair, expression):
        """expression(server, table): what is selected. Chooses the ranges, which costs nothing later."""
        statements = [statement for table in data.TABLES for statement in self._of(pair, table, expression(pair.old, table))]
        self._shares = [statements[number::CONNECTIONS] for number in range(CONNECTIONS)]

    def __call__(self, pair):
        calls = [lambda server=server, share=share: _statements(server, share)
                 for server in pair.sides for share in self._shares]
        return measure.of_call(pair, lambda: together(*calls))

    @staticmethod
    def _of(pair, table, expression):
        key = ["tenant", "sku", "region"] if table == "string_key" else ["id"]
        edges = _edges(pair, table, tuple(key))
        for after, until in zip([None, *edges], [*edges, None]):
            bounds = [beyond(key, after, ">", strict_end=False) if after else "1",
                      beyond(key, until, "<", strict_end=True) if until else "1"]
            yield (f"SELECT {expression} FROM {data.SCHEMA}.{table} FORCE INDEX (PRIMARY) WHERE "
                   + " AND ".join(f"({bound})" for bound in bounds))


@functools.lru_cache
def _edges(pair, table, key):
    """The key of every RANGE_ROWS-th row."""
    columns = ", ".join(key)
    rows = pair.old.query(f"SELECT {columns} FROM (SELECT {columns}, ROW_NUMBER() OVER (ORDER BY {columns}) AS n"
                          f" FROM {data.SCHEMA}.{table}) AS numbered WHERE n % {RANGE_ROWS} = 0 ORDER BY {columns}")
    return [tuple(row[column] for column in key) for row in rows]


def pt_expression(server, table):
    """What pt-table-checksum lets a server compute over the rows of a chunk."""
    rows = server.query("SELECT column_name AS name, is_nullable = 'YES' AS is_nullable FROM information_schema.columns"
                        " WHERE table_schema = %s AND table_name = %s ORDER BY ordinal_position", (data.SCHEMA, table))
    columns = ", ".join(f"`{row['name']}`" for row in rows)
    nulls = ", ".join(f"ISNULL(`{row['name']}`)" for row in rows if row["is_nullable"])
    flags = f", CONCAT({nulls})" if nulls else ""
    return ("COUNT(*), COALESCE(LOWER(CONV(BIT_XOR(CAST(CRC32(CONCAT_WS('#', "
            f"{columns}{flags})) AS UNSIGNED)), 10, 16)), 0)")


def all_lengths(server, table):
    return f"SUM({data.column_lengths(server, table)})"


def beyond(key, values, sign, strict_end):
    """Above `values` (or up to and including them), spelled so that every server uses the key for it."""
    terms = []
    for place in range(len(key)):
        equal = [f"{column} = {_literal(value)}" for column, value in zip(key[:place], values)]
        last = sign + ("=" if strict_end and place == len(key) - 1 else "")
        terms.append(" AND ".join([*equal, f"{key[place]} {last} {_literal(values[place])}"]))
    bound = f"{key[0]} {sign}= {_literal(values[0])}"
    return f"{bound} AND ({' OR '.join(terms)})"


def _literal(value):
    return str(value) if isinstance(value, int) else "'" + str(value).replace("'", "''") + "'"


def _statements(server, statements):
    rows = []
    with server.connect(read_timeout=3600) as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
            rows = cursor.fetchall()
    return rows


# --- all of them -----------------------------------------------------------------------------------------------------

def absent():
    """What cannot be measured on this machine, and what would bring it."""
    return [program for program in ("pt-table-checksum", "sysbench") if not shutil.which(program)]


def of(pair):
    """Every Contender that there is here, cutover's own first."""
    found = []
    if offers(pair.binary, "--mode"):
        for mode in MODES:
            if offers(pair.binary, mode):
                found.append(Contender(mode, lambda pair, mode=mode: verify(pair, "--mode", mode), f"cutover verify --mode {mode}"))
        found.append(Contender("stream, TLS", lambda pair: verify(pair, "--mode", "stream", cfg=pair.tls),
                               "the same as stream over TLS (all others without)"))
    else:
        found.append(Contender("stream", verify, "cutover verify"))
        found.append(Contender("stream, TLS", lambda pair: verify(pair, cfg=pair.tls), "cutover verify over TLS (all others without)"))
    if not pair.pt_refusal:
        found += [Contender("pt default", pt, "pt-table-checksum with its defaults"),
                  Contender("pt best", lambda pair: pt(pair, *PT_BEST), f"pt-table-checksum {' '.join(PT_BEST)}")]
    found += [Contender("CHECKSUM TABLE", checksum_table, "CHECKSUM TABLE on both servers at once"),
              Contender(PT_SELECT, ByRange(pair, pt_expression),
                        f"pt's BIT_XOR(CRC32(CONCAT_WS(...))) by key range, {CONNECTIONS} connections to each side, nothing written"),
              Contender("read all", ByRange(pair, all_lengths), "SELECT SUM(LENGTH(...)), likewise: the physical limit")]
    return found
