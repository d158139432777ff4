# SPDX-License-Identifier: MIT
"""How long after it happened a change of lag stands on the page: a link is stopped, and a browser notes when the number changes.

From the moment in which the server has stopped the link (its answer, on this machine's clock) to the one in which the page
has the new text; the browser draws it with its next frame.
"""

import os
import statistics
import sys
import time

from tests.browser.test_page import page_of
from tests.integration import programs
from tests.integration.service import Stage
from tests.integration.serving import CLEO, Serving, guarded_config

NOTE = """window.changes = [];
new MutationObserver(() => window.changes.push([performance.timeOrigin + performance.now(), document.querySelector("#lag-forward").textContent]))
  .observe(document.querySelector("#lag-forward"), { childList: true, characterData: true, subtree: true });"""


def one_look(service, page):
    """Milliseconds from the stop of the link to the word on the page."""
    new = service.primaries["new"]
    page.wait(lambda: page.text("#lag-forward").endswith("ms"), "lag to be known")
    page.browser.execute_script("window.changes.length = 0")
    try:
        programs.say(new, "stop", channel="cutover_forward")
        stopped_ms = time.time() * 1000
        page.wait(lambda: page.text("#lag-forward") == "unknown", "the stop to show")
    finally:
        programs.say(new, "start", channel="cutover_forward")
    changes = page.browser.execute_script("return window.changes")
    return next(at for at, text in changes if text == "unknown") - stopped_ms


def main():
    looks = int(os.environ.get("BENCH_LOOKS", "20"))
    with Stage(mb=0) as stage:
        service = stage.service("mirrored")
        with Serving(service, guarded_config(service)) as serving, page_of(serving, CLEO) as page:
            page.browser.execute_script(NOTE)
            took = sorted(one_look(service, page) for _ in range(looks))
    print(f"a stopped link is on the page after {statistics.median(took):.0f} ms (median of {looks}), {took[-1]:.0f} ms at most")


if __name__ == "__main__":
    sys.exit(main())
