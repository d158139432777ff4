# SPDX-License-Identifier: MIT
"""The HTTP API is what etc/schema/openapi.json says: each route for each role, what it answers, and what it refuses.

Whatever other tests ask of it in JSON is held against the same description (serving.Page.json).
"""

import json

import jsonschema
import pytest

from tests.integration.service import Stage
from tests.integration.serving import ANNA, API, CLEO, Serving, bearer, described, guarded_config, judge
from tests.lab.lab import REPOSITORY
from tests.lab.procs import wait_until

SCHEMAS = REPOSITORY / "etc/schema"
ROLES = {"anybody": {}, "watch": bearer(CLEO), "operate": bearer(ANNA)}
ROUTES = [(path, method, row) for path, methods in API["paths"].items() for method, row in methods.items()]
SENT = {"/api/login": CLEO, "/api/requests": json.dumps({"what": "hold", "run": "00000000"}), "/api/requests/withdraw": json.dumps({"id": 0})}
DONE_WITHOUT_A_RUN = {"/api/requests": 409, "/api/requests/withdraw": 409}


@pytest.fixture(scope="module", name="serving")
def one_server():
    with Stage(mb=0) as stage:
        service = stage.service("mirrored")
        with Serving(service, guarded_config(service)) as serving:
            for topic in ("state", "lag", "names", "run"):
                serving.json(f"/api/{topic}", **bearer(CLEO))
            yield serving


def expected(path, row, role):
    roles = list(ROLES)
    if roles.index(role) < roles.index(row["x-role"]):
        return 401 if role == "anybody" else 403
    return DONE_WITHOUT_A_RUN.get(path, 200)


def real(path):
    return path.replace("{name}", "main.js")


def hold_against(path, method, answer):
    """Is the answer one that is described?"""
    media = answer.headers["Content-Type"].partition(";")[0]
    answers = API["paths"][path][method]["responses"]
    content = answers.get(str(answer.status), answers["default"])["content"]
    assert media in content, (path, answer.status, media)
    if media == "application/json":
        judge(content[media]["schema"], json.loads(answer.text))


def test_the_description_is_one():
    assert API["openapi"].startswith("3.1.")
    for name, schema in API["components"]["schemas"].items():
        jsonschema.Draft202012Validator.check_schema(schema)
        assert name == "status" or f"#/components/schemas/{name}\"" in json.dumps(API), f"nothing answers {name}"


def test_a_status_is_the_same_on_the_page_and_on_the_command_line():
    from_command = json.loads((SCHEMAS / "status.json").read_text())
    assert API["components"]["schemas"]["status"] == {name: part for name, part in from_command.items() if name[0] != "$"}


def test_a_run_has_on_the_page_what_its_report_has():
    from_report = json.loads((SCHEMAS / "report.json").read_text())["properties"]
    on_page = API["components"]["schemas"]["run"]["properties"]
    assert {name: part for name, part in from_report.items() if name not in ("run", "lag")} == {
        name: part for name, part in on_page.items() if name in from_report and name != "run"}


@pytest.mark.parametrize("role", ROLES)
def test_each_route_answers_each_role_as_it_is_described(serving, role):
    for path, method, row in ROUTES:
        if path == "/api/events" and role != "anybody":
            continue  # it does not end; test_serve.py listens to it
        answer = serving.ask(real(path), method.upper(), body=SENT.get(path), **ROLES[role])
        assert answer.status == expected(path, row, role), (path, role, answer.text)
        hold_against(path, method, answer)


@pytest.mark.parametrize("path, method, sent, fields, status", [
    ("/api/requests", "post", "{", {}, 400),
    ("/api/requests", "post", '{"what": "dance", "run": "1"}', {}, 400),
    ("/api/requests/withdraw", "post", "[]", {}, 400),
    ("/api/requests", "post", "x" * 70000, {}, 413),
    ("/api/login", "post", "x" * 70000, {}, 413),
    ("/api/login", "post", "wrong", {}, 401),
    ("/api/login", "post", CLEO, {"Origin": "http://evil.example"}, 403),
    ("/api/state", "get", None, {"Host": "evil.example"}, 421),
    ("/assets/{name}", "get", None, {}, 404),
])
def test_what_is_refused_says_so_as_it_is_described(serving, path, method, sent, fields, status):
    answer = serving.ask(path.replace("{name}", "nothing"), method.upper(), body=sent, **bearer(ANNA), **fields)
    assert answer.status == status, answer.text
    hold_against(path, method, answer)


def test_the_wrong_method_is_refused_on_every_path(serving):
    for path, methods in API["paths"].items():
        answer = serving.ask(real(path), "DELETE", **bearer(ANNA))
        assert answer.status == 405, path
        hold_against(path, next(iter(methods)), answer)


def test_what_the_stream_tells_is_what_the_paths_answer(serving):
    heard = {}
    stream = serving.events(**bearer(CLEO))

    def has_all():
        name, _, data = next(stream)
        heard[name] = data
        return {"lag", "state", "names", "run", "journal"} <= set(heard)
    wait_until(has_all, 30, "each kind of event")
    stream.close()
    for topic in ("lag", "state", "names", "run"):
        judge(described(f"/api/{topic}", 200), heard[topic])


def test_the_description_that_is_served_is_this_one(serving):
    assert serving.json("/api/openapi.json") == API


def test_a_member_that_is_not_described_would_be_noticed(serving):
    page = serving.json("/api/lag", **bearer(CLEO))
    for spoilt in ({**page, "extra": 1}, {name: value for name, value in page.items() if name != "links"}):
        with pytest.raises(AssertionError):
            judge(described("/api/lag", 200), spoilt)
    state = serving.json("/api/state", **bearer(CLEO))
    with pytest.raises(AssertionError):
        judge(described("/api/state", 200), {**state, "extra": 1})
