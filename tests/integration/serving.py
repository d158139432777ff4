# SPDX-License-Identifier: MIT
"""The dashboard as tests ask it: `cutover serve` from its first word to its end, and three people who have a token for it."""

import http.client
import json
import re
import ssl
import subprocess

import jsonschema

from tests.integration.service import DONE
from tests.lab import lab as labs
from tests.lab.procs import wait_until

API = json.loads((labs.REPOSITORY / "etc/schema/openapi.json").read_text())

ANNA, BEN, CLEO = "anna-4f1d2c3b4a5968778695", "ben-00112233445566778899", "cleo-99887766554433221100"
TOKENS = f"# who may\nanna operate {ANNA}\nben operate {BEN}\ncleo watch {CLEO}\n"


def closed(schema):
    """The same, but no object may have a member that is not described."""
    if isinstance(schema, list):
        return [closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    more = {"additionalProperties": False} if "properties" in schema else {}
    return {name: closed(value) for name, value in schema.items()} | more


def _strict():
    parts = {name: closed(part) for name, part in API["components"]["schemas"].items()}
    parts["state"] = parts["state"] | {"unevaluatedProperties": False}  # of two parts, neither of which knows the other
    for part in (parts["status"], parts["state"]["allOf"][1]):
        del part["additionalProperties"]
    return {"schemas": parts}


STRICT = _strict()


def judge(schema, answer):
    """What is answered is what the description of the API says, no less and no more."""
    checker = jsonschema.Draft202012Validator({**schema, "components": STRICT})
    problems = sorted(checker.iter_errors(answer), key=lambda problem: str(problem.json_path))
    assert not problems, f"{schema}: {problems[0].json_path}: {problems[0].message}"


def described(path, status, method="get"):
    """The schema of an answer in JSON."""
    answers = API["paths"][path][method]["responses"]
    return answers.get(str(status), answers["default"])["content"]["application/json"]["schema"]


def tokens_file(service, text=TOKENS, name="tokens"):
    path = service.lab.root / name
    path.write_text(text)
    path.chmod(0o600)
    return path


def guarded_config(service, **more):
    """Of a dashboard for which one needs a token; `more` is added to its settings."""
    return service.config("guarded", lambda c: c.update(serve={"tokens": f"file:{tokens_file(service)}", **more}))


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


class Page:
    """What is served at an address, whoever serves it."""

    def __init__(self, url):
        self.scheme, self.host = re.match(r"(https?)://([^/]+)/", url).groups()

    def connect(self):
        if self.scheme == "https":
            return http.client.HTTPSConnection(self.host, timeout=20, context=ssl._create_unverified_context())  # pylint: disable=protected-access
        return http.client.HTTPConnection(self.host, timeout=20)

    def ask(self, path, method="GET", body=None, **fields):
        connection = self.connect()
        connection.request(method, path, body=body, headers={name.replace("_", "-"): value for name, value in fields.items()})
        answer = connection.getresponse()
        answer.text = answer.read().decode()
        connection.close()
        return answer

    def json(self, path, **fields):
        def answered():
            answer = self.ask(path, **fields)
            assert answer.status in (200, 503), (answer.status, answer.text)
            return answer.status == 200 and answer
        told = json.loads(wait_until(answered, 30, f"{path} to be known").text)
        judge(described(path.partition("?")[0], 200), told)
        return told

    def events(self, **fields):
        """(name, id, data) of the stream, as they come."""
        connection = self.connect()
        connection.request("GET", "/api/events", headers=fields)
        answer = connection.getresponse()
        assert answer.status == 200, answer.read()
        event = {}
        try:
            while line := answer.readline().decode():
                name, _, value = line.rstrip("\n").partition(": ")
                if name:
                    event[name] = value
                elif event:
                    yield event["event"], int(event.get("id", 0)), json.loads(event["data"])
                    event = {}
        finally:
            connection.close()


class Serving(Page):
    """`cutover serve`, from its first word to its end."""

    def __init__(self, service, cfg, *options):
        self._process = subprocess.Popen(  # pylint: disable=consider-using-with
            [labs.CUTOVER, "-c", cfg or service.lab.cfg_path, "serve", *(options or ("--listen", "127.0.0.1:0"))], text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        said = self._process.stdout.readline()
        url = re.match(r"(https?://[^/]+/) shows", said)
        assert url, said + self._process.communicate(timeout=10)[1]
        super().__init__(url[1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.terminate()
        out, err = self._process.communicate(timeout=20)
        assert self._process.returncode == DONE, out + err
