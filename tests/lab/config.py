# SPDX-License-Identifier: MIT
"""The configuration a lab writes for cutover: the same keys as etc/cutover.cfg, in the libconfig format.

A test that needs a broken one changes a copy:

    lab.config.variant("wrong-port", lambda c: c["new"]["primary"].update(port=1))
    lab.config.variant("wrong-password", lambda c: c["accounts"]["controller"].update(
        password=lab.config.secret("wrong", "not the password")))
    lab.config.variant("leaky", lambda c: c["dns"].update(token=lab.config.secret("leaky", token, mode=0o644)))
"""

import copy


class Config:
    """Owns: one folder with cutover.cfg, its variants and secrets/."""

    def __init__(self, folder):
        self.folder = folder
        self.path = folder / "cutover.cfg"
        self.settings = {}

    def write(self, settings):
        """Write cutover.cfg. `settings` is a dict in the shape of the file."""
        self.settings = settings
        self._write(self.path, settings)

    def secret(self, name, text, mode=0o600):
        """Write a secret to a file; return the reference that stands for it in the configuration."""
        path = self.folder / "secrets" / name
        path.parent.mkdir(mode=0o700, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(text + "\n")
        path.chmod(mode)
        return f"file:secrets/{name}"

    def variant(self, name, edit):
        """Write a copy of the configuration, changed by `edit(settings)`; return its path."""
        settings = copy.deepcopy(self.settings)
        edit(settings)
        path = self.folder / f"{name}.cfg"
        self._write(path, settings)
        return path

    def _write(self, path, settings):
        lines = [f"{name} = {_render(value, 0)};" for name, value in settings.items()]
        path.write_text("# written by the lab\n" + "\n".join(lines) + "\n")


def settings(*, databases, old, new, accounts, ca, dns, limits, keys=None, hosts=None, keepers=None):
    """The whole configuration. old, new: Cluster; accounts: {role: reference}; dns: a dict, or None to leave it out;
    keys, hosts: of sshd.py, {server name: Host}; keepers: {server name: Keeper}."""
    tree = {
        "service": "blog",
        "environment": "lab",
        "journal": "journal.db",
        "databases": list(databases),
        "old": _cluster(old, keys, hosts or {}, keepers),
        "new": _cluster(new, keys, hosts or {}, keepers),
        "accounts": accounts,
        "tls": {"mode": "verify-ca", "ca": str(ca)},
        "dns": dns,
        "limits": limits,
    }
    return {name: value for name, value in tree.items() if value is not None}


def _cluster(cluster, keys, hosts, keepers):
    tree = {"primary": _node(cluster.primary, hosts, keepers),
            "replicas": tuple(_node(replica, hosts, keepers) for replica in cluster.replicas)}
    if keys:
        tree["ssh"] = {"user": hosts[cluster.primary.name].user, "identity": str(keys.identity),
                       "known_hosts": str(keys.known_hosts)}
    return tree


def _node(server, hosts, keepers):
    tree = {"host": server.address, "port": server.port}
    if hosts and server.name in hosts:  # servers that play a part have no name
        tree["ssh"] = {"port": hosts[server.name].port, "drop_in": str(server.drop_in),
                       "defaults_file": str(server.defaults_file),
                       "stop": keepers[server.name].stop, "start": keepers[server.name].start}
    return tree


def _render(value, depth):
    """A dict is a group, a tuple a list of groups, a list an array of scalars."""
    pad = "  " * (depth + 1)
    if isinstance(value, dict):
        items = "".join(f"{pad}{name} = {_render(item, depth + 1)};\n" for name, item in value.items())
        return "{\n" + items + "  " * depth + "}"
    if isinstance(value, tuple):
        return "(" + ", ".join(_render(item, depth) for item in value) + ")"
    if isinstance(value, list):
        return "[" + ", ".join(_render(item, depth) for item in value) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return str(value)
