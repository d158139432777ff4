# SPDX-License-Identifier: MIT
"""How long after it happened a change of lag is told: a link is stopped, and it is noted when the stream of events and when the
page in a browser say so.

From the moment in which the server has stopped the link (its answer, on this machine's clock), at any moment between two looks
of the sampler. The page counts as drawn two frames after its text has changed.
"""

import os
import queue
import random
import sys
import threading
import time

from tests.browser.test_page import page_of
from tests.integration import programs
from tests.integration.service import Stage
from tests.integration.serving import CLEO, Serving, bearer, guarded_config

NOTE = """window.changes = [];
const note = () => window.changes.push([performance.timeOrigin + performance.now(), document.querySelector("#lag-forward").textContent]);
new MutationObserver(() => requestAnimationFrame(() => requestAnimationFrame(note)))
  .observe(document.querySelector("#lag-forward"), { childList: true, characterData: true, subtree: true });"""


class Stream(threading.Thread):
    """Notes when the forward link is told to have stopped, or to run again."""

    def __init__(self, serving):
        super().__init__(daemon=True)
        self.changes = queue.Queue()
        self._serving = serving

    def run(self):
        before = None
        for name, _, data in self._serving.events(**bearer(CLEO)):
            if name == "lag" and data["links"]["forward"]["is_running"] != before:
                before = data["links"]["forward"]["is_running"]
                self.changes.put((time.time() * 1000, before))

    def next(self, wanted):
        while True:
            at, is_running = self.changes.get(timeout=30)
            if is_running is wanted:
                return at


def first_unknown(page, since_ms):
    changes = page.browser.execute_script("return window.changes")
    return next((at for at, text in changes if at >= since_ms and text == "unknown"), None)


def one_look(service, stream, page):
    """Milliseconds from the stop of the link to the event, and to the word on the page."""
    new = service.primaries["new"]
    page.wait(lambda: page.text("#lag-forward").endswith("ms"), "lag to be known")
    time.sleep(random.random() / 5)
    try:
        programs.say(new, "stop", channel="cutover_forward")
        stopped_ms = time.time() * 1000
        told_ms = stream.next(False)
        drawn_ms = page.wait(lambda: first_unknown(page, stopped_ms), "the stop to show")
    finally:
        programs.say(new, "start", channel="cutover_forward")
    stream.next(True)
    return told_ms - stopped_ms, drawn_ms - stopped_ms


def in_words(took):
    took = sorted(took)
    return f"{took[len(took) // 2]:.0f} ms (median of {len(took)}), p95 {took[(len(took) - 1) * 95 // 100]:.0f} ms, {took[-1]:.0f} ms at most"


def main():
    looks = int(os.environ.get("BENCH_LOOKS", "40"))
    with Stage(mb=0) as stage:
        service = stage.service("mirrored")
        with Serving(service, guarded_config(service)) as serving, page_of(serving, CLEO) as page:
            page.browser.execute_script(NOTE)
            stream = Stream(serving)
            stream.start()
            stream.next(True)
            told, drawn = zip(*(one_look(service, stream, page) for _ in range(looks)))
    print(f"a stopped link is told to a program after {in_words(told)}")
    print(f"and is drawn on the page after {in_words(drawn)}")


if __name__ == "__main__":
    sys.exit(main())
