-- Replace EVERYTHING this server holds by a copy of the donor: databases, accounts, GTIDs. server_uuid stays. The server
-- restarts by itself, or stops when nothing supervises it.
-- Only: mysql (MariaDB has no clone plugin; before 8.0.17 there is none either)
-- Privileges: CLONE_ADMIN here, BACKUP_ADMIN for the named account on the donor.  Parameters: user, host, port#, password
-- Errors: 3707 it is done, but nothing restarts the server; 2013 it is restarting; 3862 the donor refused or was lost;
--         3869 the donor is not in clone_valid_donor_list
CLONE INSTANCE FROM :{user}@:{host}::{port#} IDENTIFIED BY :{password} REQUIRE SSL;
