/* SPDX-License-Identifier: MIT */
/* The readers: what the logs say goes into the set. */
#include "verify/proof_inner.h"

#include <string.h>

#include "base/clock.h"
#include "base/signals.h"

#define READ_WAIT_MS 100
#define RECONNECT_PATIENCE_MS 120000
#define RECONNECT_PAUSE_MS 500
#define MARK_INTERVAL_MS 250
#define LINGER_MS 20 /* nobody waits for these rows yet: they are read together */

static int note_error(struct proof *proof, int rc, const struct err *err)
{
    if (rc && !proof->is_broken)
        proof_break(proof, "what was touched cannot be noted", err);
    return rc;
}

static int touch_table(struct proof *proof, const char *database, const char *name, struct err *err)
{
    return touched_add_table(proof->set, database, name, clock_mono_ms(), err);
}

/* Of a database, or of all: every table that either side is known to have. */
static int touch_catalog(struct proof *proof, const struct table_catalog *catalog,
                         const char *database, struct err *err)
{
    for (size_t i = 0; i < catalog->count; i++) {
        const struct table_shape *table = &catalog->tables[i];
        if (database[0] && strcmp(database, table->database) != 0)
            continue;
        int rc = touch_table(proof, table->database, table->name, err);
        if (rc)
            return rc;
    }
    return 0;
}

static bool is_ours(const struct service *service, const char *database)
{
    for (size_t i = 0; i < service->database_count; i++)
        if (!strcmp(service->databases[i], database))
            return true;
    return false;
}

static int touch_named(struct proof_log *log, const struct change *change, struct err *err)
{
    struct proof *proof = log->proof;

    if (change->database[0] && !is_ours(proof->service, change->database))
        return 0;
    if (change->kind == CHANGE_SCHEMA) {
        proof->is_schema_stale = true;
        (void)pthread_cond_broadcast(&proof->changed);
    }
    if (change->database[0] && change->name[0])
        return touch_table(proof, change->database, change->name, err);
    int rc = touch_catalog(proof, &log->shapes->source, change->database, err);
    return rc ? rc : touch_catalog(proof, &log->shapes->replica, change->database, err);
}

static bool begins_with_integer(const struct table_shape *table, const struct index_shape *key)
{
    return key && key->column_count && table->columns[key->columns[0]].class == COLUMN_INTEGER;
}

static int touch_child(void *context, const struct table_shape *child,
                       const struct foreign_key_shape *by, const struct key_point *point,
                       struct err *err)
{
    struct proof_log *log = context;
    struct proof *proof = log->proof;

    if (!by)
        return touch_table(proof, child->database, child->name, err);
    const struct touched_key key = {.database = child->database,
                                    .name = child->name,
                                    .index = by->name,
                                    .point = point,
                                    .is_doubtful = !log->is_of_source};
    return touched_add(proof->set, &key, clock_mono_ms(), err);
}

/* Is a key of this side's table one of the source's as well, part by part? */
static bool is_same_key(const struct table_shape *table, const struct table_shape *of_source)
{
    const struct index_shape *key = table_shape_key(table);
    const struct index_shape *other = of_source ? table_shape_key(of_source) : NULL;

    if (!key || !other || key->column_count != other->column_count)
        return false;
    for (size_t i = 0; i < key->column_count; i++)
        if (strcmp(table->columns[key->columns[i]].name,
                   of_source->columns[other->columns[i]].name) != 0)
            return false;
    return true;
}

static int touch_row(struct proof_log *log, const struct change *change, struct err *err)
{
    const struct table_shape *table = change->table;
    if (!log->is_of_source &&
        !is_same_key(table, table_catalog_find(&log->shapes->source, table->database, table->name)))
        return touch_table(log->proof, table->database, table->name, err);
    const struct touched_key key = {.database = table->database,
                                    .name = table->name,
                                    .index = "",
                                    .point = change->key,
                                    .is_integer =
                                        begins_with_integer(table, table_shape_key(table)),
                                    .is_doubtful = !log->is_of_source};
    int rc = touched_add(log->proof->set, &key, clock_mono_ms(), err);
    return rc ? rc
              : cascades_follow(&log->shapes->cascades[log->is_of_source ? 0 : 1], change,
                                touch_child, log, err);
}

/* --- marks ------------------------------------------------------------------------------------ */

/* Half of the marks do as well when there is no room: the floor moves in longer steps. */
static void thin_out(struct proof_log *log)
{
    size_t kept = 0;
    for (size_t i = 0; i < log->mark_count; i += 2)
        log->marks[kept++] = log->marks[i];
    log->mark_count = kept;
}

static void mark(struct proof_log *log)
{
    uint64_t sequence = touched_sequence(log->proof->set);
    int64_t now_ms = clock_mono_ms();
    struct proof_mark *last = log->mark_count ? &log->marks[log->mark_count - 1] : NULL;

    if (last && (last->sequence == sequence)) {
        last->position = log->position;
        last->place = log->place;
        return;
    }
    if (last && now_ms - log->marked_ms < MARK_INTERVAL_MS)
        return;
    if (log->mark_count == PROOF_MARK_CAP)
        thin_out(log);
    log->marks[log->mark_count++] =
        (struct proof_mark){.sequence = sequence, .position = log->position, .place = log->place};
    log->marked_ms = now_ms;
}

static void move_floor_of(struct proof_log *log, uint64_t first, struct position *floor,
                          struct binlog_place *floor_at)
{
    size_t passed = 0;
    while (passed < log->mark_count && log->marks[passed].sequence < first)
        passed++;
    if (!passed)
        return;
    *floor = log->marks[passed - 1].position;
    *floor_at = log->marks[passed - 1].place;
    memmove(log->marks, log->marks + passed - 1,
            (log->mark_count - (passed - 1)) * sizeof(log->marks[0]));
    log->mark_count -= passed - 1;
}

