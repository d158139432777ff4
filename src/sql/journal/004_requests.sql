-- Purpose:  version 4: what people ask of a run that is going on. Runs in one transaction when the file is new or has an older version.
-- Notes:    step is '' for the run as a whole; answer is '' and ended_us NULL until somebody has answered.
CREATE TABLE request (
    id       INTEGER PRIMARY KEY,
    run_id   TEXT NOT NULL REFERENCES run(id),
    step     TEXT NOT NULL,
    what     TEXT NOT NULL CHECK (what IN ('approve','hold','go-on','abort','rollback')),
    who      TEXT NOT NULL,
    via      TEXT NOT NULL,
    asked_us INTEGER NOT NULL,
    state    TEXT NOT NULL CHECK (state IN ('asked','taken','done','refused','withdrawn')),
    answer   TEXT NOT NULL,
    ended_us INTEGER
);
CREATE INDEX request_run ON request(run_id, id);

PRAGMA user_version = 4;
