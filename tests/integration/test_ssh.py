# SPDX-License-Identifier: MIT
"""io/ssh against real sshd processes (ssh_check.c): who is let in, what comes back, and what is left when we die."""

import hashlib
import json
import os
import signal
import subprocess
import tempfile
from pathlib import Path

import pytest

from tests.integration.programs import build
from tests.lab.ports import Network
from tests.lab.procs import wait_until
from tests.lab.sshd import Agent, Host, Keys, make_key

NASTY = ["", " ", "a b", "it's", '"', "$(id)", "`id`", "; exit 3", "a\nb", "\\", "*", "~", "-n", "!x", "&", "|", "%h", "\t", "ü"]
TRANSPORTS = [[], ["program"]]
each_transport = pytest.mark.parametrize("transport", TRANSPORTS, ids=["library", "program"])


@pytest.fixture(name="program", scope="module")
def built():
    return build("ssh_check")


@pytest.fixture(name="folder", scope="module")
def short_folder():
    with tempfile.TemporaryDirectory(prefix="cutover-ssh-") as folder:
        yield Path(folder)


@pytest.fixture(name="keys", scope="module")
def shared_keys(folder):
    return Keys(folder / "keys")


@pytest.fixture(name="network", scope="module")
def own_network():
    network = Network()
    yield network
    network.release()


@pytest.fixture(name="host", scope="module")
def one_host(folder, network, keys):
    host = Host(folder / "db1", "db1", network.address(20), keys)
    host.start()
    keys.know(host)
    yield host
    host.stop()


class Asked:
    """ssh_check under way, or at its end."""

    def __init__(self, program, host, keys, words, argv, env=None):
        settings = {"host": host.address, "port": host.port, "user": host.user, "known": keys.known_hosts}
        if "agent" not in words:
            settings["key"] = keys.identity
        told = [f"{name}={value}" for name, value in settings.items()]  # of two the last counts
        self.popen = subprocess.Popen([program, *told, *words, "--", *argv], stdout=subprocess.PIPE,
                                      stderr=subprocess.PIPE, text=True, env={**os.environ, **(env or {})})

    def end(self, timeout=60):
        out, errors = self.popen.communicate(timeout=timeout)
        try:
            return json.loads(out)
        except ValueError:
            raise AssertionError((self.popen.returncode, out, errors)) from None


@pytest.fixture(name="begin")
def beginner(program, host, keys):
    def begin(*argv, words=(), env=None, on=None):
        return Asked(program, on or host, keys, list(words), argv, env)
    return begin


@pytest.fixture(name="ask")
def asker(begin):
    """Run a command with ssh_check's words (after those that lead to the host), to its end."""
    return lambda *argv, **how: begin(*argv, **how).end()


# --- who is let in -----------------------------------------------------------------------------------------------

def test_a_host_that_known_hosts_does_not_have_is_refused_with_its_fingerprint(ask, folder):
    (folder / "empty").touch()
    answer = ask("true", words=[f"known={folder}/empty"])
    assert (answer["code"], answer["effect"]) == ("refused", "none")
    assert "is unknown: SHA256:" in answer["msg"] and "ssh-keyscan" in answer["hint"], answer


def test_another_key_than_the_known_one_is_told_apart_from_an_unknown_host(ask, folder, host):
    other = make_key(folder / "other_host")
    text = " ".join(other.with_suffix(".pub").read_text().split()[:2])
    (folder / "changed").write_text(f"# a comment\n{host.known_as} {text}\n")
    answer = ask("true", words=[f"known={folder}/changed"])
    assert answer["code"] == "refused" and "has CHANGED" in answer["msg"] and "line 2" in answer["msg"], answer
    assert "ssh-keygen -f" in answer["hint"] and "-R" in answer["hint"]


def test_a_revoked_key_is_refused_although_it_is_known(ask, folder, host):
    key = host.public_key()
    (folder / "revoked").write_text(f"{host.known_as} {key}\n@revoked * {key}\n")
    answer = ask("true", words=[f"known={folder}/revoked"])
    assert answer["code"] == "refused" and "revoked" in answer["msg"], answer


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa"])
def test_the_key_that_known_hosts_has_is_asked_for_also_when_the_name_is_hashed(ask, folder, host, kind):
    path = folder / f"hashed_{kind}"
    path.write_text(f"{host.known_as} {host.public_key(kind)}\n")
    subprocess.run(["ssh-keygen", "-q", "-H", "-f", path], check=True, capture_output=True)
    assert "|1|" in path.read_text()
    assert ask("true", words=[f"known={path}"])["exit"] == 0


