-- The server's clock, microseconds since 1970.
-- Privileges: none.  Column: clock_us
SELECT CAST(UNIX_TIMESTAMP(SYSDATE(6)) * 1000000 AS SIGNED) AS clock_us;
