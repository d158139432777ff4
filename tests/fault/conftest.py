# SPDX-License-Identifier: MIT
"""One stage for all fault tests, and the tests' parameters: every part of every shipped playbook's plan.

The plans can only be asked for in the situations they start in, so the lab is started while tests are collected.
--all-faults: the whole matrix, which takes hours. Without it, what fits into `make test`.
"""

import contextlib

import pytest

from . import cells, matrix
from .stage import Stage
from .tally import FOLDER, Judged, Tally

_open = contextlib.ExitStack()
_stage = None
_plans = {}
_tally = Tally()


def pytest_addoption(parser):
    parser.addoption("--all-faults", action="store_true", help="the whole matrix of tests/fault, which takes hours")


def pytest_unconfigure():
    _open.close()


def the_stage():
    global _stage
    if _stage is None:
        _stage = _open.enter_context(Stage())
    return _stage


def the_plans(is_wanted=lambda journey: True):
    """{journey: its plan}"""
    for journey in filter(is_wanted, matrix.JOURNEYS):
        if journey not in _plans:
            the_stage().put(journey.starts_in)
            _plans[journey] = the_stage().plan(journey.playbook)
    return _plans


@pytest.fixture(scope="session")
def stage():
    return the_stage()


def pytest_generate_tests(metafunc):
    """A test that takes `case` says with @faults(...) which; one that takes `journey` gets each."""
    is_whole = metafunc.config.getoption("--all-faults")
    if cells.is_chosen_by_hand() and "cell" not in metafunc.fixturenames:
        return  # left out below; its parameters would take a while to find
    if "journey" in metafunc.fixturenames:
        metafunc.parametrize("journey", [j for j in matrix.JOURNEYS if is_whole or j.is_quick], ids=str)
    if "cell" in metafunc.fixturenames:
        chosen = cells.choose(cells.all_cells(the_plans(cells.is_wanted)), is_whole)
        metafunc.parametrize("cell", chosen, ids=str)
    if "plan" in metafunc.fixturenames:
        return
    marker = metafunc.definition.get_closest_marker("faults")
    if marker:
        chosen = matrix.cases(the_plans(), marker.kwargs["deeds"], marker.kwargs["ways"])
        is_possible = marker.kwargs.get("where", lambda case: True)
        is_quick = marker.kwargs["quick"]
        metafunc.parametrize("case", [c for c in chosen if is_possible(c) and (is_whole or is_quick(c))], ids=str)


def pytest_configure(config):
    config.addinivalue_line("markers", "slow_fault: runs with --all-faults only")
    config.addinivalue_line("markers", "faults(deeds, ways, quick, where): the cases a test is run for")


def pytest_collection_modifyitems(config, items):
    if cells.is_chosen_by_hand():
        left_out = [item for item in items if "cell" not in item.fixturenames]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
        return
    if config.getoption("--all-faults"):
        return
    left_out = [item for item in items if item.get_closest_marker("slow_fault")]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


@pytest.fixture(scope="session")
def plans():
    return the_plans()


@pytest.fixture
def plan(journey):
    return the_plans()[journey]


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    cell = getattr(item, "callspec", None) and item.callspec.params.get("cell")
    report = outcome.get_result()
    if cell and (report.when == "call" or report.failed):
        because = report.longrepr.reprcrash.message if report.failed and hasattr(report.longrepr, "reprcrash") else ""
        _tally.add(Judged(cell, report.passed, report.duration, because.partition("\n")[0], report.longreprtext))


def pytest_terminal_summary(terminalreporter):
    if _tally.is_empty:
        return
    terminalreporter.section("the crash matrix: cells passed of cells run")
    for line in _tally.lines():
        terminalreporter.write_line(line)
    _tally.write()
    terminalreporter.write_line(f"also in {FOLDER}/fault-matrix.md and fault-matrix.json")
