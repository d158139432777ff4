# SPDX-License-Identifier: MIT
"""Everything that can be wrong before anything is done: each mistake is named with its place, and nothing is touched."""

import contextlib
import re

import pytest

from tests.integration import programs
from tests.integration.service import CONFIG, CUT, DONE, REFUSED, SHARED, UNDONE, USAGE, Stage
from tests.lab.cloudflare import Token
from tests.lab.lab import DNS_ONLY, PROXIED, Lab

UNREACHABLE_S = 30  # no command may hang longer on a node that does not answer


@pytest.fixture(scope="module", name="stage")
def the_stage():
    with Stage(mb=1, site=False) as stage:
        yield stage


@pytest.fixture(name="service")
def mirrored_service(stage):
    return stage.service("mirrored")


def line_of(path, fragment):
    """The number of the only line that holds `fragment`."""
    [number] = [i for i, line in enumerate(path.read_text().splitlines(), start=1) if fragment in line]
    return number


def place(path, fragment):
    return re.escape(f"{path}:{line_of(path, fragment)}: ")


# --- the configuration -------------------------------------------------------------------------------------------

def set_in(*keys, **values):
    """An edit: set values in the group that `keys` lead to."""
    def edit(settings):
        for key in keys:
            settings = settings[key]
        settings.update(values)
    return edit


def drop(key):
    return lambda settings: settings.pop(key)


# The mistake, a piece of the line it is in (None: of no line), what is said.
SPOILED_CONFIGS = {
    "an unknown key": (set_in(databses=["blog"]), "databses", 'did you mean "databases"'),
    "an unknown key in a group": (set_in("limits", lock_wiat="1s"), "lock_wiat", 'did you mean "lock_wait"'),
    "a missing key": (drop("databases"), None, "databases"),
    "a missing group": (drop("accounts"), None, "accounts is missing; expected the groups controller, monitor"),
    "a number for a duration": (set_in("limits", lag=500), "lag = 500", 'lag must be a duration in quotes, such as "500ms"'),
    "a duration without a unit": (set_in("limits", drain="5"), "drain", "drain"),
    "a port that does not exist": (set_in("new", "primary", port=70000), "70000", "port 70000 is not between 1 and 65535"),
    "an unknown TLS mode": (set_in("tls", mode="verify"), 'mode = "verify"', "expected off, required, verify-ca or verify-id"),
    "no CA": (set_in("tls", ca="nowhere.pem"), "nowhere.pem", "cannot read .*nowhere.pem: No such file"),
    "a system schema": (set_in(databases=["mysql"]), "databases", '"mysql" belongs to the server'),
    "a password in clear": (set_in("accounts", "controller", password="hunter2!"), "hunter2!", "password must be a reference"),
    "a token in clear": (set_in("dns", token="hunter2!"), "hunter2!", "token must be a reference"),
    "a secret that is not there": (set_in("accounts", "controller", password="file:secrets/nowhere"), "nowhere",
                                   "cannot open secret file .*/secrets/nowhere: No such file"),
    "a secret that is a folder": (set_in("accounts", "controller", password="file:secrets"), '"file:secrets"',
                                  "secret file .*/secrets is not a regular file"),
    "a secret others may read": (set_in("accounts", "controller", password="file:secrets/leaky"), "leaky",
                                 r"may be read by others \(mode 0644\).*chmod 600 .*/secrets/leaky"),
    "a secret of two lines": (set_in("accounts", "controller", password="file:secrets/two"), "secrets/two",
                              "secret file .*/secrets/two must hold exactly one line"),
    "a secret that is not in the environment": (set_in("accounts", "controller", password="env:CUTOVER_TEST_NOWHERE"),
                                                "TEST_NOWHERE", "environment variable CUTOVER_TEST_NOWHERE is not set"),
    "the monitor is the controller": (lambda c: c["accounts"]["monitor"].update(user="cutover"), None,
                                      "monitor must be an account of its own"),
}


@pytest.mark.parametrize("mistake", SPOILED_CONFIGS)
def test_a_mistake_in_the_configuration_is_named_with_its_line(service, mistake):
    edit, fragment, said = SPOILED_CONFIGS[mistake]
    service.lab.config.secret("leaky", "x", mode=0o644)
    service.lab.config.secret("two", "one\ntwo")
    cfg = service.config("spoiled", edit)
    where = place(cfg, fragment) if fragment else re.escape(str(cfg))
    with service.unchanged():
        for words in (("check",), ("status",), ("run", service.shipped("4-migration-day"), "--yes")):
            done = service.cutover(*words, cfg=cfg).ended(CONFIG, where, said)
            assert "hunter2" not in done.text


