# SPDX-License-Identifier: MIT
"""seed { method = "physical" } on real MariaDB servers and hosts with sshd, as a playbook runs it: with writes going on."""

import pytest

from tests.integration import awkward
from tests.lab.lab import Lab
from tests.lab.procs import wait_until

PLAYBOOK = """
playbook = {
  name = "physical"; about = "NEW becomes a copy of OLD and follows it."; needs = "apart";
  steps = ( { name = "seed"; action = "seed"; method = "physical"; },
            { name = "follow"; action = "follow"; }, { name = "verify"; action = "verify"; } );
};
"""
RESET = """
playbook = { name = "reset"; about = "NEW is empty."; needs = [ "apart", "following" ];
             steps = ( { name = "reset"; action = "reset"; } ); };
"""


@pytest.fixture(scope="module")
def lab():
    with Lab(mb=0, dns=False, cloudflare=False, site=False, ssh=True) as lab:
        if lab.kinds["old"].name != "mariadb-10.11" or lab.kinds["new"].name != "mariadb-10.11":
            pytest.skip("mariadb-backup is there for this machine's own MariaDB only")
        awkward.plant(lab)
        for name, text in (("physical", PLAYBOOK), ("reset", RESET)):
            (lab.root / f"{name}.cfg").write_text(text)
        yield lab


def run(lab, name):
    return lab.cutover("run", lab.root / f"{name}.cfg", "--yes")


def test_everything_of_old_is_on_every_node_of_new(lab):
    with awkward.Writer(lab.old.primary) as writer:
        wait_until(lambda: writer.count > 20, 30, "the writer")
        done = run(lab, "physical")
        assert done.returncode == 0, done.stdout + done.stderr
        assert writer.count > 100, "the writer stood still, so this proves nothing"
    old = lab.old.primary
    old.query("SET GLOBAL event_scheduler = OFF")  # the last one that writes
    lab.new.primary.wait_applied(old.position())
    lab.new.wait_replicas()
    made, programs = awkward.statements(old), awkward.programs(old)
    expected = {name: awkward.rows(old, name) for name in made}
    for server in lab.new.nodes:
        assert awkward.statements(server) == made
        assert awkward.programs(server) == programs
        for name, rows in expected.items():
            assert awkward.rows(server, name) == rows, (server, name)
        waiting = server.query("SELECT DISTINCT STATUS AS is_so FROM information_schema.EVENTS WHERE EVENT_SCHEMA = 'blog'")
        assert "ENABLED" not in [row["is_so"] for row in waiting]
        assert server.value("SELECT @@GLOBAL.read_only") == 1
        assert server.value("SELECT @@GLOBAL.event_scheduler") == "ON"
        assert not list(server.folder.glob("*.cutover-seed")) and not list(server.drop_in.iterdir())
