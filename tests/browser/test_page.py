# SPDX-License-Identifier: MIT
"""The dashboard in Debian's chromium, during a real cutover of a lab: what people see, and what they may do there."""

import contextlib
import os
import pathlib
import re

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By

from tests.integration import programs
from tests.integration.service import DONE, SHARED, Stage
from tests.integration.serving import ANNA, BEN, CLEO, Serving, guarded_config
from tests.lab.procs import wait_until

APPROVE = '{ name = "say-yes"; action = "approve"; ask = "Move the users now?"; people = 2; }'
LOOK = '{ name = "look"; action = "gate"; require = [ "links = up", "lag < 5s" ]; }'
SIZES = {"phone": (390, 844), "laptop": (1366, 768), "wall": (2560, 1440)}
PICTURES = pathlib.Path(os.environ.get("BUILD", "build")) / "test-results" / "browser"
SERVERS = pathlib.Path(os.environ.get("SERVERS") or "build/servers")
JUDGED = """const done = arguments[arguments.length - 1];
axe.run(document).then((found) => done(found.violations.map(
    (one) => `${one.impact} ${one.id}: ${one.help}: ${one.nodes.map((node) => node.target).join(', ')}`)));"""


@pytest.fixture(scope="module", name="stage")
def one_stage():
    with Stage(mb=0) as stage:
        yield stage


@pytest.fixture(name="service")
def one_service(stage):
    return stage.service("mirrored")


@pytest.fixture(name="serving")
def one_server(service):
    with Serving(service, guarded_config(service)) as serving:
        yield serving


class Page:
    """One person's browser."""

    def __init__(self, serving, token=None):
        options = webdriver.ChromeOptions()
        for word in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"):
            options.add_argument(word)
        options.binary_location = "/usr/bin/chromium"
        self._serving = serving
        self.browser = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
        self.browser.get(f"http://{serving.host}/")
        if token:
            self.wait(lambda: self.one("#token").is_displayed(), "the place for a token")
            self.one("#token").send_keys(token)
            self.one("#login button").click()
        self.wait(lambda: self.text("#connection") == "live", "the page to be live")

    def one(self, selector):
        return self.browser.find_element(By.CSS_SELECTOR, selector)

    def all(self, selector):
        return [element for element in self.browser.find_elements(By.CSS_SELECTOR, selector) if element.is_displayed()]

    def text(self, selector):
        """At once, in the page: an element may be drawn anew between two questions."""
        return self.browser.execute_script("return document.querySelector(arguments[0])?.textContent ?? ''", selector)

    def wait(self, condition, what, deadline_s=30):
        return wait_until(condition, deadline_s, what)

    def buttons(self):
        return [button.text for button in self.all("#acts button")]

    def ask(self, what, expected):
        """Press the button, read what will follow, and want it."""
        self.wait(lambda: self.all(f"#acts button[data-what={what}]"), f"the button {what}")
        self.one(f"#acts button[data-what={what}]").click()
        self.wait(lambda: self.all("#asking"), "the words of what follows")
        assert expected in self.text("#asking-follows"), self.text("#asking-follows")
        self.one("#asking-yes").click()
        self.wait(lambda: not self.all("#asking"), f"{what} to be asked; it says {self.text('#asking-error')}")

    def photograph(self, name):
        PICTURES.mkdir(parents=True, exist_ok=True)
        for size, (width, height) in SIZES.items():
            self.browser.set_window_size(width, height)
            self.browser.execute_script("scrollTo(0, 0)")
            self.browser.save_screenshot(str(PICTURES / f"{name}-{size}.png"))

    def colours(self, scheme):
        """As a person has set them: "light" or "dark"."""
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia",
                                     {"features": [{"name": "prefers-color-scheme", "value": scheme}]})

    def judged(self):
        """What axe-core finds wrong, a line each, with how bad it is."""
        [axe, *_] = [*(SERVERS / "axe-core").glob("axe-*.min.js"), None]
        if not axe:
            pytest.skip("*** axe-core is not in build/servers: accessibility is NOT judged (etc/axe.sh) ***")
        self.browser.execute_script(axe.read_text())
        return self.browser.execute_async_script(JUDGED)

    def drawn(self):
        """The chart as it is now."""
        return self.browser.execute_script("return document.querySelector('#lag-chart canvas').toDataURL()")


@contextlib.contextmanager
def page_of(serving, token):
    page = Page(serving, token)
    try:
        yield page
    finally:
        page.browser.quit()


SMALLEST = """const map = document.querySelector("#map"), scale = map.getBoundingClientRect().width / map.viewBox.baseVal.width;
const inside = (text) => { const box = text.getBBox(); return box.x >= 0 && box.x + box.width <= map.viewBox.baseVal.width; };
const texts = [...map.querySelectorAll("text")];
return [Math.min(...texts.map((text) => parseFloat(getComputedStyle(text).fontSize) * scale)), texts.every(inside)];"""


def test_the_map_is_read_without_zooming_at_any_size(serving):
    with page_of(serving, ANNA) as anna:
        for size in SIZES.values():
            anna.browser.set_window_size(*size)
            anna.wait(lambda: (anna.browser.execute_script(SMALLEST)[0] >= 11), f"a map to be read at {size}")
            assert anna.browser.execute_script(SMALLEST)[1], "no text is cut"


