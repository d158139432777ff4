# SPDX-License-Identifier: MIT
"""seed { method = "physical" } on each series of MariaDB, by that series' own programs: with writes going on, NEW has all that
OLD has, follows it, and a comparison of every row says so."""

import pytest

from tests.integration import awkward
from tests.integration.service import DONE, Done
from tests.integration.test_seed_physical import PLAYBOOK
from tests.lab.lab import Lab
from tests.lab.procs import wait_until
from tests.lab.servers import Absent


@pytest.fixture(scope="module", params=["mariadb-10.5", "mariadb-11.8"])
def lab(request):
    try:
        lab = Lab(mb=0, replicas=0, dns=False, cloudflare=False, site=False, ssh=True, old=request.param, new=request.param)
    except Absent as absent:
        pytest.skip(str(absent))
    with lab:
        awkward.plant(lab)
        (lab.root / "physical.cfg").write_text(PLAYBOOK)
        yield lab


def test_a_copy_by_its_own_programs_is_whole_while_writes_go_on(lab):
    with awkward.Writer(lab.old.primary) as writer:
        wait_until(lambda: writer.count > 20, 30, "the writer")
        before = writer.count
        done = Done(["run"], lab.cutover("run", lab.root / "physical.cfg", "--yes", timeout=300))
        done.ended(DONE, r"compared \d+ tables, \d+ rows .* 0 difference")
        Done(["report"], lab.cutover("report")).ended(DONE, r"known of the copy on \S+: the checksums of zstd .* are not compared yet")
        assert writer.count > before + 50, "the writer stood still, so this proves nothing"
    old, new = lab.old.primary, lab.new.primary
    old.query("SET GLOBAL event_scheduler = OFF")  # the last one that writes
    new.wait_applied(old.position())
    made = awkward.statements(old)
    assert awkward.statements(new) == made
    assert awkward.programs(new) == awkward.programs(old)
    for name in made:
        assert awkward.rows(new, name) == awkward.rows(old, name), name
    assert new.value("SELECT @@GLOBAL.read_only") == 1
