# SPDX-License-Identifier: MIT
"""io/db against real servers of both flavours, with the client library that the build was made with (io_db_check.c).

Run it once more with `make CLIENT=mysql test-integration` for the other library.
"""

import os
import re
import subprocess
import tempfile
from pathlib import Path

import pytest

from tests.integration.programs import BUILD, REPOSITORY, build
from tests.lab import kinds, tls
from tests.lab.lab import CACHE
from tests.lab.ports import Network
from tests.lab.servers import Absent, Server

PASSWORD = "of the one who checks"
ACCOUNT = f"CREATE USER checker@'%' IDENTIFIED BY '{PASSWORD}'; GRANT ALL ON *.* TO checker@'%' WITH GRANT OPTION"


@pytest.fixture(name="folder")
def short_folder():
    with tempfile.TemporaryDirectory(prefix="cutover-io-") as folder:  # pytest's own is too long for a socket
        (Path(folder) / "password").write_text(PASSWORD)
        (Path(folder) / "password").chmod(0o600)
        yield Path(folder)


@pytest.fixture(name="network")
def own_network():
    network = Network()
    yield network
    network.release()


@pytest.fixture(name="start")
def starter(folder, network):
    """Start one server of a kind, with TLS unless told otherwise; the test is skipped when there are none."""
    started = []

    def start(name, with_tls=True):
        try:
            kind = kinds.find(name)
        except Absent as absent:
            pytest.skip(str(absent))
        address = network.address(20)
        certificate = tls.create(folder / "tls", [address]) if with_tls else None
        # without certificates, a MySQL offers TLS with those that it made for itself
        options = {"tls-version": ""} if kind.flavour == "mysql" and not with_tls else None
        server = Server(kind, folder / name, name, address, 1, kind.empty_template(CACHE), tls=certificate,
                        options=options)
        started.append(server)
        server.start()
        server.query(ACCOUNT)
        return server

    yield start
    for server in started:
        server.kill9()


def check(server, folder, *more):
    """Run the checks; what failed is in the assertion."""
    program = build("io_db_check")
    ca = server.tls.ca if server.tls else "-"
    done = subprocess.run([program, server.address, str(server.port), "checker", folder / "password", ca, *map(str, more)],
                          capture_output=True, text=True, timeout=120, check=False)
    bad = re.findall(r"^(?:not ok|Bail out!).*(?:\n# .*)?", done.stdout, re.MULTILINE)
    assert (done.returncode, bad, done.stderr) == (0, [], ""), done.stdout[-2000:]
    assert re.search(r"^1\.\.\d+$", done.stdout, re.MULTILINE), done.stdout[-2000:]
    return done.stdout


@pytest.mark.parametrize("name", ["mariadb", "mysql"])
def test_io_db_keeps_its_contract(start, folder, name):
    server = start(name)
    said = check(server, folder, server.pid)
    assert "a server that dies takes its statement along" in said


@pytest.mark.parametrize("name", ["mariadb", "mysql"])
def test_io_db_refuses_plaintext_where_tls_is_asked_for(start, folder, name):
    assert "TLS asked of a server without it is refused" in check(start(name, with_tls=False), folder)


def test_the_program_names_its_client_library():
    done = subprocess.run([REPOSITORY / BUILD / "cutover", "version"], capture_output=True, text=True, check=True)
    chosen = (REPOSITORY / BUILD / "client" / "name").read_text().strip()
    wanted = {"mariadb": r"MariaDB Connector/C 3\.", "mysql": r"MySQL client library \d+\."}[chosen]
    assert re.fullmatch(rf"cutover [\d.]+, with {wanted}[\d.]+( \(built with [\d.]+\))?\n", done.stdout), done.stdout


def test_one_copy_of_openssl_serves_the_whole_program():
    """libcurl and the client library share the process: two copies of libcrypto in it would be one too many."""
    done = subprocess.run([REPOSITORY / BUILD / "cutover", "version"], capture_output=True, text=True, check=True,
                          env={**os.environ, "LD_TRACE_LOADED_OBJECTS": "1"})
    loaded = re.findall(r"^\s+(lib(?:crypto|ssl)\.so\S*) => (\S+)", done.stdout, re.MULTILINE)
    assert sorted(name for name, _ in loaded) == ["libcrypto.so.3", "libssl.so.3"], done.stdout
    assert len({Path(path).resolve().parent for _, path in loaded}) == 1, loaded