void proof_move_floor(struct proof *proof)
{
    struct touched_count count, suspects;

    touched_count(proof->suspects, &suspects);
    if (proof->is_broken || suspects.oldest_ms >= 0)
        return;
    touched_count(proof->set, &count);
    move_floor_of(&proof->logs[0], count.first, &proof->floor.source, &proof->floor.source_at);
    move_floor_of(&proof->logs[1], count.first, &proof->floor.replica, &proof->floor.replica_at);
}

/* --- reading ---------------------------------------------------------------------------------- */

static void take_commit(struct proof_log *log)
{
    log->position = *change_log_position(log->log);
    log->place = *change_log_place(log->log);
    if (!log->is_seen_reached && log->seen_ms && position_covers(&log->position, &log->seen)) {
        log->behind_ms = clock_mono_ms() - log->seen_ms;
        log->is_seen_reached = true;
    }
    mark(log);
    if (log->proof->waiters)
        (void)pthread_cond_broadcast(&log->proof->changed);
}

static int take_change(struct proof_log *log, const struct change *change, struct err *err)
{
    PROOF_HOLD(log->proof);
    int rc = 0;

    switch (change->kind) {
    case CHANGE_ROW:
        rc = touch_row(log, change, err);
        break;
    case CHANGE_TABLE:
    case CHANGE_SCHEMA:
        rc = touch_named(log, change, err);
        break;
    case CHANGE_COMMIT:
        take_commit(log);
        break;
    }
    return note_error(log->proof, rc, err);
}

/* Tables that are new or made otherwise than this log's decoder knew: nobody told their rows. */
static int touch_changed(struct proof_log *log, const struct proof_shapes *now, struct err *err)
{
    const struct table_catalog *before =
        log->is_of_source ? &log->shapes->source : &log->shapes->replica;
    const struct table_catalog *after = log->is_of_source ? &now->source : &now->replica;
    struct shape_difference difference;

    for (size_t i = 0; i < after->count; i++) {
        const struct table_shape *table = &after->tables[i];
        const struct table_shape *known = table_catalog_find(before, table->database, table->name);
        if (known && !table_shape_differ(known, table, &difference))
            continue;
        int rc = touch_table(log->proof, table->database, table->name, err);
        if (rc)
            return rc;
    }
    return 0;
}

static int use_new_shapes(struct proof_log *log, struct err *err)
{
    struct proof_shapes *now = proof_shapes_use(log->proof);
    int rc = 0;

    if (now != log->shapes)
        change_log_use(log->log, log->is_of_source ? &now->source : &now->replica);
    PROOF_HOLD(log->proof);
    if (now != log->shapes)
        rc = touch_changed(log, now, err);
    proof_shapes_drop(&log->shapes);
    log->shapes = now;
    return note_error(log->proof, rc, err);
}

int proof_log_open(struct proof_log *log, struct err *err)
{
    /* only the log's own thread moves them, once that runs */
    const struct position from = log->position;
    const struct binlog_place at = log->place;
    const struct change_log_options options = {
        .service = log->proof->service,
        .side = log->side,
        .from = &from,
        .at = &at,
        .catalog = log->is_of_source ? &log->shapes->source : &log->shapes->replica,
        .is_own_only = !log->is_of_source,
    };
    log->linger_ms = 0;
    return change_log_open(&options, &log->log, err);
}

static bool is_wanted(struct proof *proof)
{
    PROOF_HOLD(proof);
    return !proof->is_ending && !proof->is_broken;
}

static int wanted_linger_ms(struct proof *proof)
{
    PROOF_HOLD(proof);
    bool is_awaited = proof->is_hurried || proof->is_settling || proof->waiters > 0;

    return is_awaited || proof->mood == PROOF_HURRIED ? 0 : LINGER_MS;
}

static void linger(struct proof_log *log)
{
    int ms = wanted_linger_ms(log->proof);

    if (ms != log->linger_ms)
        change_log_linger(log->log, ms);
    log->linger_ms = ms;
}

/* From where it was: a transaction that was told in part is told again. */
static int reconnect(struct proof_log *log, struct err *err)
{
    int64_t deadline_ms = clock_mono_ms() + RECONNECT_PATIENCE_MS;

    for (;;) {
        change_log_freep(&log->log);
        int rc = proof_log_open(log, err);
        bool is_hopeless = rc == ERR_REFUSED || rc == ERR_PROTOCOL || rc == ERR_MEMORY;
        if (!rc || is_hopeless || !is_wanted(log->proof) || clock_mono_ms() > deadline_ms)
            return rc;
        if (!clock_sleep_ms(RECONNECT_PAUSE_MS))
            return err_set(err, ERR_STOPPED, EFFECT_NONE, "stopped while reading a log");
    }
}

static int read_on(struct proof_log *log, struct err *err)
{
    struct change change;
    int rc = use_new_shapes(log, err);

    linger(log);
    if (!rc)
        rc = change_log_next(log->log, READ_WAIT_MS, &change, err);
    if (rc == 1)
        return take_change(log, &change, err);
    return rc == ERR_LOST || rc == ERR_TIMEOUT ? reconnect(log, err) : rc;
}

void *proof_log_run(void *context)
{
    struct proof_log *log = context;
    struct proof *proof = log->proof;
    struct err err = {0};
    int rc = 0;

    while (!rc && is_wanted(proof))
        rc = read_on(log, &err);
    change_log_freep(&log->log);
    PROOF_HOLD(proof);
    if (rc && !proof->is_ending && !proof->is_broken)
        proof_break(proof,
                    log->is_of_source ? "the source's log cannot be followed"
                                      : "the replica side's log cannot be followed",
                    &err);
    return NULL;
}
