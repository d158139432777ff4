/* SPDX-License-Identifier: MIT */
/*
 * What came with which release and does not arrive on an older one. With row based logging only
 * DDL carries new syntax, and rows carry new types, new formats and new kinds of event: that is
 * what is listed. Functions and optimizer switches stay where they are used.
 */
#include "domain/pairs.h"

#include <string.h>

#define M FLAVOUR_MYSQL
#define A FLAVOUR_MARIADB
#define STOPS_DDL "the DDL stops the link with a syntax error"
#define IGNORED_DDL "the older server accepts the words and ignores them"

static const struct pair_feature features[] = {
    {"collations utf8mb4_0900_*", M, 80001, NULL, "upgrade.collations",
     "error 1273 or 115 on the first statement or table that names one",
     "MySQL 8.0 Reference Manual, Unicode Character Sets"},
    {"collations utf8mb4_uca1400_*", A, 101001, NULL, "upgrade.collations",
     "error 1273 on the first table or session that names one",
     "MariaDB documentation, Supported Character Sets and Collations"},
    {"collations utf8mb4_0900_* by their MySQL names", A, 110405, NULL, "upgrade.collations",
     "error 1273", "MariaDB documentation, Supported Character Sets and Collations"},
    {"accounts with caching_sha2_password", M, 80003, NULL, "upgrade.account_plugins",
     "CREATE USER stops the link with error 1524",
     "MySQL 8.0 Reference Manual, Caching SHA-2 Pluggable Authentication"},
    {"compressed transactions", M, 80020, NULL, "upgrade.binlog_compression",
     "the replica meets an unknown event and stops",
     "MySQL 8.0 Reference Manual, Binary Log Transaction Compression"},
    {"partial JSON in row events", M, 80003, NULL, "upgrade.partial_json",
     "the replica meets an unknown event and stops",
     "MySQL 8.0 Reference Manual, binlog_row_value_options"},
    {"tagged GTIDs", M, 80300, NULL, "upgrade.tagged_gtids",
     "the replica meets an unknown event and stops",
     "MySQL 8.3 Reference Manual, GTID Format and Storage"},
    {"foreign keys that cascade in the SQL layer", M, 90600, NULL, "upgrade.fk_cascades",
     "the replica cascades again: rows that are gone already, error 1032",
     "MySQL 9.7 Reference Manual, Replication and Foreign Keys"},
    {"a source newer than the replica", M, 90700, NULL, "upgrade.higher_source",
     "a 9.7 replica with replica_allow_higher_version_source=OFF refuses to start",
     "MySQL worklog 17202"},
    {"CREATE TABLE ... SELECT in one transaction", M, 80021, NULL, "pair.way_back",
     "the replica meets CREATE TABLE ... START TRANSACTION and stops",
     "MySQL 8.0 Reference Manual, Atomic Data Definition Statement Support"},
    {"ALTER TABLE with ALGORITHM=INSTANT written out", M, 80012, NULL, "pair.way_back", STOPS_DDL,
     "MySQL 8.0 Reference Manual, Online DDL Operations"},
    {"roles and dynamic privileges in GRANT", M, 80000, NULL, "pair.way_back",
     "the account statement stops the link", "MySQL 8.0 Reference Manual, Using Roles"},
    {"INVISIBLE indexes", M, 80000, NULL, "pair.way_back", STOPS_DDL,
     "MySQL 8.0 Reference Manual, Invisible Indexes"},
    {"columns of type VECTOR", M, 90000, "type vector", "pair.features", STOPS_DDL,
     "MySQL 9.0 Reference Manual, The VECTOR Type"},
    {"CHECK constraints", M, 80016, "constraint CHECK", "pair.features", IGNORED_DDL,
     "MySQL 8.0 Reference Manual, CHECK Constraints"},
    {"indexes on expressions", M, 80013, "index expression", "pair.features", STOPS_DDL,
     "MySQL 8.0 Reference Manual, CREATE INDEX: Functional Key Parts"},
    {"descending indexes", M, 80001, "index descending", "pair.features", IGNORED_DDL,
     "MySQL 8.0 Reference Manual, Descending Indexes"},
    {"expressions as default values", M, 80013, "column default expression", "pair.features",
     STOPS_DDL, "MySQL 8.0 Reference Manual, Data Type Default Values"},
    {"invisible columns", M, 80023, "column INVISIBLE", "pair.features", STOPS_DDL,
     "MySQL 8.0 Reference Manual, Invisible Columns"},
    {"spatial reference systems of columns", M, 80003, "column SRID", "pair.features", STOPS_DDL,
     "MySQL 8.0 Reference Manual, Spatial Type Attributes"},
    {"stored programs in JavaScript", M, 90000, "routine JAVASCRIPT", "pair.features", STOPS_DDL,
     "MySQL 9.0 Reference Manual, JavaScript Stored Programs"},

    {"ALTER TABLE logged in two parts", A, 100801, NULL, "upgrade.two_phase_alter",
     "the replica meets START ALTER and stops", "MariaDB documentation, binlog_alter_two_phase"},
    {"columns of type VECTOR", A, 110701, "type vector", "pair.features",
     "error 4161 (measured: 11.8 to 10.11)", "MariaDB documentation, VECTOR"},
    {"columns of type UUID", A, 100700, "type uuid", "pair.features", "error 4161 on the DDL",
     "MariaDB documentation, UUID Data Type"},
    {"columns of type INET4", A, 101000, "type inet4", "pair.features", "error 4161 on the DDL",
     "MariaDB documentation, INET4"},
    {"columns of type XMLTYPE", A, 120300, "type xmltype", "pair.features", "error 4161 on the DDL",
     "MariaDB documentation, XMLTYPE"},
    {"descending indexes", A, 100800, "index descending", "pair.features", IGNORED_DDL,
     "MariaDB documentation, Indexes: ASC and DESC"},
    {"history of system-versioned tables past 2038", A, 110501, "table SYSTEM VERSIONED",
     "pair.features", "rows of a 64-bit server end at 2106: an older one cannot hold that time",
     "MariaDB documentation, TIMESTAMP: extension of range in 11.5"},
};

const struct pair_feature *pair_features(size_t *out_count)
{
    *out_count = ARRAY_LEN(features);
    return features;
}

bool pair_feature_breaks(const struct pair_feature *feature, const struct server_version *source,
                         const struct server_version *replica)
{
    return source->flavour == feature->flavour && replica->flavour == feature->flavour &&
           version_number(source) >= feature->since && version_number(replica) < feature->since;
}

const struct pair_feature *pair_feature_of(enum flavour flavour, const char *mark)
{
    for (size_t i = 0; i < ARRAY_LEN(features); i++)
        if (features[i].flavour == flavour && features[i].mark != NULL &&
            strcasecmp(features[i].mark, mark) == 0)
            return &features[i];
    return NULL;
}
