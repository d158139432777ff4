-- Every session of the server, ours included.
-- Privileges: PROCESS.  Columns: id, user, host, db, command, age_s, state, info
SELECT ID AS id, USER AS user, HOST AS host, DB AS db, COMMAND AS command, TIME AS age_s, STATE AS state,
    LEFT(INFO, 255) AS info
FROM information_schema.PROCESSLIST;
