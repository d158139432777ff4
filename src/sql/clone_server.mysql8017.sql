-- What donor and recipient of a clone are compared by, and whether the recipient has restarted since.
-- Only: mysql (MariaDB has no clone plugin; before 8.0.17 there is none either)
-- Privileges: SELECT on performance_schema.  Columns: os, machine, page_size, uuid, uptime (s)
SELECT @@version_compile_os AS os, @@version_compile_machine AS machine, @@innodb_page_size AS page_size,
    @@server_uuid AS uuid, VARIABLE_VALUE AS uptime
FROM performance_schema.global_status WHERE VARIABLE_NAME = 'Uptime'
