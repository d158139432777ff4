-- Purpose:  the journal's tables, version 1. Runs in one transaction when the file is new.
-- Notes:    events are a hash chain over the whole file: each row's hash covers the row before it.
CREATE TABLE run (
    id           TEXT PRIMARY KEY,
    service      TEXT NOT NULL,
    playbook     TEXT NOT NULL,
    plan         TEXT NOT NULL,
    plan_hash    TEXT NOT NULL,
    holder       TEXT NOT NULL,
    epoch        INTEGER NOT NULL,
    state        TEXT NOT NULL CHECK (state IN ('running','stopped','failed','done','aborted')),
    is_committed INTEGER NOT NULL DEFAULT 0,
    started_us   INTEGER NOT NULL,
    ended_us     INTEGER
) WITHOUT ROWID;

CREATE TABLE step (
    run_id     TEXT NOT NULL REFERENCES run(id),
    number     INTEGER NOT NULL,
    state      TEXT NOT NULL CHECK (state IN ('intent','done','failed','undo','undone')),
    started_us INTEGER NOT NULL,
    ended_us   INTEGER,
    error      TEXT,
    PRIMARY KEY (run_id, number)
) WITHOUT ROWID;

CREATE TABLE event (
    seq       INTEGER PRIMARY KEY,
    run_id    TEXT NOT NULL,
    at_us     INTEGER NOT NULL,
    name      TEXT NOT NULL,
    detail    TEXT NOT NULL,
    prev_hash TEXT NOT NULL,
    hash      TEXT NOT NULL
);
CREATE INDEX event_run ON event(run_id, seq);

CREATE TABLE variable (
    run_id TEXT NOT NULL,
    name   TEXT NOT NULL,
    value  TEXT NOT NULL,
    PRIMARY KEY (run_id, name)
) WITHOUT ROWID;

CREATE TABLE sample (
    run_id      TEXT NOT NULL,
    at_us       INTEGER NOT NULL,
    node        TEXT NOT NULL,
    receive_ms  INTEGER,
    apply_ms    INTEGER
);
CREATE INDEX sample_run ON sample(run_id, at_us);

CREATE TABLE verified (
    service     TEXT NOT NULL,
    name        TEXT NOT NULL,
    run_id      TEXT NOT NULL,
    row_count   INTEGER NOT NULL,
    hash        TEXT NOT NULL,
    differences INTEGER NOT NULL,
    at_us       INTEGER NOT NULL,
    PRIMARY KEY (service, name)
) WITHOUT ROWID;

CREATE TABLE memory (
    service TEXT NOT NULL,
    name    TEXT NOT NULL,
    value   TEXT NOT NULL,
    PRIMARY KEY (service, name)
) WITHOUT ROWID;

PRAGMA user_version = 1;