def test_two_people_approve_on_the_page_and_a_viewer_cannot(service, serving):
    path = service.playbook("browser", "mirrored", LOOK, APPROVE, *SHARED)
    plan = service.lab.root / "browser.plan"
    service.cutover("plan", path, "--out", plan).ended(DONE)
    with page_of(serving, ANNA) as anna, service.start("run", "--plan", plan) as running:
        anna.wait(lambda: "0 of 2" in anna.text("#waits"), "the approval to be waited for")
        assert "links = up" in anna.text("#gate") and "saw when it opened" in anna.text("#gate-about")
        assert anna.one("#gate-part").get_attribute("open") is None, "what was true then is not shown as true now"
        anna.ask("approve", "It takes 2 people; so far: nobody")
        anna.wait(lambda: "1 of 2: anna" in anna.text("#waits"), "the first yes to count")
        anna.photograph("approval")
        with page_of(serving, CLEO) as cleo:
            cleo.wait(lambda: "1 of 2" in cleo.text("#waits"), "a viewer to see it")
            assert cleo.browser.find_elements(By.CSS_SELECTOR, "#acts button") == []
            assert "takes a token with the role operate" in cleo.text("#acts-about")
        with page_of(serving, BEN) as ben:
            ben.ask("approve", "so far: anna")
        running.end().ended(DONE, r"yes, says anna \(page\), ben \(page\)")
        anna.wait(lambda: "No run goes on" in anna.text("#acts-about"), "the end to show")
        anna.photograph("done")


def test_an_abort_on_the_page_ends_the_run(service, serving):
    plan = service.lab.root / "abort.plan"
    service.cutover("plan", service.playbook("abort", "mirrored", APPROVE), "--out", plan).ended(DONE)
    with page_of(serving, ANNA) as anna, service.start("run", "--plan", plan) as running:
        anna.wait(lambda: "0 of 2" in anna.text("#waits"), "the approval to be waited for")
        assert "Roll back" not in anna.buttons() and "Abort" in anna.buttons()
        anna.ask("abort", "nothing is to be undone")
        running.end().ended(DONE, "anna .page. asked for this")
        assert service.status()["run"]["state"] == "aborted"


def test_a_planted_lag_shows_and_the_chart_goes_on(service, serving):
    with page_of(serving, CLEO) as cleo:
        cleo.wait(lambda: cleo.text("#lag-forward") not in ("", "–", "unknown"), "lag to be known")
        before = cleo.drawn()
        cleo.wait(lambda: cleo.drawn() != before, "the chart to move", 5)
        new = service.primaries["new"]
        try:
            programs.say(new, "stop", channel="cutover_forward")
            cleo.wait(lambda: cleo.text("#lag-forward") == "unknown", "the stopped link to show", 3)
        finally:
            programs.say(new, "start", channel="cutover_forward")
        cleo.wait(lambda: cleo.text("#lag-forward") != "unknown", "the link to come back")
        with new.connect() as lock, lock.cursor() as cursor:
            cursor.execute("FLUSH TABLES WITH READ LOCK")  # nothing can be applied, and the link runs all the same
            cleo.wait(lambda: re.fullmatch(r"\d+\.\d s", cleo.text("#lag-forward")), "more than a second of lag to show as it is")
            cursor.execute("UNLOCK TABLES")
        cleo.wait(lambda: re.fullmatch(r"\d+ ms", cleo.text("#lag-forward")), "the lag to be gone")


def test_lag_of_one_node_and_of_the_whole_run_are_a_choice_away(serving):
    with page_of(serving, CLEO) as cleo:
        cleo.wait(lambda: len(cleo.all("#lag-of option")) > 2, "the nodes to be named")
        cleo.one("[data-span='0']").click()
        cleo.all("#lag-of option")[-1].click()
        cleo.wait(lambda: "heartbeat of OLD" in cleo.text("#lag-lines"), "the lines of a node")
        assert cleo.one("[data-span='0']").get_attribute("aria-pressed") == "true"


def test_a_page_outlives_its_server_and_says_so_meanwhile(service):
    with Serving(service, None) as first:
        address = first.host
        page = Page(first)
    try:
        page.wait(lambda: "lost" in page.text("#connection"), "the loss to show", 10)
        with Serving(service, None, "--listen", address):
            page.wait(lambda: page.text("#connection") == "live", "the page to come back")
            page.wait(lambda: page.text("#lag-forward") not in ("", "–", "unknown"), "lag to be known again")
    finally:
        page.browser.quit()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nobody_is_shut_out_by_how_the_page_is_made(service, serving, scheme):
    """axe-core: contrast, names, roles, order; in both colours, on a phone and a wall, with the dialog open."""
    plan = service.lab.root / "judged.plan"
    service.cutover("plan", service.playbook("judged", "mirrored", LOOK, APPROVE), "--out", plan).ended(DONE)
    with page_of(serving, ANNA) as anna, service.start("run", "--plan", plan) as running:
        anna.colours(scheme)
        anna.wait(lambda: "0 of 2" in anna.text("#waits"), "the approval to be waited for")
        for size in SIZES.values():
            anna.browser.set_window_size(*size)
            assert not [found for found in anna.judged() if found.startswith(("serious", "critical"))], size
        anna.photograph(f"judged-{scheme}")
        anna.wait(lambda: anna.all("#acts button[data-what=abort]"), "the button")
        anna.one("#acts button[data-what=abort]").click()
        anna.wait(lambda: anna.all("#asking"), "the words of what follows")
        assert not [found for found in anna.judged() if found.startswith(("serious", "critical"))], "the dialog"
        anna.one("#asking-yes").click()
        running.end().ended(DONE)
