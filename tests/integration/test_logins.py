# SPDX-License-Identifier: MIT
"""Accounts are tried as they will be used: an application's from its own host, replication's from a replica's; real sshds here."""

import os
import tempfile

import pytest

from tests.integration.service import CONFIG, REFUSED, Stage
from tests.lab import ports
from tests.lab.sshd import Host

CHECK = "account.application_login"
SECRET = "the-words-of-an-application"
NO_LOG = "SET SESSION sql_log_bin = 0;"
SEEN_AS = "127.0.0.1"  # whichever host of the lab connects, and wherever to


@pytest.fixture(scope="module", autouse=True)
def own_folder():
    """The sockets' folders of this file's programs."""
    with tempfile.TemporaryDirectory(prefix="cutover-own-") as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", folder)
        yield folder


@pytest.fixture(scope="module", name="stage")
def one_stage(own_folder):
    with Stage(mb=0, ssh=True) as stage:
        yield stage


@pytest.fixture(name="service")
def with_an_application(stage):
    """A host beside the servers', and an account that may log in to all of them from where its connections come."""
    service = stage.service("apart")
    lab = service.lab
    service.web = Host(lab.root / f"web-{os.urandom(4).hex()}", "web", lab.new.primary.address, lab.keys)
    for server in lab.servers:
        make_account(server, SEEN_AS, SECRET)
    service.web.start()
    lab.keys.know(service.web)
    try:
        yield service
    finally:
        service.web.stop()
        for server in lab.servers:
            drop_accounts(server)


def drop_accounts(server):
    server.query(f"{NO_LOG} DROP USER IF EXISTS 'web'@'{SEEN_AS}'; DROP USER IF EXISTS 'web'@'192.0.2.%'")


def make_account(server, host, words):
    drop_accounts(server)
    server.query(f"{NO_LOG} CREATE USER 'web'@'{host}' IDENTIFIED BY '{words}'")


def configured(service, **application):
    """The configuration with one application on the host `web`."""
    web, keys = service.web, service.lab.keys
    ssh = {"user": web.user, "identity": str(keys.identity), "known_hosts": str(keys.known_hosts), "port": web.port}
    listed = {"name": "blog", "user": "web", "password": service.lab.config.secret("web", SECRET), "ssh": ssh,
              "hosts": ({"host": web.address},), **application}
    return service.config("applications", lambda c: c.update(applications=(listed,)))


def findings(service, cfg, check=CHECK):
    done = service.cutover("check", check, "--json", cfg=cfg)
    assert SECRET not in done.text
    return [(one["severity"], one["found"]) for one in done.json["findings"] if one["check"] == check]


@pytest.mark.parametrize("transport", ["library", "program"])
def test_an_account_that_works_from_its_host_is_well_and_the_tries_were_made_there(service, transport):
    hosts = ({"host": service.web.address, "ssh": {"transport": transport}},)
    [(severity, found)] = findings(service, configured(service, replicas=True, hosts=hosts))
    assert (severity, found) == ("ok", "each logs in from each of its hosts")
    log = (service.web.folder / "sshd.log").read_text()
    assert log.count("Accepted publickey") == len(service.lab.servers), "one for each node, replicas too"


def test_a_wrong_password_on_new_blocks_and_says_what_the_server_answered(service):
    new = service.primaries["new"]
    make_account(new, SEEN_AS, "other-words")
    [(severity, found)] = findings(service, configured(service))
    assert severity == "block" and "Access denied for user 'web'" in found, found
    assert f"from {service.web.address} to {new.address}:{new.port}, of NEW" in found, found
    service.cutover("check", CHECK, cfg=configured(service)).ended(REFUSED, f"block +{CHECK}")


def test_an_account_that_is_missing_for_that_hosts_address_blocks(service):
    make_account(service.primaries["new"], "192.0.2.%", SECRET)
    [(severity, found)] = findings(service, configured(service))
    assert severity == "block" and f"Access denied for user 'web'@'{SEEN_AS}'" in found and "of NEW" in found, found


@pytest.mark.parametrize("transport", ["library", "program"])
def test_a_host_that_forbids_forwarding_leaves_it_open(service, transport):
    service.web.restart("AllowTcpForwarding no")
    ssh = {"transport": transport}
    found = findings(service, configured(service, hosts=({"host": service.web.address, "ssh": ssh},)))
    assert [severity for severity, _ in found] == ["warn", "warn"], found
    assert all("not known whether it can log in" in text and "AllowTcpForwarding local" in text for _, text in found), found


def test_a_host_that_hangs_leaves_it_open(service):
    service.web.freeze()
    found = findings(service, configured(service))
    assert [severity for severity, _ in found] == ["warn", "warn"], found
    assert all("not known whether it can log in" in text and "SSH tunnel: " in text for _, text in found), found


def test_of_two_hosts_the_one_that_nobody_answers_on_is_named(service):
    alive = {"host": service.web.address, "ssh": {"port": service.web.port}}
    silent = {"host": "localhost", "ssh": {"host": service.web.address, "port": ports.free_port((service.web.address,))}}
    found = findings(service, configured(service, hosts=(alive, silent)))
    assert [severity for severity, _ in found] == ["warn", "warn"], found
    assert all("from localhost to" in text for _, text in found), found


def test_the_replication_account_is_tried_from_each_replica_of_new(service):
    replica = service.lab.new.replicas[0]
    host = service.lab.hosts[replica.name]
    before = (host.folder / "sshd.log").read_text().count("Accepted publickey")
    assert [severity for severity, _ in findings(service, service.hasty, "account.replication_login")] == ["ok"]
    assert (host.folder / "sshd.log").read_text().count("Accepted publickey") > before
    host.stop()
    try:
        [(severity, found)] = findings(service, service.hasty, "account.replication_login")
    finally:
        host.start()
    assert severity == "warn" and "not known whether it can log in to" in found and "Connection refused" in found, found


def test_a_host_without_a_way_to_log_in_is_refused_with_its_line(service):
    cfg = service.config("no-way", lambda c: c.update(applications=(
        {"name": "blog", "user": "web", "password": service.lab.config.secret("web", SECRET),
         "hosts": ({"host": "web1.example"},)},)))
    service.cutover("check", cfg=cfg).ended(CONFIG, "no group ssh says how to log in to web1.example", r"no-way.cfg:\d+")