def test_a_host_known_by_rsa_only_is_refused_with_the_way_out_and_the_program_can(ask, folder, host):
    (folder / "rsa_only").write_text(f"{host.known_as} {host.public_key('rsa')}\n")
    answer = ask("true", words=[f"known={folder}/rsa_only"])
    assert not answer["is_open"] and 'transport = "program"' in answer["hint"], answer
    assert ask("true", words=[f"known={folder}/rsa_only", "program"])["exit"] == 0


def test_a_key_that_the_host_does_not_know_is_refused(ask, folder):
    stranger = make_key(folder / "stranger")
    answer = ask("true", words=[f"key={stranger}"])
    assert answer["code"] == "refused" and str(stranger) in answer["msg"] and "authorized_keys" in answer["hint"], answer


def test_an_rsa_key_of_ours_is_refused_with_the_reason_and_the_program_logs_in_with_it(ask, folder, keys):
    rsa = make_key(folder / "id_rsa", "rsa")
    keys.authorize(rsa)
    answer = ask("true", words=[f"key={rsa}"])
    assert answer["code"] == "refused" and "RSA" in answer["hint"] and 'transport = "program"' in answer["hint"], answer
    assert ask("true", words=[f"key={rsa}", "program"])["exit"] == 0


def test_a_key_that_others_can_read_is_refused(ask, folder, keys):
    loose = folder / "loose"
    loose.write_bytes(keys.identity.read_bytes())
    loose.chmod(0o644)
    answer = ask("true", words=[f"key={loose}"])
    assert answer["code"] == "config" and "chmod 600" in answer["hint"], answer


def test_a_key_with_a_passphrase_needs_the_right_one(ask, folder, keys):
    locked = make_key(folder / "locked", passphrase="open sesame")
    keys.authorize(locked)
    for name, text in (("right", "open sesame"), ("wrong", "open barley")):
        (folder / name).touch(mode=0o600)
        (folder / name).write_text(text)
    assert ask("true", words=[f"key={locked}", f"passphrase=file:{folder}/right"])["exit"] == 0
    wrong = ask("true", words=[f"key={locked}", f"passphrase=file:{folder}/wrong"])
    assert wrong["code"] == "config" and "passphrase" in wrong["msg"] and "barley" not in json.dumps(wrong), wrong
    assert "passphrase" in ask("true", words=[f"key={locked}"])["hint"]


def test_the_agent_logs_in_past_keys_that_are_not_taken(ask, folder, keys):
    place = Path(tempfile.mkdtemp(dir=folder))
    others = [make_key(place / "no_rsa", "rsa"), make_key(place / "no_ed25519"), make_key(place / "ecdsa", "ecdsa")]
    keys.authorize(others[2])
    with Agent(place, *others) as agent:
        for how in TRANSPORTS:
            assert ask("true", words=["agent", *how], env=agent.environment)["exit"] == 0
        agent.freeze()
        answer = ask("true", words=["agent", "within=2000"], env=agent.environment)
        assert answer["code"] == "timeout" and "agent" in answer["msg"], answer
    assert "no SSH agent" in ask("true", words=["agent"], env=agent.environment)["msg"]


@each_transport
def test_a_jump_host_leads_to_one_behind_it(ask, folder, network, keys, host, transport):
    behind = Host(folder / f"behind{len(transport)}", "behind", network.address(30 + len(transport)), keys)
    behind.start()
    keys.know(behind)
    try:
        words = [*transport, f"jump={host.address}", f"jump_port={host.port}"]
        answer = ask("sh", "-c", "echo $SSH_CONNECTION; head -c 3000000 /dev/zero", words=[*words, "cap=4000000"], on=behind)
        assert "exit" in answer, answer["msg"]
        assert answer["out"].split()[2] == behind.address and answer["out_len"] > 3000000, answer
        behind.stop()
        answer = ask("true", words=words, on=behind)
        assert not answer["is_open"] and answer["effect"] == "none", answer
    finally:
        behind.stop()


# --- what comes back ---------------------------------------------------------------------------------------------

@each_transport
def test_arguments_arrive_as_they_were_given(ask, transport):
    answer = ask("printf", "<%s>", *NASTY, words=transport)
    assert answer["out"] == "".join(f"<{word}>" for word in NASTY)


