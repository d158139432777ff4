-- A row that must arrive on the other side. Logged on purpose.
-- Privileges: INSERT on the schema cutover.  Parameter: token
INSERT INTO cutover.probe (token, written_at) VALUES (:{token}, UTC_TIMESTAMP(6));