def test_one_node_on_both_sides_is_refused_and_named(service):
    cfg = service.config("spoiled", lambda c: c["new"].update(primary=c["old"]["primary"]))
    address = re.escape(f"{service.primaries['old'].address}:{service.primaries['old'].port}")
    service.cutover("check", cfg=cfg).ended(CONFIG, f"{address} is listed twice")


def test_a_configuration_that_does_not_parse_is_named_with_its_line(service):
    cfg = service.config("spoiled", lambda c: None)
    cfg.write_text(cfg.read_text().replace('service = "blog";', 'service = "blog'))
    service.cutover("check", cfg=cfg).ended(CONFIG, re.escape(f"{cfg}:"), "syntax error")
    missing = cfg.with_name("nowhere.cfg")
    service.cutover("check", cfg=missing).ended(CONFIG, re.escape(str(missing)), "No such file")


def test_the_line_is_told_however_long_the_path_is(service, tmp_path):
    folder = tmp_path / ("a-folder-with-a-rather-long-name" * 6)
    folder.mkdir()
    cfg = folder / "cutover.cfg"
    cfg.write_text(service.lab.cfg_path.read_text().replace("databases", "databses"))
    service.cutover("check", cfg=cfg).ended(CONFIG, f":{line_of(cfg, 'databses')}: ", 'did you mean "databases"')


# --- playbooks ---------------------------------------------------------------------------------------------------

GATE = '{ name = "go"; action = "gate"; require = [ "links = up" ]; }'

# needs, the steps (the first one in line 3), what is said.
SPOILED_PLAYBOOKS = {
    "an unknown parameter": ("mirrored", [GATE.replace("require", "timout = \"1m\"; require")], 'did you mean "timeout"'),
    "a missing parameter": ("mirrored", ['{ name = "go"; action = "gate"; }'], 'step "go": gate needs require'),
    "an unknown action": ("mirrored", ['{ name = "x"; action = "cutovr"; }'], 'unknown action "cutovr"; did you mean "cutover"'),
    "an unknown requirement": ("mirrored", [GATE.replace("links = up", "lagg < 1s")], "lagg"),
    "an unknown record": ("mirrored", [SHARED[0].replace('"all"', '"shop.example.com"')], "shop.example.com"),
    "from and to are one side": ("mirrored", [CUT.format(here="old", there="old", mode="shared")], "from and to are both old"),
    "an unknown mode": ("mirrored", [CUT.format(here="old", there="new", mode="soft")], "soft"),
    "a TTL that the zone does not allow": ("mirrored", ['{ name = "x"; action = "dns.lower_ttl"; ttl = 1; }'], "ttl 1 is below 2"),
    "a step that does not join": ("mirrored", ['{ name = "end"; action = "settle"; to = "new"; }'],
                                  r'step "end" needs .*shared.*, but is in mirrored here'),
    "a step that does not join in one of two situations": (
        "mirrored switched", list(SHARED), 'step "cut-over" needs .*, but is in switched here'),
}


@pytest.mark.parametrize("mistake", SPOILED_PLAYBOOKS)
def test_a_mistake_in_a_playbook_is_named_with_its_line(service, mistake):
    needs, steps, said = SPOILED_PLAYBOOKS[mistake]
    path = service.playbook("spoiled", needs, *steps)
    with service.unchanged():
        service.cutover("plan", path).ended(CONFIG, re.escape(f"{path}:3: "), said)
        service.run(path).ended(CONFIG, re.escape(f"{path}:3: "), said)


def test_two_steps_of_one_name_are_refused_with_both_lines(service):
    path = service.playbook("spoiled", "mirrored", GATE, GATE)
    service.run(path).ended(CONFIG, re.escape(f"{path}:4: "), '"go" is used twice, here and at line 3')


def test_a_playbook_that_may_start_when_unsafe_is_refused(service):
    path = service.playbook("spoiled", "unsafe", GATE)
    service.run(path).ended(CONFIG, re.escape(f"{path}:1: "), "no playbook may start while the service is unsafe")


@pytest.mark.parametrize("name", ["1-follow", "2-rehearse-and-reset", "rollback", "5-retire"])
def test_a_playbook_for_another_situation_is_refused_and_says_where_the_service_is(service, name):
    with service.unchanged():
        service.run(service.shipped(name)).ended(REFUSED, "needs the situation .*, but the service is in mirrored: forward runs",
                                                 "nothing was changed")


