# SPDX-License-Identifier: MIT
"""The accounts of a lab's servers: the published grants of the controller, plus the application's own."""

import secrets
from dataclasses import dataclass
from pathlib import Path

GRANTS = Path(__file__).parents[2] / "etc"
CLIENT_HOST = "127.0.0.1"  # where every connection inside the lab comes from
PUBLISHED = {"controller": "cutover", "monitor": "cutover_monitor", "replication": "cutover_repl"}

# What a blog engine needs to run: data, and the programs that act in its name. No DDL.
_APP_GRANTS = """
CREATE USER IF NOT EXISTS 'app'@'127.%' IDENTIFIED BY '{password}';
GRANT SELECT, INSERT, UPDATE, DELETE, EXECUTE, TRIGGER, EVENT, SHOW VIEW ON `blog`.* TO 'app'@'127.%';
"""


@dataclass(frozen=True)
class Account:
    user: str
    password: str


def generate():
    """Fresh passwords for every role: controller, monitor, replication, app."""
    users = {**PUBLISHED, "app": "app"}
    return {role: Account(user, secrets.token_urlsafe(18)) for role, user in users.items()}


def grants(accounts, flavour):
    """The SQL text that creates the accounts: etc/grants-FLAVOUR.sql itself with its placeholders filled in."""
    text = (GRANTS / f"grants-{flavour}.sql").read_text().replace("'%'", f"'{CLIENT_HOST}'")
    for role in PUBLISHED:
        text = text.replace(f"'CHANGE-ME-{role}'", f"'{accounts[role].password}'")
    return text + _APP_GRANTS.format(password=accounts["app"].password)
