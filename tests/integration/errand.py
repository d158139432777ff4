# SPDX-License-Identifier: MIT
"""A worker beside the database, as a host has one: it writes a row now and then, and knows nothing of a migration.

    errand.py start|stop|running FOLDER NAME

FOLDER/NAME.json says where it writes, and as whom. It survives the shell that started it, as a daemon does.
"""

import json
import os
import pathlib
import signal
import sys
import time

PAUSE_S = 0.1


def pid_of(path):
    """The worker's, while it is alive; None when it rests."""
    try:
        pid = int(path.with_suffix(".pid").read_text())
        if str(path).encode() in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes():
            return pid
    except (OSError, ValueError):
        pass
    return None


def work(path):
    import pymysql  # only the worker itself needs it
    settings = json.loads(path.with_suffix(".json").read_text())
    while True:
        try:
            with pymysql.connect(autocommit=True, connect_timeout=2, read_timeout=2, **settings["server"]) as connection:
                while True:
                    with connection.cursor() as cursor:
                        cursor.execute("INSERT INTO blog.posts (token, user_name, title, body, side, created_at)"
                                       " VALUES (REPLACE(UUID(), '-', ''), 'canary', %s, 'b', %s, NOW(6))", (settings["name"], settings["side"]))
                    time.sleep(PAUSE_S)
        except pymysql.MySQLError:
            time.sleep(PAUSE_S)


def start(path):
    if pid_of(path):
        return
    if os.fork():
        os.wait()
        return
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nothing, number)
    pid = os.fork()
    if pid:
        path.with_suffix(".pid").write_text(str(pid))
        os._exit(0)
    os.execv(sys.executable, [sys.executable, __file__, "work", str(path.parent), path.name, str(path)])


def stop(path):
    pid = pid_of(path)
    if pid:
        os.kill(pid, signal.SIGTERM)
    while pid_of(path):
        time.sleep(0.02)


if __name__ == "__main__":
    action, worker = sys.argv[1], pathlib.Path(sys.argv[2]) / sys.argv[3]
    if action == "running":
        sys.exit(0 if pid_of(worker) else 1)
    {"start": start, "stop": stop, "work": work}[action](worker)
