# SPDX-License-Identifier: MIT
"""The dashboard in Debian's chromium, during a real cutover of a lab: what people see, and what they may do there."""

import contextlib
import os
import pathlib

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By

from tests.integration import programs
from tests.integration.service import DONE, SHARED, Stage
from tests.integration.test_serve import Serving
from tests.lab.procs import wait_until

ANNA, BEN, CLEO = "anna-4f1d2c3b4a5968778695", "ben-00112233445566778899", "cleo-99887766554433221100"
APPROVE = '{ name = "say-yes"; action = "approve"; ask = "Move the users now?"; people = 2; }'
LOOK = '{ name = "look"; action = "gate"; require = [ "links = up", "lag < 5s" ]; }'
SIZES = {"phone": (390, 844), "laptop": (1366, 768), "wall": (2560, 1440)}
PICTURES = pathlib.Path(os.environ.get("BUILD", "build")) / "test-results" / "browser"


@pytest.fixture(scope="module", name="stage")
def one_stage():
    with Stage(mb=0) as stage:
        yield stage


@pytest.fixture(name="service")
def one_service(stage):
    return stage.service("mirrored")


@pytest.fixture(name="serving")
def one_server(service):
    tokens = service.lab.root / "tokens"
    tokens.write_text(f"anna operate {ANNA}\nben operate {BEN}\ncleo watch {CLEO}\n")
    tokens.chmod(0o600)
    with Serving(service, service.config("guarded", lambda c: c.update(serve={"tokens": f"file:{tokens}"}))) as serving:
        yield serving


class Page:
    """One person's browser."""

    def __init__(self, serving, token):
        options = webdriver.ChromeOptions()
        for word in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"):
            options.add_argument(word)
        options.binary_location = "/usr/bin/chromium"
        self._serving = serving
        self.browser = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
        self.browser.get(f"http://{serving.host}/")
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
            self.browser.save_screenshot(str(PICTURES / f"{name}-{size}.png"))


@contextlib.contextmanager
def page_of(serving, token):
    page = Page(serving, token)
    try:
        yield page
    finally:
        page.browser.quit()


def test_two_people_approve_on_the_page_and_a_viewer_cannot(service, serving):
    path = service.playbook("browser", "mirrored", LOOK, APPROVE, *SHARED)
    plan = service.lab.root / "browser.plan"
    service.cutover("plan", path, "--out", plan).ended(DONE)
    with page_of(serving, ANNA) as anna, service.start("run", "--plan", plan) as running:
        anna.wait(lambda: "0 of 2" in anna.text("#waits"), "the approval to be waited for")
        assert "links = up" in anna.text("#gate")
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


def test_a_planted_lag_shows_within_a_second_and_the_chart_goes_on(service, serving):
    with page_of(serving, CLEO) as cleo:
        cleo.wait(lambda: cleo.text("#lag-forward") not in ("", "–", "unknown"), "lag to be known")
        new = service.primaries["new"]
        try:
            programs.say(new, "stop", channel="cutover_forward")
            cleo.wait(lambda: cleo.text("#lag-forward") == "unknown", "the stopped link to show", 3)
        finally:
            programs.say(new, "start", channel="cutover_forward")
        cleo.wait(lambda: cleo.text("#lag-forward") != "unknown", "the link to come back")
        assert cleo.all("#lag-chart canvas")
