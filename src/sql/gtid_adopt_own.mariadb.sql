-- Purpose:    before the reverse link is made: this server counts as having applied everything it has logged, so that it
--             asks the other side only for what it does not have. Domains it never saw are asked for from their beginning.
-- Versions:   MariaDB 10.5 and later. All replica threads must be stopped (1198 otherwise).
-- Privileges: REPLICATION SLAVE ADMIN (10.11), SUPER before.
-- Parameters: none.        Columns: none.
SET GLOBAL gtid_slave_pos = @@global.gtid_binlog_pos;
