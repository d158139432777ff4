/* SPDX-License-Identifier: MIT */
/*
 * The rules of the makers, and what this program makes of them. A rule that says "refused" is the
 * maker's "not supported": where a link can be made all the same, a named person may waive it.
 */
#include "domain/pairs.h"

#include <string.h>

#define MYSQL_REPLICATION                                                                          \
    "MySQL 8.4 Reference Manual, Replication Compatibility Between MySQL Versions"
#define MYSQL_UPGRADE "MySQL 9.7 Reference Manual, Upgrade Paths"
#define MYSQL_DOWNGRADE "MySQL 9.7 Reference Manual, Downgrading MySQL"
#define MARIADB_CROSS "MariaDB documentation, Cross-Version Replication Compatibility"
#define MARIADB_MYSQL "MariaDB documentation, Replication Compatibility Between MariaDB and MySQL"

#define M FLAVOUR_MYSQL
#define A FLAVOUR_MARIADB

static const struct pair_row rows[] = {
    {"MySQL, same series", M, M, PAIR_SAME, PAIR_FINE, true,
     "the binary log of a series does not change", MYSQL_REPLICATION},
    {"MySQL to an older patch", M, M, PAIR_OLDER_PATCH, PAIR_CONDITIONAL, true,
     "8.0 before 8.0.34 and the innovation releases took in features with their patches",
     MYSQL_DOWNGRADE},
    {"MySQL to the next series", M, M, PAIR_NEXT, PAIR_FINE, true,
     "a supported upgrade path is a supported replication path", MYSQL_UPGRADE},
    {"MySQL past a series", M, M, PAIR_SKIP, PAIR_REFUSED, true,
     "a series cannot be skipped: statements of the source may mean something else, or nothing, "
     "two series on",
     MYSQL_UPGRADE},
    {"MySQL to the previous series", M, M, PAIR_PREVIOUS, PAIR_CONDITIONAL, true,
     "supported for rollback only, as long as no new functionality was used", MYSQL_DOWNGRADE},
    {"MySQL further back", M, M, PAIR_BACK, PAIR_REFUSED, true,
     "no supported downgrade path: 5.7 cannot be gone back to, and a series cannot be skipped",
     MYSQL_DOWNGRADE},

    {"MariaDB, same series", A, A, PAIR_SAME, PAIR_FINE, true,
     "the binary log of a series does not change", MARIADB_CROSS},
    {"MariaDB to a newer series", A, A, PAIR_NEXT, PAIR_FINE, true,
     "a replica may be of any newer series", MARIADB_CROSS},
    {"MariaDB to an older series", A, A, PAIR_PREVIOUS, PAIR_CONDITIONAL, true,
     "works as long as nothing is used that the older one does not know (measured: 11.8 to 10.11, "
     "10.11 to 10.5)",
     MARIADB_CROSS},

    {"MySQL to MariaDB", M, A, PAIR_OTHER, PAIR_REFUSED, false,
     "MariaDB drops MySQL's GTIDs and follows by file and position (8.0 only since 10.6.21, "
     "10.11.11, 11.4.5): arrival cannot be proven, and nothing can come back",
     MARIADB_MYSQL},
    {"MariaDB to MySQL", A, M, PAIR_OTHER, PAIR_REFUSED, false,
     "MySQL does not know the GTID events of MariaDB and stops at the first", MARIADB_MYSQL},
};

const struct pair_row *pair_table(size_t *out_count)
{
    *out_count = ARRAY_LEN(rows);
    return rows;
}

/* --- how far apart ---------------------------------------------------------------------------- */

/*
 * Where a MySQL release is on the road from one long-term series to the next: even numbers are
 * long-term series (5.7, 8.0, 8.4, 9.7), odd ones the innovation releases between two of them.
 */
static unsigned mysql_stage(unsigned number)
{
    static const unsigned begins[] = {50700, 50800, 80000, 80100, 80400, 80500, 90700, 90800};
    unsigned stage = 0;
    while (stage + 1 < ARRAY_LEN(begins) && number >= begins[stage + 1])
        stage++;
    return stage;
}

#define STAGE_8_0 2
/* From here on 8.0 took in corrections only. */
#define MYSQL_8_0_SETTLED 80034

static bool is_innovation(unsigned stage)
{
    return stage % 2 == 1;
}

static enum pair_step mysql_step(unsigned source, unsigned replica)
{
    unsigned from = mysql_stage(source);
    unsigned to = mysql_stage(replica);
    unsigned reach =
        is_innovation(from) ? 1 : 2; /* the next long-term series, or on the way to it */
    if (to == from && replica / 100 > source / 100)
        return PAIR_NEXT;
    if (to > from)
        return to - from <= reach ? PAIR_NEXT : PAIR_SKIP;
    if (to < from) /* 5.7 is the one series that a rollback does not reach */
        return from - to <= reach && !is_innovation(from) && to >= STAGE_8_0 ? PAIR_PREVIOUS
                                                                             : PAIR_BACK;
    if (replica / 100 < source / 100)
        return PAIR_OLDER_PATCH; /* one innovation release to an older one of the same stage */
    bool is_unsettled = is_innovation(from) || (from == STAGE_8_0 && replica < MYSQL_8_0_SETTLED);
    return replica < source && is_unsettled ? PAIR_OLDER_PATCH : PAIR_SAME;
}

/* In MariaDB the first two numbers make the series: 10.6 to 10.11 is a major step. */
static enum pair_step mariadb_step(unsigned source, unsigned replica)
{
    if (replica / 100 == source / 100)
        return PAIR_SAME;
    return replica > source ? PAIR_NEXT : PAIR_PREVIOUS;
}

enum pair_step pair_step_of(const struct server_version *source,
                            const struct server_version *replica)
{
    if (source->flavour != replica->flavour)
        return PAIR_OTHER;
    return source->flavour == FLAVOUR_MARIADB
               ? mariadb_step(version_number(source), version_number(replica))
               : mysql_step(version_number(source), version_number(replica));
}

const struct pair_row *pair_of(const struct server_version *source,
                               const struct server_version *replica)
{
    enum pair_step step = pair_step_of(source, replica);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (rows[i].source == source->flavour && rows[i].replica == replica->flavour &&
            rows[i].step == step)
            return &rows[i];
    return NULL;
}

const char *pair_verdict_name(enum pair_verdict verdict)
{
    switch (verdict) {
    case PAIR_REFUSED:
        return "refused";
    case PAIR_CONDITIONAL:
        return "conditional";
    case PAIR_FINE:
        return "fine";
    }
    return "refused";
}