# --- the command line --------------------------------------------------------------------------------------------

SPOILED_WORDS = {
    "no playbook": (["run"], "give exactly one of PLAYBOOK, --plan FILE and --resume"),
    "two things to run": (["run", "3-mirror", "--resume"], "give exactly one of"),
    "an unknown playbook": (["run", "7-nowhere", "--yes"], 'there is no playbook "7-nowhere".*1-follow'),
    "an unknown command": (["rnu"], 'Did you mean "run"'),
    "an unknown option": (["run", "3-mirror", "--yess"], 'Did you mean "--yes"'),
    "an option of another command": (["status", "--yes"], "--yes"),
    "an unknown step": (["run", "1-follow", "--yes", "--from", "nowhere"], 'has no step "nowhere"'),
}


@pytest.mark.parametrize("mistake", SPOILED_WORDS)
def test_a_mistake_on_the_command_line_exits_with_1(service, mistake):
    words, said = SPOILED_WORDS[mistake]
    with service.unchanged():
        service.cutover(*words).ended(USAGE, said)


# --- accounts ----------------------------------------------------------------------------------------------------

def with_wrong_password(service, role):
    wrong = service.lab.config.secret("wrong", "not-the-password")
    return service.config(f"wrong-{role}", set_in("accounts", role, password=wrong))


def test_a_wrong_password_of_the_controller_is_refused_and_names_account_and_node(service):
    cfg = with_wrong_password(service, "controller")
    denied = f"{service.primaries['old'].address}.*Access denied for user 'cutover'@"
    with service.unchanged():
        service.cutover("check", cfg=cfg).ended(REFUSED, "block +node.reachable", "Access denied for user 'cutover'@")
        status = service.cutover("status", "--json", cfg=cfg).ended(DONE).json
        assert status["situation"] == "unsafe"
        assert {node["is_open"] for node in status["nodes"]} == {None}  # not reached is neither open nor closed
        done = service.run(service.shipped("4-migration-day"), cfg=cfg).ended(REFUSED, denied, "nothing was changed")
        assert "not-the-password" not in done.text


def test_a_wrong_password_of_replication_is_found_by_check_and_makes_no_link(stage):
    service = stage.service("following")
    cfg = with_wrong_password(service, "replication")
    service.cutover("check", cfg=cfg).ended(REFUSED, "block +account.replication_login", "cannot log in to OLD",
                                            "cannot log in to NEW", "Access denied for user 'cutover_repl'@")
    with service.unchanged():
        done = service.run(service.shipped("3-mirror"), cfg=cfg)
        assert done.code in (REFUSED, UNDONE), done
        done.ended(done.code, "Access denied for user 'cutover_repl'@")
        assert "not-the-password" not in done.text


# Made, and never started: nobody goes there.
ABROAD = {"mariadb": ("CHANGE MASTER 'abroad' TO MASTER_HOST = '203.0.113.9', MASTER_USER = 'x', MASTER_SSL = {tls}",
                      "RESET SLAVE 'abroad' ALL"),
          "mysql": ("CHANGE REPLICATION SOURCE TO SOURCE_HOST = '203.0.113.9', SOURCE_USER = 'x', SOURCE_SSL = {tls}"
                    " FOR CHANNEL 'abroad'", "RESET REPLICA ALL FOR CHANNEL 'abroad'")}


@pytest.mark.parametrize("tls", [0, 1])
def test_a_link_that_can_be_read_on_its_way_is_found_by_check(service, tls):
    new = service.primaries["new"]
    make, drop_it = ABROAD[new.kind.flavour]
    new.query(make.format(tls=tls))
    try:
        found = service.cutover("check", "network.replication_encrypted", "--json").json["findings"]
    finally:
        new.query(drop_it)
    said = [(finding["severity"], finding["found"]) for finding in found]
    if tls:
        assert said == [("ok", "what replicates across public addresses is encrypted")]
    else:
        assert said == [("block", "replicates unencrypted from 203.0.113.9, which is a public address")]


def test_a_wrong_password_of_the_monitor_is_found_by_check_and_lag_is_still_measured(service):
    """By positions alone then; what must not happen is a gate that opens on a value nobody has measured."""
    cfg = with_wrong_password(service, "monitor")
    service.cutover("check", cfg=cfg).ended(REFUSED, "block +account.monitor_login",
                                            "Access denied for user 'cutover_monitor'@")
    path = service.playbook("lag", "mirrored", '{ name = "go"; action = "gate"; require = [ "lag < 500ms" ]; timeout = "2s"; }')
    new = service.primaries["new"]
    with service.unchanged():
        service.run(path).ended(DONE)
        programs.say(new, "stop", channel="cutover_forward")
        try:
            service.run(path, cfg=cfg).ended(REFUSED, "the forward link .* does not run")
        finally:
            programs.say(new, "start", channel="cutover_forward")
        service.wait_situation("mirrored")


