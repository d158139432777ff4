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


def settings(*, databases, old, new, accounts, ca, dns, limits):
    """The whole configuration. old, new: Cluster; accounts: {role: reference}; dns: a dict, or None to leave it out."""
    tree = {
        "service": "blog",
        "environment": "lab",
        "journal": "journal.db",
        "databases": list(databases),
        "old": _cluster(old),
        "new": _cluster(new),
        "accounts": accounts,
        "tls": {"mode": "verify-ca", "ca": str(ca)},
        "dns": dns,
        "limits": limits,
    }
    return {name: value for name, value in tree.items() if value is not None}


def _cluster(cluster):
    return {"primary": _node(cluster.primary), "replicas": tuple(_node(replica) for replica in cluster.replicas)}


def _node(server):
    return {"host": server.address, "port": server.port}


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
