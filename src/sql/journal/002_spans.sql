-- Purpose:  version 2: how far comparisons have come. Runs in one transaction when the file is new or has version 1.
-- Notes:    scope is '' for a pass over all tables, otherwise their names; ended_us is NULL while a pass is not complete.
CREATE TABLE pass (
    service  TEXT NOT NULL,
    scope    TEXT NOT NULL,
    run_id   TEXT NOT NULL,
    source   TEXT NOT NULL,
    mode     TEXT NOT NULL,
    began_us INTEGER NOT NULL,
    ended_us INTEGER,
    PRIMARY KEY (service, scope)
) WITHOUT ROWID;

CREATE TABLE span (
    service     TEXT NOT NULL,
    scope       TEXT NOT NULL,
    name        TEXT NOT NULL,
    number      INTEGER NOT NULL,
    shape       TEXT NOT NULL,
    from_key    TEXT NOT NULL,
    until_key   TEXT NOT NULL,
    done_until  TEXT NOT NULL,
    is_done     INTEGER NOT NULL,
    row_count   INTEGER NOT NULL,
    chunks      INTEGER NOT NULL,
    bytes       INTEGER NOT NULL,
    hash        TEXT NOT NULL,
    differences INTEGER NOT NULL,
    mode        INTEGER NOT NULL,
    at_us       INTEGER NOT NULL,
    PRIMARY KEY (service, scope, name, number)
) WITHOUT ROWID;

PRAGMA user_version = 2;