@each_transport
def test_exit_status_and_signal_are_told_apart(ask, transport):
    assert [ask("sh", "-c", f"exit {n}", words=transport)["exit"] for n in (0, 7, 128)] == [0, 7, 128]
    killed = ask("sh", "-c", "echo before; kill -KILL $$", words=transport)
    assert (killed["signal"], killed["out"], killed["code"]) == ("KILL", "before\n", "")
    assert ask("no-such-command", words=transport)["exit"] == 127


@each_transport
def test_streams_are_kept_apart_and_whole(ask, transport):
    script = "head -c 10000000 /dev/zero; head -c 5000000 /dev/zero >&2; echo end"
    answer = ask("sh", "-c", script, words=[*transport, "cap=20000000"])
    assert (answer["out_len"], answer["errors_len"]) == (10000004, 5000000)
    assert answer["out_sha256"] == hashlib.sha256(bytes(10000000) + b"end\n").hexdigest()


@each_transport
def test_input_arrives_whole_and_ends(ask, folder, transport):
    data = os.urandom(3000000)
    (folder / "input").write_bytes(data)
    answer = ask("sha256sum", words=[*transport, f"input={folder}/input"])
    assert answer["out"].split()[0] == hashlib.sha256(data).hexdigest()
    assert ask("true", words=[*transport, f"input={folder}/input"])["exit"] == 0  # which reads none of it


@each_transport
def test_more_output_than_the_cap_ends_the_command(ask, transport):
    answer = ask("yes", words=[*transport, "cap=100000", "twice"])
    assert answer["code"] == "lost" and "given up before" in answer["msg"], answer  # the second question
    wait_until(lambda: not running("yes"), 30, "yes to be ended")


# --- what is left ------------------------------------------------------------------------------------------------

def running(*argv):
    """Pids of processes with exactly these words."""
    wanted = "\0".join(argv).encode() + b"\0"
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and (entry / "cmdline").read_bytes() == wanted:
                found.append(int(entry.name))
        except OSError:
            pass  # it has ended
    return found


@each_transport
def test_a_command_that_hangs_meets_its_deadline_and_is_ended_there(ask, transport):
    answer = ask("sleep", "86391", words=[*transport, "within=1500"])
    assert (answer["code"], answer["effect"]) == ("timeout", "unknown")
    assert 1500 <= answer["ms"] < 10000, answer
    wait_until(lambda: not running("sleep", "86391"), 30, "the command to be ended")


@each_transport
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_the_command_ends_with_us_however_we_do(begin, transport, number):
    asked = begin("sh", "-c", "sleep 86392 & sleep 86393", words=transport)
    wait_until(lambda: running("sleep", "86392") and running("sleep", "86393"), 30, "the command to run")
    asked.popen.send_signal(number)
    if number == signal.SIGTERM:  # only a flag in a program of ours
        asked.popen.kill()
    asked.popen.communicate()
    wait_until(lambda: not running("sleep", "86392") and not running("sleep", "86393"), 30, "both to be ended")


@each_transport
def test_a_connection_that_dies_leaves_an_unknown_outcome_and_nothing_running(begin, host, transport):
    asked = begin("sleep", "86394", words=[*transport, "twice"])
    wait_until(lambda: running("sleep", "86394"), 30, "the command to run")
    host.kill_sessions()
    answer = asked.end()
    assert answer["code"] == "lost" and answer["effect"] == "none" and "given up before" in answer["msg"], answer
    wait_until(lambda: not running("sleep", "86394"), 30, "the command to be ended")


@each_transport
def test_a_host_that_hangs_holds_nothing_up(begin, host, transport):
    asked = begin("sleep", "86395", words=[*transport, "within=4000"])
    wait_until(lambda: running("sleep", "86395"), 30, "the command to run")
    host.freeze()
    try:
        late = begin("true", words=[*transport, "within=1500"]).end()
        assert not late["is_open"] and late["code"] == "timeout" and late["effect"] == "none", late
        answer = asked.end()
        assert (answer["code"], answer["effect"]) == ("timeout", "unknown")
        assert late["ms"] < 10000 and answer["ms"] < 12000
    finally:
        host.thaw()
    wait_until(lambda: not running("sleep", "86395"), 30, "the command to be ended")


def test_nobody_listening_is_said_at_once(ask, network, folder, keys):
    nobody = Host(folder / "nobody", "nobody", network.address(77), keys, port=2222)
    answer = ask("true", on=nobody)
    assert (answer["code"], answer["effect"]) == ("lost", "none") and "refused" in answer["msg"], answer
