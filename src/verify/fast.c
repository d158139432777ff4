/* SPDX-License-Identifier: MIT */
/* Whole tables by their checksums. */
#include "verify/fast.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "verify/snapshot.h"

#define BYTES_PER_MS 50000 /* of a slow server: 50 MB/s */

static bool is_same_series(const struct server_version *a, const struct server_version *b)
{
    return a->flavour == b->flavour && a->major == b->major && a->minor == b->minor;
}

/* Why not even to try, by what is known without asking; NULL: nothing is against it. */
static const char *obstacle(const struct comparison *comparison)
{
    const struct pair *pair = comparison->pair;
    const struct table_shape *table = comparison->walk->table;
    bool is_part = (comparison->after && comparison->after->is_set) ||
                   (comparison->until && comparison->until->is_set);

    if (!comparison->snapshot || is_part)
        return "is compared in parts: its rows are read";
    if (!is_same_series(&pair->source.version, &pair->replica.version))
        return "is on servers of two versions, whose checksums need not agree: its rows are read";
    if (table->bytes_estimate / BYTES_PER_MS > (uint64_t)snapshot_limit_ms(comparison->snapshot))
        return "is too large to be read in one snapshot: its rows are read in pieces";
    return NULL;
}

/* One end of it. */
struct fast_end {
    const struct comparison *comparison;
    struct verify_end *end;
    bool is_suitable;
    uint64_t rows;
    char checksum[32]; /* "" = the server has none */
    int rc;
    struct err err;
};

static int look_at_table(struct fast_end *fast, struct err *err)
{
    CLEANUP(db_result_release) struct db_result result = {0};
    const struct table_shape *table = fast->comparison->walk->table;
    const struct sql_arg args[] = {{"schema", table->database}, {"name", table->name}};
    int rc = end_query(fast->end, SQL_FAST_TABLE, args, ARRAY_LEN(args), &result, err);
    if (rc)
        return rc;
    const char *engine = db_result_get(&result, 0, "engine");
    const char *is_partitioned = db_result_get(&result, 0, "is_partitioned");
    fast->is_suitable =
        engine && !strcasecmp(engine, "InnoDB") && is_partitioned && !strcmp(is_partitioned, "0");
    return 0;
}

static int rows_read(struct fast_end *fast, uint64_t *out, struct err *err)
{
    CLEANUP(db_result_release) struct db_result result = {0};
    int rc = end_query(fast->end, SQL_FAST_ROWS_READ, NULL, 0, &result, err);
    if (rc)
        return rc;
    const char *value = db_result_get(&result, 0, "Value");
    if (!value)
        return err_set(err, ERR_PROTOCOL, EFFECT_NONE, "%s does not count the rows it reads",
                       db_where(fast->end->db));
    *out = strtoull(value, NULL, 10);
    return 0;
}

static int ask_checksum(struct fast_end *fast, struct err *err)
{
    CLEANUP(db_result_release) struct db_result result = {0};
    const struct sql_arg args[] = {{"table", buf_text(&fast->comparison->walk->name)}};
    int rc = end_query(fast->end, SQL_FAST_CHECKSUM, args, ARRAY_LEN(args), &result, err);
    if (rc)
        return rc;
    const char *checksum = db_result_get(&result, 0, "Checksum");
    (void)snprintf(fast->checksum, sizeof(fast->checksum), "%s", checksum ? checksum : "");
    return 0;
}

static int sum_end(struct fast_end *fast, struct err *err)
{
    uint64_t before = 0, after = 0;
    int rc = look_at_table(fast, err);
    if (rc || !fast->is_suitable)
        return rc;
    rc = rows_read(fast, &before, err);
    if (!rc)
        rc = ask_checksum(fast, err);
    if (!rc)
        rc = rows_read(fast, &after, err);
    fast->rows =
        !rc && after > before ? after - before - 1 : 0; /* the last one is the table's end */
    return rc;
}

static void *run_end(void *context)
{
    struct fast_end *fast = context;
    fast->rc = sum_end(fast, &fast->err);
    return NULL;
}

static int sum_both(struct fast_end *source, struct fast_end *replica, struct err *err)
{
    pthread_t thread;
    bool is_apart = !pthread_create(&thread, NULL, run_end, replica);

    (void)run_end(source);
    if (is_apart)
        (void)pthread_join(thread, NULL); /* fails for threads that are not ours only */
    else
        (void)run_end(replica);
    const struct fast_end *failed = source->rc ? source : replica;
    if (failed->rc)
        *err = failed->err;
    return failed->rc;
}

/* A table that was changed since the snapshot, or that the server will not sum: its rows tell. */
static bool is_refusal(const struct pair *pair, int rc)
{
    return rc == ERR_SERVER && !db_is_dead(pair->source.db) && !db_is_dead(pair->replica.db);
}

static int sum_in_snapshot(const struct comparison *comparison, struct fast_end *source,
                           struct fast_end *replica, const char **out_why, struct err *err)
{
    struct pair *pair = comparison->pair;
    bool is_held;

    *out_why = NULL;
    int rc = snapshot_hold(comparison->snapshot, pair, &is_held, err);
    if (rc)
        return rc;
    if (!is_held) {
        *out_why = comparison->snapshot->refused;
        return 0;
    }
    *source = (struct fast_end){.comparison = comparison, .end = &pair->source};
    *replica = (struct fast_end){.comparison = comparison, .end = &pair->replica};
    rc = sum_both(source, replica, err);
    if (is_refusal(pair, rc)) {
        *out_why = "the server makes no checksum of it";
        rc = 0;
    } else if (!rc && (!source->is_suitable || !replica->is_suitable)) {
        *out_why = "it is partitioned, or not InnoDB";
    }
    return rc;
}

int fast_compare(struct comparison *comparison, bool *out_is_equal, struct chunk_sum *out_sum,
                 char *out_why, size_t why_size, struct err *err)
{
    struct fast_end source = {0}, replica = {0};
    const char *known = obstacle(comparison), *why = NULL;

    *out_is_equal = false;
    (void)snprintf(out_why, why_size, "%s", known ? known : "");
    int rc = known ? 0 : sum_in_snapshot(comparison, &source, &replica, &why, err);
    if (rc)
        return rc;
    if (why)
        (void)snprintf(out_why, why_size, "has its rows read: %s", why);
    *out_is_equal = !known && !why && source.checksum[0] && source.rows == replica.rows &&
                    !strcmp(source.checksum, replica.checksum);
    if (!*out_is_equal)
        return comparison->snapshot ? snapshot_end(comparison->snapshot, comparison->pair, err) : 0;
    XXH128_hash_t hash = XXH3_128bits(source.checksum, strlen(source.checksum));
    *out_sum = (struct chunk_sum){.rows = source.rows,
                                  .bytes = comparison->walk->table->bytes_estimate,
                                  .hash = {.low = hash.low64, .high = hash.high64}};
    return 0;
}
