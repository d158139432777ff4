# SPDX-License-Identifier: MIT
"""What monitoring is given to install: rules and a dashboard that other programs understand, and that ask for what there is."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CUTOVER = ROOT / (os.environ.get("BUILD") or "build") / "cutover"
PROMTOOL = ROOT / (os.environ.get("SERVERS") or "build/servers") / "prometheus/run"
RULES = ROOT / "etc/prometheus/alerts.yml"
DASHBOARD = ROOT / "etc/grafana/cutover.json"

needs_promtool = pytest.mark.skipif(not PROMTOOL.exists(), reason="no promtool: make deps-prometheus")


def metrics():
    table = subprocess.run([CUTOVER, "generate", "metrics"], capture_output=True, text=True, check=True).stdout
    return set(re.findall(r"^\| `(\w+)`", table, re.MULTILINE))


def promtool(*words):
    done = subprocess.run([PROMTOOL, "usr/bin/promtool", *words], cwd=RULES.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@needs_promtool
def test_prometheus_understands_the_alerts_and_they_fire_when_they_should():
    promtool("check", "rules", RULES.name)
    promtool("test", "rules", "alerts_test.yml")


def test_every_alert_is_tested_and_says_what_to_do():
    text, tests = RULES.read_text(), (RULES.parent / "alerts_test.yml").read_text()
    names = re.findall(r"- alert: (\w+)", text)
    assert len(names) == len(set(names)) > 10
    for name, rule in zip(names, re.split(r"- alert: \w+", text)[1:]):
        assert f'alertname="{name}"' in tests, name
        assert "summary:" in rule and "description:" in rule and "severity:" in rule, name


@pytest.mark.parametrize("path", [RULES, DASHBOARD])
def test_nothing_is_asked_for_that_is_not_published(path):
    asked = set(re.findall(r"\bcutover_\w+(?=[{\s\"\\)=<>,]|$)", path.read_text()))
    asked -= {"cutover_forward", "cutover_reverse"}  # channels
    asked = {name for name in asked if not name.startswith("cutover_{")}
    assert len(asked) > 10
    assert asked <= metrics()


def test_the_dashboard_is_one_that_grafana_can_import():
    dashboard = json.loads(DASHBOARD.read_text())
    assert dashboard["uid"] == "cutover" and dashboard["schemaVersion"] > 30
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(ids) == len(set(ids))
    for panel in dashboard["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24, panel["title"]
        assert panel["targets"] and all(target["expr"].count("(") == target["expr"].count(")") for target in panel["targets"])
    shown = set(re.findall(r"\bcutover_\w+", DASHBOARD.read_text()))
    assert metrics() - shown <= {"cutover_info", "cutover_link_exists", "cutover_watchers", "cutover_notices_delivered_total", "cutover_notices_failed_total"}, "a metric that is worth a row is worth a look"
