# SPDX-License-Identifier: MIT
"""What the crash matrix rests on, tried by itself: the network that can be cut, the judges, and the choice of cells."""

import contextlib
import os
import shutil
import socket
import sqlite3
import threading

import pytest

from tests.lab.ports import free_port
from tests.lab.procs import wait_until

from . import cells, journal_judge, matrix, playbooks
from .deeds import DEEDS
from .proxy import ELSE, RESET, SILENCE, Proxy
from .stage import CALLED, MADE_BY, TRUTH

HOST = "127.0.0.1"
SOON_S = 5


class Echo:
    """Sends back what it gets. Owns: its sockets and threads."""

    def __init__(self):
        self._listener = socket.create_server((HOST, 0))
        self.address = self._listener.getsockname()
        self._connections = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self._connections.append(connection)
                threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    @staticmethod
    def _answer(connection):
        with contextlib.suppress(OSError), connection:
            while piece := connection.recv(1 << 16):
                connection.sendall(piece)

    def die(self):
        with contextlib.suppress(OSError):  # it was told before
            self._listener.shutdown(socket.SHUT_RDWR)  # a thread waits in accept(): closing alone would not end that
        self._listener.close()
        for connection in self._connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def echo():
    server = Echo()
    yield server
    server.die()


@pytest.fixture
def callers():
    return {}


@pytest.fixture
def proxy(echo, callers):
    with Proxy((HOST, free_port()), echo.address, lambda: callers) as proxy:
        yield proxy


def say(connection, text, limit_s=SOON_S):
    """The answer; TimeoutError when none comes."""
    connection.settimeout(limit_s)
    connection.sendall(text)
    answer = b""
    while len(answer) < len(text):
        piece = connection.recv(1 << 16)
        if not piece:
            raise ConnectionResetError("closed")
        answer += piece
    return answer


def test_what_is_said_arrives_unchanged(proxy):
    with socket.create_connection(proxy.address) as connection:
        assert say(connection, b"a" * 100_000) == b"a" * 100_000
        assert say(connection, b"b") == b"b"


def test_in_silence_nothing_passes_nobody_is_told_and_it_arrives_afterwards(proxy):
    with socket.create_connection(proxy.address) as connection:
        assert say(connection, b"before") == b"before"
        proxy.cut({ELSE}, SILENCE)
        with pytest.raises(TimeoutError):
            say(connection, b"lost?", 0.3)
        with socket.create_connection(proxy.address) as late, pytest.raises(TimeoutError):
            say(late, b"hello", 0.3)
        proxy.heal()
        connection.settimeout(SOON_S)
        assert connection.recv(100) == b"lost?"


def test_a_reset_ends_what_there_is_and_refuses_what_comes(proxy):
    with socket.create_connection(proxy.address) as connection:
        assert say(connection, b"before") == b"before"
        proxy.cut({ELSE}, RESET)
        with pytest.raises(ConnectionError):
            say(connection, b"after")
        with pytest.raises(ConnectionError), socket.create_connection(proxy.address) as late:
            say(late, b"hello")
        proxy.heal()
        with socket.create_connection(proxy.address) as again:
            assert say(again, b"back") == b"back"


def test_a_cut_hurts_only_those_it_is_meant_for(proxy, callers):
    callers["me"] = os.getpid()
    with socket.create_connection(proxy.address) as connection:
        assert say(connection, b"known") == b"known"
        assert proxy.connections_of("me") == 1
        proxy.cut({ELSE}, RESET)
        assert say(connection, b"still") == b"still"
        proxy.cut({"me"}, RESET)
        with pytest.raises(ConnectionError):
            say(connection, b"gone")
        wait_until(lambda: proxy.connections_of("me") == 0, SOON_S, "the connection to end")


def test_a_server_that_is_gone_is_gone_through_the_proxy(proxy, echo):
    with socket.create_connection(proxy.address) as connection:
        assert say(connection, b"before") == b"before"
        echo.die()
        with pytest.raises(ConnectionError):
            say(connection, b"after")
    with pytest.raises(ConnectionError), socket.create_connection(proxy.address) as late:
        say(late, b"hello")


# --- the journal's judge ---------------------------------------------------------------------------------------------

@pytest.fixture
def finished(stage, tmp_path):
    """The journal of a few finished runs, as a copy that may be spoiled."""
    stage.put("following")
    for path in stage.disk.folder.glob("journal.db*"):
        shutil.copy2(path, tmp_path)
    return tmp_path / "journal.db"


def spoil(path, statement):
    with contextlib.closing(sqlite3.connect(path)) as journal:
        journal.execute(statement)
        journal.commit()
    return " ".join(journal_judge.complaints_about(path))


def test_a_journal_that_is_whole_is_not_complained_about(finished):
    assert journal_judge.complaints_about(finished) == []


@pytest.mark.parametrize("statement, complaint", [
    ("UPDATE event SET detail = '{}' || detail WHERE seq = 2", "broken at event 2"),
    ("DELETE FROM event WHERE seq = 2", "broken at event 3"),
    ("UPDATE step SET state = 'intent' WHERE number = 1", "is done in the journal, but its parts"),
    ("UPDATE run SET state = 'running'", "nothing is under way"),
    ("UPDATE run SET state = 'aborted'", "is aborted in the journal, but its parts"),
])
def test_a_journal_that_was_changed_or_left_open_is_noticed(finished, statement, complaint):
    assert complaint in spoil(finished, statement)


# --- the choice of cells ---------------------------------------------------------------------------------------------

def test_every_shipped_playbook_and_every_situation_has_a_journey():
    """A playbook that is shipped without a row in matrix.py would never be broken."""
    shipped = {path.stem for path in playbooks.SHIPPED.glob("*.cfg")}
    assert {journey.playbook for journey in matrix.JOURNEYS} == shipped
    assert {journey.starts_in for journey in matrix.JOURNEYS} >= {"apart", *MADE_BY}
    assert {CALLED.get(situation, situation) for situation in ("apart", *MADE_BY)} <= TRUTH.keys()


@pytest.fixture(scope="session")
def every_cell(plans):
    return cells.all_cells(plans)


def test_every_part_of_every_plan_meets_every_deed_that_can_hurt_it(every_cell, plans):
    met = {(cell.journey, cell.part, cell.deed) for cell in every_cell}
    for journey, plan in plans.items():
        for part in cells.matrix.parts_of(plan):
            missing = {deed.name for deed in DEEDS if (journey, part, deed) not in met}
            assert missing == (set() if part.talks_to_dns else {deed.name for deed in DEEDS if deed.needs_dns})


def test_a_seed_chooses_the_same_cells_again_and_every_deed(every_cell, monkeypatch):
    monkeypatch.setenv("SEED", "7")
    first = cells.sample(every_cell, len(DEEDS))
    assert first == cells.sample(every_cell, len(DEEDS))
    assert {cell.deed for cell in first} == set(DEEDS)
    monkeypatch.setenv("SEED", "8")
    assert first != cells.sample(every_cell, len(DEEDS))


def test_cells_are_found_by_their_names_and_by_their_deeds(every_cell, monkeypatch):
    monkeypatch.setenv("CELLS", str(every_cell[3]))
    monkeypatch.setenv("FAULTS", every_cell[3].deed.name)
    assert cells.choose(every_cell, False) == [every_cell[3]]
    monkeypatch.setenv("FAULTS", "no-such-deed")
    with pytest.raises(SystemExit, match="no-such-deed"):
        cells.choose(every_cell, False)


def test_the_names_of_cells_are_different(every_cell):
    assert len({str(cell) for cell in every_cell}) == len(every_cell)
