# SPDX-License-Identifier: MIT
"""For all suites: a test that wants servers which are not on this machine is skipped, and says how to get them."""

import pytest

from tests.lab.servers import Absent


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    if call.excinfo is not None and call.excinfo.errisinstance(Absent):
        report = outcome.get_result()
        path, line, _ = item.reportinfo()
        report.outcome = "skipped"
        report.longrepr = (str(path), (line or 0) + 1, f"Skipped: {call.excinfo.value}")
