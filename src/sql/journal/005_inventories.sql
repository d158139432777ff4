-- Purpose:  version 5: what the two sides were made of, at one moment or another. Runs in one transaction when the file is new or has an older version.
-- Notes:    body is the document of domain/inventory.h. Numbers are never given twice: people name them in tickets.
CREATE TABLE inventory (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    service  TEXT NOT NULL,
    taken_us INTEGER NOT NULL,
    body     TEXT NOT NULL
);

PRAGMA user_version = 5;
