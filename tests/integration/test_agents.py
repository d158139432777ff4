# SPDX-License-Identifier: MIT
"""Others who decide about primaries or keep records are found by what they leave, and close the gate until they are paused."""

import json
from types import SimpleNamespace

import pytest

from tests.integration.service import DONE, REFUSED, Stage
from tests.lab.lab import DNS_ONLY

GATE = '{ name = "go"; action = "gate"; require = [ "agents = 0" ]; timeout = "1s"; }'
WAIVER = {"check": "agent.orchestrator", "by": "Jane Doe", "why": "recoveries are off", "until": "2099-01-01T00:00:00Z"}


@pytest.fixture(scope="module", name="service")
def one_service():
    seen = {"performance-schema": "ON", "performance-schema-events-statements-history-size": 10}
    with Stage(mb=0, options={"old1": seen}) as stage:
        yield stage.service("mirrored")


@pytest.fixture(name="orchestrator")
def an_orchestrator(service):
    """Its schema, its account, and its session, on OLD; the thread id of that."""
    old = service.primaries["old"]
    old.query("SET sql_log_bin = 0; CREATE DATABASE orchestrator; CREATE TABLE orchestrator.node_health (id INT); CREATE DATABASE meta; CREATE TABLE meta.cluster (anchor INT); "
              "CREATE USER orc_client_user IDENTIFIED BY 'x'; GRANT PROCESS ON *.* TO orc_client_user")
    session = old.connect(SimpleNamespace(user="orc_client_user", password="x"), program_name="orchestrator")
    yield session
    session.close()
    old.query("SET sql_log_bin = 0; DROP USER orc_client_user; DROP DATABASE orchestrator; DROP DATABASE meta")


def check(service, cfg=None):
    """The findings by the id of their check."""
    done = service.cutover("check", "--json", **({"cfg": cfg} if cfg else {}))
    assert done.code in (DONE, REFUSED), done
    found = {}
    for finding in json.loads(done.out)["findings"]:
        found.setdefault(finding["check"], []).append(finding)
    return found


def test_nobody_is_suspected_without_a_trace(service):
    found = check(service)
    agents = [finding for name, group in found.items() if name.startswith("agent.") for finding in group]
    assert {finding["severity"] for finding in agents} == {"ok"}, agents
    assert [finding["severity"] for finding in found["dns.keepers"]] == ["ok"]
    service.run(service.playbook("go", "mirrored", GATE)).ended(DONE, "go: agents 0")


@pytest.mark.usefixtures("orchestrator")
def test_an_orchestrator_is_found_and_closes_the_gate_until_somebody_has_paused_it(service):
    [finding] = check(service)["agent.orchestrator"]
    assert (finding["severity"], finding["subject"]) == ("block", "OLD")
    for trace in ("database orchestrator", "table meta.cluster (statistics of 20", "account orc_client_user@%",
                  "1 session(s) of orc_client_user@"):
        assert trace in finding["found"], finding
    assert "disable-global-recoveries" in finding["fix"]
    playbook = service.playbook("go", "mirrored", GATE)
    service.run(playbook).ended(REFUSED, "agents 1, wanted: agents = 0")

    paused = service.config("paused", lambda c: c.update(waivers=(WAIVER,)))
    [finding] = check(service, paused)["agent.orchestrator"]
    assert finding["severity"] == "warn" and "Jane Doe" in finding["waived"]
    service.run(playbook, cfg=paused).ended(DONE, "go: agents 0")


def test_who_keeps_the_records_is_told(service):
    cloudflare = service.lab.cloudflare
    record = cloudflare.add_record(f"a-{DNS_ONLY}", "TXT", '"heritage=external-dns,external-dns/owner=k8s"')
    cloudflare.edit(DNS_ONLY, "A", comment="Managed by Terraform")
    try:
        found = {finding["found"].split()[0]: finding for finding in check(service)["dns.keepers"]}
        assert set(found) == {"external-dns", "Terraform"}
        assert {(finding["severity"], finding["subject"]) for finding in found.values()} == {("warn", DNS_ONLY)}
    finally:
        cloudflare.edit(DNS_ONLY, "A", comment=None)
        cloudflare.zone(DNS_ONLY).delete(record["id"])


def test_a_statement_that_sets_read_only_is_shown_with_who_said_it(service):
    old = service.primaries["old"]
    old.query("UPDATE performance_schema.setup_consumers SET ENABLED = 'YES' WHERE NAME LIKE 'events_statements%'")
    with old.connect() as session, session.cursor() as cursor:
        cursor.execute("SET GLOBAL read_only = 0")
        said = [finding["found"] for finding in check(service)["agent.others"]]
    assert any("SET GLOBAL read_only = 0" in text and "root@" in text for text in said), said


@pytest.mark.usefixtures("orchestrator")
def test_a_program_is_known_by_what_it_calls_itself(service):
    [finding] = check(service)["agent.orchestrator"]
    assert 'call themselves "orchestrator"' in finding["found"]
