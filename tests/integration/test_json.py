# SPDX-License-Identifier: MIT
"""What --json prints is what etc/schema says: real answers of every command that has it, in more than one situation."""

import json
import re
import subprocess

import jsonschema
import pytest

from tests.integration.service import DONE, FENCED, FENCED_BACK, REFUSED, Stage
from tests.lab.lab import CUTOVER, REPOSITORY

SCHEMAS = REPOSITORY / "etc/schema"
NOT_OF_A_COMMAND = {"verify_repair",  # of an option of verify
                    "openapi"}        # of the HTTP API: test_api.py


@pytest.fixture(scope="module", name="stage")
def one_stage():
    with Stage(mb=0) as stage:
        yield stage


def judge(command, done, *codes):
    done.ended(done.code)
    assert done.code in (codes or (DONE,)), done
    schema = json.loads((SCHEMAS / f"{command}.json").read_text())
    problems = sorted(jsonschema.Draft202012Validator(schema).iter_errors(json.loads(done.out)), key=str)
    assert not problems, f"{command}: {problems[0].json_path}: {problems[0].message}"


def test_every_command_that_has_it_has_a_schema_that_is_one_and_is_in_the_document():
    document = (REPOSITORY / "docs/json.md").read_text()
    listed = {path.stem for path in SCHEMAS.glob("*.json")}
    for name in listed - {"openapi"}:
        jsonschema.Draft202012Validator.check_schema(json.loads((SCHEMAS / f"{name}.json").read_text()))
    overview = subprocess.run([CUTOVER, "--help"], capture_output=True, text=True, check=True).stdout.partition("Options")[0]
    commands = re.findall(r"^  ([a-z]+) ", overview, re.MULTILINE)
    has_json = {name for name in commands
                if "--json" in subprocess.run([CUTOVER, name, "--help"], capture_output=True, text=True, check=True).stdout}
    assert has_json | NOT_OF_A_COMMAND == listed == set(re.findall(r"etc/schema/(\w+)\.json", document))


def test_a_schema_refuses_what_is_not_so():
    schema = json.loads((SCHEMAS / "status.json").read_text())
    assert list(jsonschema.Draft202012Validator(schema).iter_errors({"situation": "fine"}))


def test_what_only_looks_prints_what_it_says(stage):
    service = stage.service("following")
    for command in ("version", "actions", "status", "verify"):
        judge(command, service.cutover(command, "--json"))
    judge("check", service.cutover("check", "--json"), DONE, REFUSED)
    judge("check", service.cutover("check", "--explain", "--json"))
    judge("inventory", service.cutover("inventory", "--json"))
    judge("report", service.cutover("report", "--json"))
    judge("plan", service.cutover("plan", service.shipped("3-mirror"), "--json"))


def test_a_difference_is_printed_as_it_says(stage):
    service = stage.service("mirrored")
    server = service.primaries["new"]
    server.query("SET SESSION sql_log_bin = 0; CREATE TABLE blog.odd (id INT PRIMARY KEY)")
    try:
        done = service.cutover("verify", "--json")
        assert json.loads(done.out)["difference_count"] > 0
        judge("verify", done, done.code)
        done = service.cutover("verify", "--repair", "--json")
        judge("verify_repair", done, done.code)
        assert json.loads(done.out)["rows"][0]["why"], "why a definition is not repaired"
    finally:
        server.query("SET SESSION sql_log_bin = 0; DROP TABLE blog.odd")


def test_what_changes_something_prints_how_it_ended(stage):
    service = stage.service("mirrored")
    there = service.playbook("there", "mirrored", *FENCED)
    back = service.playbook("back", "switched", *FENCED_BACK)
    judge("plan", service.cutover("plan", there, "--json", cfg=service.hasty))
    judge("run", service.run(there, "--json", cfg=service.hasty))
    for command in ("status", "check", "report"):
        judge(command, service.cutover(command, "--json", cfg=service.hasty), DONE, REFUSED)
    judge("rollback", service.cutover("rollback", "--yes", "--json", "--playbook", back, cfg=service.hasty))
    refused = service.playbook("refused", "mirrored", '{ name = "gate"; action = "gate"; require = [ "lag < 0ms" ]; timeout = "1s"; }')
    done = service.run(refused, "--json", cfg=service.hasty)
    judge("run", done, REFUSED)
    assert json.loads(done.out)["error"]["message"]
    judge("report", service.cutover("report", "--json", cfg=service.hasty))
    judge("abort", service.cutover("abort", "--yes", "--json", cfg=service.hasty))


def test_a_drill_and_the_list_of_them(stage):
    service = stage.service("mirrored")
    there = service.playbook("there", "mirrored", *FENCED)
    back = service.playbook("back", "switched", *FENCED_BACK)
    judge("drill", service.cutover("drill", there, "--playbook", back, "--yes", "--json", cfg=service.hasty, timeout=200))
    judge("drill", service.cutover("drill", "--list", "--json", cfg=service.hasty))
