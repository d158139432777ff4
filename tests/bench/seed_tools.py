# SPDX-License-Identifier: MIT
"""Whoever bench-seed lets run: cutover's three methods, the tools by hand, and plain copies of the files."""

import contextlib
import json
import shlex
import shutil
import subprocess
import time
from dataclasses import dataclass
from typing import Callable

import pymysql

from tests.lab import ports
from tests.lab.procs import LabError, run, wait_until

PLAIN_TLS = "files, TLS"
RUN_S = 280
RETURN_S = 60

# As in production; a log that is not the limit.
OPTIONS = {
    "mariadb": {"innodb-buffer-pool-size": "512M", "innodb-log-file-size": "256M", "max-allowed-packet": "64M"},
    "mysql": {"innodb-buffer-pool-size": "512M", "innodb-redo-log-capacity": "512M", "max-allowed-packet": "64M"},
}
LOGS = ("bin.*", "relay*", "ib_logfile*", "ibtmp*", "#innodb_redo", "#innodb_temp", "*.pid", "*.sock*")

_PLAYBOOK = """playbook = {{ name = "bench-{method}"; about = "NEW becomes a copy of OLD."; needs = "apart";
  steps = ( {{ name = "seed"; action = "seed"; method = "{method}";{words} }} ); }};
"""
_RESET = """playbook = { name = "reset"; about = "NEW is empty."; needs = "apart"; steps = ( { name = "reset"; action = "reset"; } ); };
"""

_RECEIVE = "socat -u OPENSSL-LISTEN:{port},bind={new},reuseaddr,cert={key},key={key},cafile={ca},verify=1 STDOUT"
_SEND = "socat -u STDIN OPENSSL:{new}:{port},cert={key},key={key},cafile={ca},verify=0,retry=50,interval=0.1"
_FILES = "tar -C {data} --warning=no-file-changed {without} -cf - . || [ $? -eq 1 ]"


@dataclass(frozen=True)
class Contender:
    """`run` gives seconds; `undo` makes NEW empty again."""

    name: str
    about: str
    run: Callable
    undo: Callable