# --- nodes -------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("side", ["old", "new"])
def test_a_primary_that_is_down_is_named_and_nothing_is_touched(service, side):
    primary = service.primaries[side]
    named = f"{side.upper()} primary {re.escape(primary.address)}:{primary.port} was not reached"
    with service.unchanged(but=("counters",)):  # a restart forgets what was set while it ran
        primary.stop()
        try:
            service.cutover("check").ended(REFUSED, "block +node.reachable: " + re.escape(primary.address))
            assert service.situation == "unsafe"
            service.run(service.shipped("4-migration-day")).ended(REFUSED, named, "Can't connect")
        finally:
            primary.start()
        service.wait_situation("mirrored")


def test_a_primary_that_hangs_costs_a_bounded_time(service):
    primary = service.primaries["old"]
    with service.unchanged():
        primary.freeze()
        try:
            service.cutover("run", service.shipped("4-migration-day"), "--yes", timeout=UNREACHABLE_S).ended(
                REFUSED, f"OLD primary {re.escape(primary.address)}:{primary.port} was not reached")
        finally:
            primary.thaw()
        service.wait_situation("mirrored")


def test_a_replica_that_is_down_does_not_take_the_way_back(service):
    """The worst moment: NEW has the users, something is wrong there, and of all nodes a replica has died, too."""
    service.reach("switched")
    service.write()
    replica = service.lab.old.replicas[0]
    replica.stop()
    try:
        back = service.playbook("back", "switched", CUT.format(here="new", there="old", mode="fenced"))
        service.cutover("rollback", "--yes", "--playbook", back).ended(DONE)
        assert service.open_sides() == ["old"]
    finally:
        replica.start()
    service.check_promises()


# What is wrong with a node before the first link is made, and the check that finds it.
SPOILED_NODES = {
    "the same server_id on OLD and NEW": ("new", {"server-id": 101}, "server_id.unique", "has server_id 101, and so has"),
    "the same server_id twice on NEW": ("new", {"server-id": 202}, "server_id.unique", "has server_id 202, and so has"),
    "no binary log on NEW": ("new", {"log-bin": None}, "binlog.enabled", "log_bin is OFF, must be ON"),
    "STATEMENT format on NEW": ("new", {"binlog-format": "STATEMENT"}, "binlog.format", "is STATEMENT, must be ROW"),
    "STATEMENT format on OLD": ("old", {"binlog-format": "STATEMENT"}, "binlog.format", "is STATEMENT, must be ROW"),
    "MINIMAL row images on OLD": ("old", {"binlog-row-image": "MINIMAL"}, "binlog.row_image", "is MINIMAL, must be FULL"),
}


@contextlib.contextmanager
def spoiled_node(service, mistake):
    """Restart a primary with the mistake, and without it afterwards."""
    side, options, *_ = SPOILED_NODES[mistake]
    primary = service.primaries[side]
    before = {name: primary.options[name] for name in options if name in primary.options}
    primary.options.update(options)
    primary.restart()
    try:
        yield primary
    finally:
        for name in options:
            del primary.options[name]
        primary.options.update(before)
        primary.restart()


@pytest.mark.parametrize("mistake", SPOILED_NODES)
def test_a_server_that_is_set_wrong_is_named_by_check(stage, mistake):
    service = stage.service("apart")
    *_, check, said = SPOILED_NODES[mistake]
    with spoiled_node(service, mistake) as primary, service.unchanged():
        service.cutover("check").ended(REFUSED, f"block +{check}: ", said, re.escape(primary.address))


@pytest.mark.parametrize("mistake", ["the same server_id on OLD and NEW", "no binary log on NEW", "STATEMENT format on OLD"])
def test_no_run_begins_while_a_server_is_set_wrong(stage, mistake):
    service = stage.service("apart")
    *_, said = SPOILED_NODES[mistake]
    with spoiled_node(service, mistake) as primary, service.unchanged():
        service.run(service.shipped("1-follow")).ended(REFUSED, said, re.escape(primary.address))


# --- the DNS provider --------------------------------------------------------------------------------------------

