/* SPDX-License-Identifier: MIT */
/*
 * The release series, oldest first. A row is split where our statements differ, and where the
 * tests do. Releases that never existed have rows too: a number from there is not a server that
 * anybody tested.
 */
#include "domain/support.h"

#include <limits.h>
#include <string.h>

#define MARIADB_NOTES "MariaDB documentation, Release Notes"
#define MYSQL_MODEL "MySQL Reference Manual, MySQL Releases: Innovation and LTS"

static const struct support_row rows[] = {
    {.name = "MySQL before 5.7",
     .flavour = FLAVOUR_MYSQL,
     .from = 0,
     .below = 50709,
     .support = SUPPORT_REFUSED,
     .why = "without super_read_only (5.7.8) there is no fence, and without "
            "WAIT_FOR_EXECUTED_GTID_SET (5.7.5) no proof of arrival",
     .source = "MySQL 5.7 Reference Manual, super_read_only"},
    {.name = "MySQL 5.7",
     .flavour = FLAVOUR_MYSQL,
     .from = 50709,
     .below = 50800,
     .support = SUPPORT_TEXT,
     .why = "the old words: MASTER, SLAVE; no SET PERSIST, so a restart may open a fenced server",
     .source = "MySQL 5.7 Reference Manual, Replication Statements"},
    {.name = "MySQL 5.8 to 8.0.10",
     .flavour = FLAVOUR_MYSQL,
     .from = 50800,
     .below = 80011,
     .support = SUPPORT_REFUSED,
     .why = "5.8 to 7 were never released, and 8.0.11 was the first 8.0 for production",
     .source = "MySQL 8.0 Release Notes, Changes in 8.0.11"},
    {.name = "MySQL 8.0 before 8.0.22",
     .flavour = FLAVOUR_MYSQL,
     .from = 80011,
     .below = 80022,
     .support = SUPPORT_TEXT,
     .why = "SET PERSIST and dynamic privileges, but still the words MASTER and SLAVE",
     .source = "MySQL 8.0 Reference Manual, CHANGE MASTER TO Statement"},
    {.name = "MySQL 8.0.22",
     .flavour = FLAVOUR_MYSQL,
     .from = 80022,
     .below = 80023,
     .support = SUPPORT_TEXT,
     .why = "SHOW REPLICA STATUS and START REPLICA, but still CHANGE MASTER TO",
     .source = "MySQL 8.0 Release Notes, Changes in 8.0.22"},
    {.name = "MySQL 8.0 from 8.0.23",
     .flavour = FLAVOUR_MYSQL,
     .from = 80023,
     .below = 80100,
     .support = SUPPORT_TEXT,
     .why = "CHANGE REPLICATION SOURCE TO",
     .source = "MySQL 8.0 Release Notes, Changes in 8.0.23"},
    {.name = "MySQL 8.1 to 8.3",
     .flavour = FLAVOUR_MYSQL,
     .from = 80100,
     .below = 80400,
     .support = SUPPORT_TEXT,
     .why = "innovation releases on the way to 8.4; tagged GTIDs from 8.3",
     .source = MYSQL_MODEL},
    {.name = "MySQL 8.4",
     .flavour = FLAVOUR_MYSQL,
     .from = 80400,
     .below = 80500,
     .support = SUPPORT_TEXT,
     .why = "SHOW MASTER STATUS, RESET MASTER and the SLAVE forms are gone",
     .source = "MySQL 8.4 Reference Manual, What Is New in MySQL 8.4"},
    {.name = "MySQL 8.5 to 8.99",
     .flavour = FLAVOUR_MYSQL,
     .from = 80500,
     .below = 90000,
     .support = SUPPORT_REFUSED,
     .why = "never released",
     .source = MYSQL_MODEL},
    {.name = "MySQL 9.0 to 9.6",
     .flavour = FLAVOUR_MYSQL,
     .from = 90000,
     .below = 90700,
     .support = SUPPORT_TEXT,
     .why = "innovation releases on the way to 9.7; mysql_native_password is gone from 9.0",
     .source = "MySQL 9.0 Reference Manual, What Is New in MySQL 9.0"},
    {.name = "MySQL 9.7",
     .flavour = FLAVOUR_MYSQL,
     .from = 90700,
     .below = 90800,
     .support = SUPPORT_REAL,
     .why = "foreign keys cascade in the SQL layer and are logged row by row",
     .source = "MySQL 9.7 Reference Manual, Replication and Foreign Keys"},
    {.name = "MySQL newer than 9.7",
     .flavour = FLAVOUR_MYSQL,
     .from = 90800,
     .below = UINT_MAX,
     .support = SUPPORT_UNTRIED,
     .why = "not known when this was written; spoken to as 9.7",
     .source = MYSQL_MODEL},

    {.name = "MariaDB before 10.5",
     .flavour = FLAVOUR_MARIADB,
     .from = 0,
     .below = 100500,
     .support = SUPPORT_REFUSED,
     .why = "SUPER has to do for everything: the controller cannot be kept apart from what the "
            "fence must stop",
     .source = "MariaDB documentation, GRANT: REPLICATION SLAVE ADMIN, READ_ONLY ADMIN (10.5)"},
    {.name = "MariaDB 10.5",
     .flavour = FLAVOUR_MARIADB,
     .from = 100500,
     .below = 100600,
     .support = SUPPORT_REAL,
     .why = "SUPER still writes through read_only; no FOR CHANNEL",
     .source = MARIADB_NOTES ", 10.5"},
    {.name = "MariaDB 10.6",
     .flavour = FLAVOUR_MARIADB,
     .from = 100600,
     .below = 100700,
     .support = SUPPORT_TEXT,
     .why = "utf8 is shown as utf8mb3",
     .source = MARIADB_NOTES ", 10.6"},
    {.name = "MariaDB 10.7 to 10.10",
     .flavour = FLAVOUR_MARIADB,
     .from = 100700,
     .below = 101100,
     .support = SUPPORT_TEXT,
     .why = "short-term releases on the way to 10.11",
     .source = MARIADB_NOTES ", 10.7 to 10.10"},
    {.name = "MariaDB 10.11",
     .flavour = FLAVOUR_MARIADB,
     .from = 101100,
     .below = 101200,
     .support = SUPPORT_REAL,
     .why = "read_only stops SUPER too: only READ_ONLY ADMIN writes through it",
     .source = MARIADB_NOTES ", 10.11"},
    {.name = "MariaDB 10.12 to 10.99",
     .flavour = FLAVOUR_MARIADB,
     .from = 101200,
     .below = 110000,
     .support = SUPPORT_REFUSED,
     .why = "never released",
     .source = MARIADB_NOTES},
    {.name = "MariaDB 11.0 to 11.3",
     .flavour = FLAVOUR_MARIADB,
     .from = 110000,
     .below = 110400,
     .support = SUPPORT_TEXT,
     .why = "short-term releases on the way to 11.4; SUPER no longer covers replication",
     .source = MARIADB_NOTES ", 11.0 to 11.3"},
    {.name = "MariaDB 11.4",
     .flavour = FLAVOUR_MARIADB,
     .from = 110400,
     .below = 110500,
     .support = SUPPORT_TEXT,
     .why = "replicas demand TLS and verify it unless told otherwise",
     .source = MARIADB_NOTES ", 11.4"},
    {.name = "MariaDB 11.5 to 11.7",
     .flavour = FLAVOUR_MARIADB,
     .from = 110500,
     .below = 110800,
     .support = SUPPORT_TEXT,
     .why = "short-term releases on the way to 11.8",
     .source = MARIADB_NOTES ", 11.5 to 11.7"},
    {.name = "MariaDB 11.8",
     .flavour = FLAVOUR_MARIADB,
     .from = 110800,
     .below = 110900,
     .support = SUPPORT_REAL,
     .why = "utf8mb4_uca1400_ai_ci is the collation of new tables; VECTOR",
     .source = MARIADB_NOTES ", 11.8"},
    {.name = "MariaDB newer than 11.8",
     .flavour = FLAVOUR_MARIADB,
     .from = 110900,
     .below = UINT_MAX,
     .support = SUPPORT_UNTRIED,
     .why = "not known when this was written; spoken to as 11.8",
     .source = MARIADB_NOTES},
};

