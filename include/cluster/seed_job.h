/* SPDX-License-Identifier: MIT */
/*
 * cluster/seed_job.h - the parts of a seed; cluster/seed.h is the way in.
 * Invariant: every session to a target has sql_log_bin = 0 before it writes anything.
 * Threads:   see each part; struct seed_flow is the only thing that threads share.
 */
#ifndef CUTOVER_CLUSTER_SEED_JOB_H
#define CUTOVER_CLUSTER_SEED_JOB_H

#include <pthread.h>

#include "cluster/seed.h"
#include "cluster/session.h"
#include "domain/table_shape.h"

#define SEED_STATEMENT_MS 600000

/* A session to every node that is filled. */
struct seed_targets {
    struct session sessions[SERVICE_NODE_CAP];
    size_t count;
};
MUST_CHECK int seed_targets_open(const struct service *service, enum side side,
                                 const struct session_permit *permit, struct seed_targets *out,
                                 struct err *err);
void seed_targets_release(struct seed_targets *targets); /* zeroed memory allowed */
/* A catalog statement, or a text that a server gave, on every target. The error says where. */
MUST_CHECK int seed_targets_exec(struct seed_targets *targets, enum sql_id id,
                                 const struct sql_arg *args, size_t arg_count, struct err *err);
MUST_CHECK int seed_targets_run(struct seed_targets *targets, const char *sql, struct err *err);

/* --- schema: seed_schema.c --- */

/* The tables of the service's databases on `source`. */
MUST_CHECK int seed_load_tables(const struct service *service, struct session *source,
                                struct table_catalog *out, struct err *err);
/*
 * ERR_REFUSED/NONE names tables that a consistent snapshot does not hold: other engines, sequences,
 * history.
 */
MUST_CHECK int seed_check_tables(const struct table_catalog *tables, struct err *err);
/* seed_copy_check.c: ERR_REFUSED/NONE */
MUST_CHECK int seed_check_flavour(const struct session *source, const struct session *target,
                                  struct err *err);
/* Its tables, and whether its log would still be there when they are copied. */
MUST_CHECK int seed_check_source(struct session *source, const struct table_catalog *tables,
                                 uint64_t rate, struct err *err);

/* The rows of cutover.heartbeat as `snapshot` sees them, onto emptied tables of all targets. */
MUST_CHECK int seed_copy_heartbeats(struct session *snapshot, struct seed_targets *targets,
                                    struct err *err);

/* ERR_CONFLICT when a table was created, dropped or changed since `before` was read. */
MUST_CHECK int seed_check_unchanged(const struct service *service, struct session *source,
                                    const struct table_catalog *before, struct err *err);
/*
 * Append a CREATE TABLE without the folders that the files of the table, or of its partitions, lie
 * in on the source (DATA DIRECTORY, INDEX DIRECTORY): NEW keeps them with the others. Saying so to
 * the server (NO_DIR_IN_CREATE) needs FILE on MySQL.
 */
void seed_table_here(const char *create, struct buf *out);
/* Databases and empty tables on every target. */
MUST_CHECK int seed_create_tables(const struct service *service, struct session *source,
                                  struct seed_targets *targets, const struct table_catalog *tables,
                                  struct err *err);

/* --- programs: seed_programs.c --- */

/* Routines, views, triggers, events of all databases; an event that is on there waits here. */
MUST_CHECK int seed_create_programs(const struct service *service, struct session *source,
                                    struct seed_targets *targets, struct err *err);
/*
 * Append the CREATE EVENT text with ENABLE replaced by DISABLE ON SLAVE; false when it has no
 * ENABLE.
 */
bool seed_event_waiting(const char *create, struct buf *out);

/* --- accounts: seed_accounts.c --- */

/*
 * Make the accounts that definers and grants need where they are missing. ERR_REFUSED/NONE lists
 * them when we may not.
 */
MUST_CHECK int seed_create_accounts(const struct service *service, struct session *source,
                                    struct seed_targets *targets, struct err *err);

/*
 * Append a row of SHOW GRANTS without the password and TLS clauses, which SHOW CREATE USER has told
 * already and which need more rights; false when it grants nothing.
 */
bool seed_grant_alone(const char *grant, struct buf *out);

/* The authentication plugin of a row of SHOW CREATE USER; "" when it names none. */
#define PLUGIN_NAME_SIZE 65
void seed_plugin_of(const char *create, char out[PLUGIN_NAME_SIZE]);

/* --- rows: seed_rows.c --- */

/* A table, or the rows from..until (the latter left out) of its first key column. */
struct seed_piece {
    const struct table_shape *table;
    bool has_from, has_until;
    int64_t from, until;
};
struct seed_pieces {
    struct seed_piece *items;
    size_t count;
};
/* Cut the big tables; the biggest come first. `source` is at the snapshot. */
MUST_CHECK int seed_cut(struct session *source, const struct table_catalog *tables,
                        struct seed_pieces *out, struct err *err);

/*
 * Append an expression that is this document of MySQL again, digit by digit: seed_json.c. `text` is
 * what the server shows; out fails when there is no memory.
 */
void seed_json_value(const char *text, size_t len, struct buf *out);

/* What the workers share. */
struct seed_flow {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    struct seed_pieces pieces;
    size_t next_piece;
    unsigned running;
    bool is_failed;
    uint64_t rate;      /* bytes of values a second, of all workers; 0: no limit */
    int64_t free_at_us; /* when what was read so far is paid for, by the monotonic clock */
    struct err first_err;
    uint64_t rows, bytes;
    size_t pieces_done;
    char current[160];
};
void seed_flow_init(struct seed_flow *flow);
void seed_flow_release(struct seed_flow *flow);

struct seed_worker {
    struct seed_flow *flow;
    struct session source; /* at the snapshot */
    struct seed_targets targets;
    pthread_t thread;
};
MUST_CHECK int seed_worker_open(const struct seed_options *options, struct seed_worker *out,
                                struct err *err);
void seed_worker_release(struct seed_worker *worker);
void *seed_worker_run(void *worker); /* thread */

#endif
