-- Purpose:  version 3: rehearsals. Runs in one transaction when the file is new or has an older version.
-- Notes:    rounds is JSON, as docs/drill.md describes it; ended_us is NULL while it goes on, or when its process was killed.
CREATE TABLE drill (
    id            TEXT PRIMARY KEY,
    service       TEXT NOT NULL,
    playbook      TEXT NOT NULL,
    playbook_hash TEXT NOT NULL,
    config_hash   TEXT NOT NULL,
    environment   TEXT NOT NULL,
    version       TEXT NOT NULL,
    holder        TEXT NOT NULL,
    state         TEXT NOT NULL CHECK (state IN ('running','passed','failed','stopped')),
    home          TEXT NOT NULL,
    started_us    INTEGER NOT NULL,
    ended_us      INTEGER,
    rounds        TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX drill_of ON drill(service, started_us);

CREATE TABLE drill_run (
    run_id   TEXT PRIMARY KEY,
    drill_id TEXT NOT NULL REFERENCES drill(id),
    round    INTEGER NOT NULL,
    leg      TEXT NOT NULL
) WITHOUT ROWID;

PRAGMA user_version = 3;