def with_token(service, text, token=None):
    if token:
        service.lab.cloudflare.tokens[text] = token
    return service.config("token", set_in("dns", token=service.lab.config.secret("token", text)))


@pytest.mark.parametrize("text, token, said", [
    ("unheard-of", None, "Invalid API Token"),
    ("switched-off", Token("1" * 32, status="disabled"), 'the Cloudflare token is "disabled", not active')])
def test_a_token_that_is_not_accepted_is_refused(service, text, token, said):
    cfg = with_token(service, text, token)
    with service.unchanged():
        done = service.cutover("check", cfg=cfg).ended(REFUSED, "block +dns.token: cloudflare", said, "DNS:Edit for example.com")
        done.text += service.run(service.playbook("cut", "mirrored", *SHARED), cfg=cfg).ended(REFUSED, "Cloudflare").text
        assert text not in done.text


def test_a_token_that_may_only_read_is_found_out_before_new_opens(service):
    cfg = with_token(service, "reader", Token("2" * 32, rights="ro"))
    with service.unchanged():
        done = service.run(service.playbook("cut", "mirrored", *SHARED), cfg=cfg)
        assert done.code in (REFUSED, UNDONE), done
        done.ended(done.code, "DNS:Edit")


def test_a_record_that_is_missing_is_named_and_nothing_is_touched(service):
    extra = {"name": "shop.example.com", "type": "A", "old": "192.0.2.1", "new": "192.0.2.2"}
    cfg = service.config("record", lambda c: c["dns"].update(records=(*c["dns"]["records"], extra)))
    with service.unchanged():
        service.cutover("check", cfg=cfg).ended(REFUSED, "block +dns.records: shop.example.com", "create it")
        service.run(service.playbook("cut", "mirrored", *SHARED), cfg=cfg).ended(REFUSED, "shop.example.com has no A record")


# --- plans -------------------------------------------------------------------------------------------------------

@pytest.fixture(name="plan")
def cut_plan(service):
    path = service.lab.root / "cut.plan"
    service.cutover("plan", service.playbook("cut", "mirrored", *SHARED), "--out", path).ended(DONE)
    return path


def test_a_plan_that_was_changed_after_it_was_written_is_not_executed(service, plan):
    text = plan.read_text()
    assert "127.77." in text
    plan.write_text(text.replace("read_only = 0", "read_only = 1", 1))
    with service.unchanged():
        service.cutover("run", "--plan", plan).ended(CONFIG, re.escape(str(plan)), "was changed after it was written")
        plan.write_text(text[:len(text) // 2])
        service.cutover("run", "--plan", plan).ended(CONFIG, re.escape(f"{plan}: not valid JSON at line "))
        service.cutover("run", "--plan", plan.with_name("nowhere")).ended(CONFIG, "cannot open plan file", "--out")


def test_a_plan_for_another_situation_is_not_executed(service, plan):
    service.reach("switched")
    with service.unchanged():
        service.cutover("run", "--plan", plan).ended(REFUSED, "compiled for the situation mirrored, but the service is in switched",
                                                     'compile it again with "cutover plan"')


# What somebody else makes of a record between plan and run.
EDITS = {"another address": (PROXIED, {"content": "192.0.2.77"}), "another TTL": (DNS_ONLY, {"ttl": 300}),
         "no proxy any more": (PROXIED, {"proxied": False})}


@pytest.mark.parametrize("edit", EDITS)
def test_a_record_that_somebody_changed_between_plan_and_run_stops_the_run_before_anything_is_flipped(service, plan, edit):
    name, fields = EDITS[edit]
    before = {key: service.lab.cloudflare.record(name)[key] for key in fields}
    service.lab.cloudflare.edit(name, "A", **fields)
    try:
        facts = service.facts()
        done = service.cutover("run", "--plan", plan)
        assert service.facts() == facts, done
        assert done.code in (REFUSED, UNDONE), done
        done.ended(done.code, re.escape(name))
    finally:
        service.lab.cloudflare.edit(name, "A", **before)


# --- a lab of its own: nothing was ever run there ----------------------------------------------------------------

def test_commands_that_read_say_that_nothing_was_run_yet():
    with Lab(mb=1, replicas=0, site=False) as lab:
        report = lab.cutover("report")
        assert (report.returncode, "there is no journal at" in report.stderr) == (REFUSED, True), report.stderr
        assert lab.cutover("status", "--json").returncode == DONE
        assert not (lab.cfg_path.parent / "journal.db").exists()
        for words in (("run", "--resume", "--yes"), ("abort", "--yes")):
            assert lab.cutover(*words).returncode == REFUSED