class Pair:
    """A lab's two servers, and what the tools by hand need: a folder beside NEW's data, a key, a port."""

    def __init__(self, lab, workers):
        self.lab = lab
        self.workers = workers
        self.old, self.new = lab.old.primary, lab.new.primary
        self.stage = lab.root / "by-hand"
        for server in (self.old, self.new):
            server.query("SET GLOBAL event_scheduler = OFF")
        self._reset = lab.root / "reset.cfg"
        self._reset.write_text(_RESET)
        self._key = lab.root / "by-hand.pem"
        certificate = lab.root / "by-hand.crt"
        run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
             "/CN=bench", "-keyout", self._key, "-out", certificate])
        self._key.write_text(self._key.read_text() + certificate.read_text())
        self.words = {"old": self.old.address, "new": self.new.address, "key": self._key, "ca": certificate,
                      "port": ports.free_port((self.new.address,), preferred=4445), "stage": self.stage,
                      "data": self.old.data, "old_socket": self.old.socket, "new_socket": self.new.socket,
                      "workers": workers, "without": " ".join(f"--exclude={shlex.quote(name)}" for name in LOGS)}
        self.megabytes = self._bytes_of_files() / 1e6

    def _bytes_of_files(self):
        excluded = [f"--exclude={name}" for name in LOGS]
        return int(run(["du", "-s", "-B1", "--apparent-size", *excluded, str(self.old.data)]).split()[0])

    # --- cutover ------------------------------------------------------------------------------------------------

    def seed(self, method):
        """Seconds of the whole command `cutover run`, with its checks before and its records after."""
        words = f" workers = {self.workers};" if method != "clone" else ""
        playbook = self.lab.root / f"{method}.cfg"
        playbook.write_text(_PLAYBOOK.format(method=method, words=words))
        began = time.monotonic()
        self._cutover("run", playbook, "--yes")
        return time.monotonic() - began

    def moved(self, *parts):
        """Seconds that parts of the last run took, of those whose names begin so."""
        steps = json.loads(self._cutover("report", "--json").stdout)["steps"]
        found = [step["duration_ms"] / 1000 for step in steps if step["started"] and step["part"].startswith(parts)]
        if not found:
            raise LabError(f"the run had no part {parts}: {[step['part'] for step in steps]}")
        return sum(found)

    def reset(self):
        self._cutover("run", self._reset, "--yes")

    def _cutover(self, *words):
        done = self.lab.cutover(*words, timeout=RUN_S)
        if done.returncode:
            raise LabError(f"cutover {' '.join(map(str, words))}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    # --- by hand ------------------------------------------------------------------------------------------------

    def shell(self, text, **words):
        """Seconds of a few lines of shell, all of whose programs must succeed."""
        script = text.format(**{**self.words, **words})
        began = time.monotonic()
        done = subprocess.run(["bash", "-eu", "-o", "pipefail", "-c", script], capture_output=True, text=True, timeout=RUN_S,
                              check=False)
        if done.returncode:
            raise LabError(f"{script}\nexit {done.returncode}: {done.stderr[-2000:]}")
        return time.monotonic() - began

    def streamed(self, source, sink):
        """Shell: what `source` writes goes to `sink` over TLS. Both have to end well."""
        return f"rm -rf {{stage}}; mkdir {{stage}}; {_RECEIVE} | {sink} & {source} | {_SEND}; wait $!"

    def clone_watched(self):
        """The same with a connection beside it, as whoever shows how far it is has one, or a monitor."""
        with contextlib.closing(pymysql.connect(unix_socket=str(self.new.socket), user="root")):
            return self.clone_by_hand()

    def clone_by_hand(self):
        """CLONE INSTANCE, until the server answers again."""
        account = self.lab.accounts["controller"]
        self.new.query(f"SET GLOBAL clone_valid_donor_list = '{self.old.address}:{self.old.port}'; SET GLOBAL super_read_only = 0")
        before = self.new.value("SELECT @@GLOBAL.server_uuid"), self.new.pid
        began = time.monotonic()
        with contextlib.suppress(pymysql.OperationalError):  # the server goes away when it is done
            self.new.query(f"CLONE INSTANCE FROM '{account.user}'@'{self.old.address}':{self.old.port}"
                           f" IDENTIFIED BY '{account.password}' REQUIRE SSL")
        wait_until(lambda: self.new.pid != before[1] and self.new.answers(), RETURN_S, f"{self.new} to come back with its clone")
        state = self.new.value("SELECT STATE FROM performance_schema.clone_status")
        if state != "Completed":
            raise LabError(f"the clone by hand is {state}")
        return time.monotonic() - began

    def empty(self):
        """NEW after a tool by hand."""
        shutil.rmtree(self.stage, ignore_errors=True)
        self.new.query("SET GLOBAL event_scheduler = OFF")
        self.new.query("SET sql_log_bin = 0; SET GLOBAL read_only = 0; DROP DATABASE IF EXISTS blog")
        self.new.forget()
        self.new.query("SET GLOBAL read_only = 1")


BACKUP = """mariadb-backup --backup --stream=xbstream --parallel={workers} --socket={old_socket} --datadir={data} --user=root \\
 --target-dir={stage}.target 2>/dev/null | zstd -q -1 -T0"""
PREPARE = "; mariadb-backup --prepare --target-dir={stage} 2>/dev/null"
DUMP = """mariadb-dump --socket={old_socket} -u root --single-transaction --routines --events --triggers --master-data=2 \\
 --databases blog | mariadb --socket={new_socket} -u root --init-command="SET sql_log_bin = 0" """
MYDUMPER = """rm -rf {stage}; mydumper -S {old_socket} -u root -B blog -t {workers} -o {stage} --trx-consistency-only -G -E -R
myloader -S {new_socket} -u root -t {workers} -d {stage}"""
OVER_SSH = """rm -rf {stage}; mkdir {stage}; ({files}) | ssh -q -i {identity} -o UserKnownHostsFile={known} -p {ssh_port} \\
 {user}@{new} 'tar -C {stage} -xf -'"""


def absent():
    return [program for program in ("mydumper", "mariadb-dump") if not shutil.which(program)]


def contenders(pair):
    return [*_ours(pair), *_tools(pair), *_plain()]


def _seed(method, *parts):
    def measure(pair):
        pair.seed(method)
        return pair.moved(*parts)
    return measure


def _ours(pair):
    entries = [Contender("copy", "ours: rows through this program, indexes, programs and accounts", _seed("copy", "copy"),
                         Pair.reset)]
    if pair.new.kind.flavour == "mysql":
        return [*entries, Contender("clone", "ours: CLONE until the server is back, closed, and its events wait",
                                    _seed("clone", "clone"), Pair.reset)]
    return [*entries, Contender("physical", "ours: streamed, and prepared on NEW's host", _seed("physical", "copy"), Pair.reset)]


def _tools(pair):
    if pair.new.kind.flavour == "mysql":
        return [Contender("CLONE", "by hand, until the server is back", Pair.clone_by_hand, Pair.empty),
                Contender("CLONE, watched", "the same, with a second connection to NEW meanwhile", Pair.clone_watched, Pair.empty)]
    found = [Contender("mariadb-backup", "by hand: mariadb-backup, zstd -1, socat over TLS, mbstream, --prepare",
                       lambda pair: pair.shell(pair.streamed(BACKUP, "zstd -dq | mbstream -x -C {stage}") + PREPARE), Pair.empty),
             Contender("mariadb-dump", "by hand: into mariadb, one thread", lambda pair: pair.shell(DUMP), Pair.empty),
             Contender("mydumper", "by hand: to files, then myloader", lambda pair: pair.shell(MYDUMPER), Pair.empty)]
    return [entry for entry in found if entry.name not in absent()]


def _plain():
    def over_ssh(pair):
        host = pair.lab.hosts[pair.new.name]
        return pair.shell(OVER_SSH.replace("{files}", _FILES), identity=pair.lab.keys.identity, user=host.user,
                          known=pair.lab.keys.known_hosts, ssh_port=host.port)

    def drop(pair):
        shutil.rmtree(pair.stage, ignore_errors=True)

    return [Contender(PLAIN_TLS, "tar, socat over TLS, tar", lambda pair: pair.shell(
                pair.streamed(f"({_FILES})", "tar -C {stage} -xf -")), drop),
            Contender("files, ssh", "tar, ssh, tar", over_ssh, drop)]