/* Debian's MySQL calls itself 9.7.4-2: a suffix of that form does not make a Percona Server. */
static const struct support_kind kinds[] = {
    {.name = "Percona XtraDB Cluster",
     .variable = "version_comment",
     .mark = "Percona XtraDB Cluster",
     .support = SUPPORT_REFUSED,
     .why = "a Galera cluster: any member may write, so closing one primary closes nothing",
     .source = "Percona XtraDB Cluster documentation, Limitations"},
    {.name = "Percona Server",
     .variable = "version_comment",
     .mark = "Percona Server",
     .support = SUPPORT_TEXT,
     .why = "the MySQL of the same number, in all that this program says to it",
     .source = "Percona Server for MySQL documentation, Feature comparison"},
    {.name = "Galera cluster member",
     .variable = "wsrep_on",
     .mark = "ON",
     .support = SUPPORT_REFUSED,
     .why = "any member may write, so closing one primary closes nothing",
     .source = "MariaDB documentation, Galera Cluster: Known Limitations"},
    {.name = "group replication member",
     .variable = "group_replication_group_name",
     .mark = "",
     .support = SUPPORT_REFUSED,
     .why = "the group decides who may write and opens and closes its members by itself",
     .source = "MySQL Reference Manual, Group Replication: super_read_only during join and exit"},
    {.name = "MySQL NDB Cluster",
     .variable = "version",
     .mark = "-ndb",
     .support = SUPPORT_REFUSED,
     .why = "its tables are written by other SQL nodes too",
     .source = "MySQL Reference Manual, NDB Cluster Replication"},
    {.name = "MySQL NDB Cluster",
     .variable = "version",
     .mark = "-cluster",
     .support = SUPPORT_REFUSED,
     .why = "its tables are written by other SQL nodes too",
     .source = "MySQL Reference Manual, NDB Cluster Replication"},
    {.name = "TiDB",
     .variable = "version",
     .mark = "TiDB",
     .support = SUPPORT_REFUSED,
     .why = "speaks the protocol, and has no binary log",
     .source = "TiDB documentation, MySQL Compatibility"},
    {.name = "Vitess",
     .variable = "version",
     .mark = "Vitess",
     .support = SUPPORT_REFUSED,
     .why = "a proxy in front of shards: there is no one server to fence",
     .source = "Vitess documentation, MySQL Compatibility"},
    {.name = "Amazon Aurora",
     .variable = "aurora_version",
     .mark = "",
     .support = SUPPORT_REFUSED,
     .why = "read_only of a writer instance is not ours to set",
     .source = "Amazon Aurora User Guide, Aurora MySQL configuration parameters"},
};

const struct support_row *support_table(size_t *out_count)
{
    *out_count = ARRAY_LEN(rows);
    return rows;
}

const struct support_row *support_of(const struct server_version *version)
{
    unsigned number = version_number(version);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (rows[i].flavour == version->flavour && number >= rows[i].from && number < rows[i].below)
            return &rows[i];
    return NULL;
}

const char *support_name(enum support support)
{
    switch (support) {
    case SUPPORT_REFUSED:
        return "refused";
    case SUPPORT_UNTRIED:
        return "not tried";
    case SUPPORT_TEXT:
        return "tested by text";
    case SUPPORT_REAL:
        return "tested for real";
    }
    return "refused";
}

const struct support_kind *support_kind_table(size_t *out_count)
{
    *out_count = ARRAY_LEN(kinds);
    return kinds;
}

const struct support_kind *support_kind_of(const char *variable, const char *value)
{
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (strcmp(kinds[i].variable, variable) == 0 && value[0] != '\0' &&
            strcasestr(value, kinds[i].mark) != NULL)
            return &kinds[i];
    return NULL;
}
