/* SPDX-License-Identifier: MIT */
/* Which tables a pass compares, and what an interrupted one knew of them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "verify/key_text.h"
#include "verify/pass.h"
#include "verify/schema.h"

#define SCHEMA_TRIES 3
#define SHARE_MOST (2ULL << 30) /* by weight: a span may have to be compared again as a whole */

/* --- the report --- */

void pass_keep_difference(struct pass *pass, const struct difference *difference, size_t count)
{
    struct verify_report *report = &pass->report;
    report->difference_count += count;
    if (!difference || report->difference_kept == VERIFY_DIFFERENCE_CAP)
        return;
    if (!report->differences)
        report->differences = calloc(VERIFY_DIFFERENCE_CAP, sizeof(*report->differences));
    if (report->differences)
        report->differences[report->difference_kept++] = *difference;
}

/* Those of definitions; or, with a table, those of its rows, which are counted by its spans. */
static void drop_differences(struct pass *pass, const char *table)
{
    struct verify_report *report = &pass->report;
    size_t kept = 0;

    for (size_t i = 0; i < report->difference_kept; i++) {
        const struct difference *found = &report->differences[i];
        bool is_schema = found->kind == DIFFERENCE_SCHEMA;
        bool is_dropped = table ? !is_schema && !strcmp(found->table, table) : is_schema;
        if (is_dropped && is_schema)
            report->difference_count--;
        if (!is_dropped)
            report->differences[kept++] = *found;
    }
    report->difference_kept = kept;
}

void pass_warn(struct pass *pass, const char *table, const char *what)
{
    struct verify_report *report = &pass->report;
    char line[sizeof(report->warnings[0])];

    (void)snprintf(line, sizeof(line), "%s %s", table, what);
    for (size_t i = 0; i < report->warning_count; i++)
        if (!strcmp(report->warnings[i], line))
            return; /* a table is looked at once a round */
    if (report->warning_count < ARRAY_LEN(report->warnings))
        memcpy(report->warnings[report->warning_count++], line, sizeof(line));
}

/* --- which tables --- */

static bool is_chosen(const struct verify_options *options, const char *label)
{
    if (!options->tables)
        return true;
    for (size_t i = 0; i < options->table_count; i++)
        if (!strcmp(options->tables[i], label))
            return true;
    return false;
}

static int check_chosen(const struct pass *pass, struct err *err)
{
    const struct verify_options *options = pass->options;
    for (size_t i = 0; options->tables && i < options->table_count; i++) {
        bool is_found = false;
        for (size_t k = 0; k < pass->source.count; k++)
            is_found |= !strcmp(pass->source.tables[k].label, options->tables[i]);
        for (size_t k = 0; k < pass->replica.count; k++)
            is_found |= !strcmp(pass->replica.tables[k].label, options->tables[i]);
        if (!is_found)
            return err_set(err, ERR_REFUSED, EFFECT_NONE, "there is no table %s on either side",
                           options->tables[i]);
    }
    return 0;
}

static bool can_be_compared(struct pass *pass, const struct table_shape *table,
                            const struct table_shape *other)
{
    bool is_tail = pass->options->tail_rows != 0;
    bool has_key = walk_key(table, other) != NULL;
    if (!strcmp(table->kind, "SEQUENCE")) {
        pass_warn(pass, table->label, "is a sequence: its value is not compared");
        return false;
    }
    if (!has_key && is_tail && table->rows_estimate > pass->options->tail_rows) {
        pass_warn(pass, table->label, "has no key, so it has no last rows: left out here");
        return false;
    }
    if (!has_key)
        pass_warn(pass, table->label,
                  "has no usable key: compared as a whole, slowly; give it a primary key");
    return true;
}

/* --- tasks --- */

static void span_free(struct span *span)
{
    key_point_release(&span->from);
    key_point_release(&span->until);
    key_point_release(&span->done);
    free(span);
}

static void task_release(struct task *task)
{
    for (size_t i = 0; i < task->span_count; i++)
        span_free(task->spans[i]);
    free(task->spans);
    *task = (struct task){0};
}

void pass_release_tasks(struct pass *pass)
{
    for (size_t i = 0; i < pass->task_count; i++)
        task_release(&pass->tasks[i]);
    free(pass->tasks);
    pass->tasks = NULL;
    pass->task_count = 0;
}

static struct task *find_task(const struct pass *pass, const char *label)
{
    for (size_t i = 0; i < pass->task_count; i++)
        if (pass->tasks[i].table && !strcmp(pass->tasks[i].result.table, label))
            return &pass->tasks[i];
    return NULL;
}

static void init_task(const struct pass *pass, struct task *task, const struct table_shape *table,
                      const struct table_shape *other)
{
    const struct verify_options *options = pass->options;
    const struct index_shape *key = walk_key(table, other);

    *task = (struct task){.table = table, .other = other};
    span_shape_text(table, key, task->shape);
    span_plan_init(&task->plan, table, key != NULL, options->span_rows);
    if (options->tail_rows || options->mode == VERIFY_FAST)
        task->plan = (struct span_plan){.is_whole = true, .expected = 1};
    (void)snprintf(task->result.table, sizeof(task->result.table), "%s", table->label);
}

/* The task of this table as it was, when it may stay; its place is empty then. */
static bool take_old_task(struct pass *pass, const struct table_shape *table,
                          const struct table_shape *other, struct task *out)
{
    char shape[33];
    struct task *old = find_task(pass, table->label);

    span_shape_text(table, walk_key(table, other), shape);
    if (!old || old->state == TASK_STALE || strcmp(old->shape, shape) != 0)
        return false;
    *out = *old;
    *old = (struct task){0};
    out->table = table;
    out->other = other;
    return true;
}

static int by_weight(const void *a, const void *b)
{
    const struct task *left = a, *right = b;
    uint64_t x = span_weight(left->table), y = span_weight(right->table);
    return x < y ? 1 : x > y ? -1 : strcmp(left->table->label, right->table->label);
}

/* What is left of the old tasks belongs to tables that are gone or have another definition. */
static void drop_old_tasks(struct pass *pass)
{
    for (size_t i = 0; i < pass->task_count; i++) {
        struct task *task = &pass->tasks[i];
        if (!task->table)
            continue;
        drop_differences(pass, task->result.table);
        for (size_t k = 0; k < task->span_count; k++) {
            pass->report.difference_count -= task->spans[k]->differences;
            pass->rows_done -= task->spans[k]->rows;
            pass->bytes_done -= task->spans[k]->bytes;
        }
    }
    pass_release_tasks(pass);
}

static bool is_on(const struct table_catalog *catalog, const struct table_shape *table)
{
    return table_catalog_find(catalog, table->database, table->name) != NULL;
}

static void keep_schema_difference(void *context, const struct difference *difference)
{
    pass_keep_schema_difference(context, difference);
}

/* Report what differs in the definitions and make the tasks. */
static int make_tasks(struct pass *pass, size_t *out_new, struct err *err)
{
    struct task *tasks = calloc(pass->source.count + 1, sizeof(*tasks));
    size_t count = 0;
    bool is_comparable;

    if (!tasks)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory for %zu tables",
                       pass->source.count);
    *out_new = 0;
    drop_differences(pass, NULL);
    for (size_t i = 0; i < pass->source.count; i++) {
        const struct table_shape *table = &pass->source.tables[i];
        const struct table_shape *other =
            table_catalog_find(&pass->replica, table->database, table->name);
        if (!is_chosen(pass->options, table->label))
            continue;
        (void)schema_differences(table, other, keep_schema_difference, pass, &is_comparable);
        if (!is_comparable || !can_be_compared(pass, table, other))
            continue;
        bool is_old = take_old_task(pass, table, other, &tasks[count]);
        if (!is_old)
            init_task(pass, &tasks[count], table, other);
        *out_new += !is_old;
        count++;
    }
    for (size_t i = 0; i < pass->replica.count; i++) {
        const struct table_shape *table = &pass->replica.tables[i];
        if (is_chosen(pass->options, table->label) && !is_on(&pass->source, table))
            (void)schema_differences(NULL, table, keep_schema_difference, pass, &is_comparable);
    }
    drop_old_tasks(pass);
    qsort(tasks, count, sizeof(*tasks), by_weight);
    pass->tasks = tasks;
    pass->task_count = count;
    pass->report.tables = (unsigned)count;
    return 0;
}

/* --- definitions --- */

struct catalogs {
    struct table_catalog source, replica;
};

static void catalogs_release(struct catalogs *catalogs)
{
    table_catalog_release(&catalogs->source);
    table_catalog_release(&catalogs->replica);
}

static int load(const struct verify_options *options, struct pair *pair, struct catalogs *out,
                struct err *err)
{
    int rc = schema_load(options->service, &pair->source, &out->source, err);
    if (!rc)
        rc = pair_wait(pair, &pair->source, &pair->replica, COMPARE_PATIENCE_MS, true, err);
    if (!rc)
        rc = schema_load(options->service, &pair->replica, &out->replica, err);
    return rc;
}

static bool has_difference(const struct pass *pass, const struct catalogs *catalogs)
{
    struct difference difference;
    bool is_comparable;

    for (size_t i = 0; i < catalogs->source.count; i++) {
        const struct table_shape *table = &catalogs->source.tables[i];
        if (is_chosen(pass->options, table->label) &&
            schema_difference(table,
                              table_catalog_find(&catalogs->replica, table->database, table->name),
                              &difference, &is_comparable))
            return true;
    }
    for (size_t i = 0; i < catalogs->replica.count; i++) {
        const struct table_shape *table = &catalogs->replica.tables[i];
        if (is_chosen(pass->options, table->label) && !is_on(&catalogs->source, table))
            return true;
    }
    return false;
}

int pass_read_tables(struct pass *pass, struct pair *pair, size_t *out_new, struct err *err)
{
    CLEANUP(catalogs_release) struct catalogs catalogs = {0};
    int rc = 0;

    /* A statement that changes a table may arrive between the two reads, so a difference is looked
     * at again. */
    for (int tries = 1; !rc; tries++) {
        rc = load(pass->options, pair, &catalogs, err);
        if (rc || pass->options->is_still || tries == SCHEMA_TRIES ||
            !has_difference(pass, &catalogs))
            break;
        (void)clock_sleep_ms(200LL * tries); /* cut short by a stop, which the workers see */
    }
    if (rc)
        return rc;
    /* the old tasks point into the old catalogs, which must outlive them */
    struct catalogs old = {.source = pass->source, .replica = pass->replica};
    pass->source = catalogs.source;
    pass->replica = catalogs.replica;
    catalogs = old;
    rc = check_chosen(pass, err);
    return rc ? rc : make_tasks(pass, out_new, err);
}

/* --- spans --- */

unsigned task_spans_expected(const struct task *task)
{
    unsigned known = (unsigned)task->span_count;

    return task->is_cut || known >= task->plan.expected ? known : task->plan.expected;
}

/* The weight of the rows that no worker has begun with. */
static uint64_t weight_left(const struct task *task)
{
    unsigned begun = 0, spans = task_spans_expected(task);

    if (task->state != TASK_OPEN)
        return 0;
    for (size_t i = 0; i < task->span_count; i++)
        begun += task->spans[i]->state != SPAN_WAITING;
    return span_weight(task->table) / spans * (spans - begun);
}

bool task_is_one_share(const struct pass *pass, const struct task *task)
{
    uint64_t left = weight_left(task), all = 0;

    for (size_t i = 0; i < pass->task_count; i++)
        all += weight_left(&pass->tasks[i]);
    return left <= SHARE_MOST && left <= all / (pass->running ? pass->running : 1);
}

struct span *task_add_span(struct task *task, const struct key_point *until)
{
    struct err err = {0};
    struct span *span = calloc(1, sizeof(*span));

    if (task->span_count == task->span_room) {
        size_t room = task->span_room ? 2 * task->span_room : 4;
        struct span **spans = realloc(task->spans, room * sizeof(struct span *));
        if (!spans) {
            free(span);
            return NULL;
        }
        task->spans = spans;
        task->span_room = room;
    }
    if (!span)
        return NULL;
    const struct span *before = task->span_count ? task->spans[task->span_count - 1] : NULL;
    if ((before && key_point_copy(&span->from, &before->until, &err)) ||
        key_point_copy(&span->until, until, &err)) {
        span_free(span);
        return NULL;
    }
    span->told.number = (unsigned)task->span_count;
    memcpy(span->told.table, task->result.table, sizeof(span->told.table));
    memcpy(span->told.shape, task->shape, sizeof(span->told.shape));
    /* cuts are made only where both fit */
    (void)verify_key_text(&span->from, span->told.from, sizeof(span->told.from));
    (void)verify_key_text(&span->until, span->told.until, sizeof(span->told.until));
    task->spans[task->span_count++] = span;
    task->is_cut = !span->until.is_set;
    return span;
}

bool task_is_complete(const struct task *task)
{
    if (!task->is_cut || task->running)
        return false;
    for (size_t i = 0; i < task->span_count; i++)
        if (task->spans[i]->state != SPAN_DONE)
            return false;
    return true;
}

void task_sum_up(struct task *task)
{
    struct verify_span *result = &task->result;
    struct row_hash all = {0};

    result->rows = result->chunks = result->bytes = 0;
    result->differences = 0;
    result->mode = VERIFY_STREAM; /* of an empty task; otherwise the weakest counts */
    for (size_t i = 0; i < task->span_count; i++) {
        const struct span *span = task->spans[i];
        const struct row_hash parts[2] = {all, span->hash};
        XXH128_hash_t hash = XXH3_128bits(parts, sizeof(parts));
        all = (struct row_hash){.low = hash.low64, .high = hash.high64};
        result->rows += span->rows;
        result->chunks += span->chunks;
        result->bytes += span->bytes;
        result->differences += span->differences;
        result->mode = span->mode > result->mode ? span->mode : result->mode;
    }
    row_hash_text(all, result->hash);
}

void span_begin_again(struct span *span)
{
    span->done.is_set = false;
    span->rows = span->chunks = span->bytes = 0;
    span->hash = (struct row_hash){0};
    span->differences = 0;
    span->state = SPAN_WAITING;
}

/* --- resuming --- */

static bool hash_of_text(const char *text, struct row_hash *out)
{
    unsigned long long high, low;
    char first[17] = "";

    if (strlen(text) != 32 || strspn(text, "0123456789abcdef") != 32)
        return false;
    memcpy(first, text, 16);
    high = strtoull(first, NULL, 16);
    low = strtoull(text + 16, NULL, 16);
    *out = (struct row_hash){.low = low, .high = high};
    return true;
}

/*
 * Bounds stay, so that the spans still join. What was found different is compared again: the
 * differences themselves are not kept.
 */
static int adopt(struct pass *pass, struct task *task, const struct verify_span *kept,
                 struct err *err)
{
    CLEANUP(key_point_release) struct key_point until = {0};
    int rc = verify_key_parse(kept->until, &until, err);
    if (rc)
        return rc;
    struct span *span = task_add_span(task, &until);
    if (!span)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory for a span of %s", kept->table);
    bool is_begun = kept->is_done || kept->done_until[0];
    if (!is_begun || kept->differences || !hash_of_text(kept->hash, &span->hash))
        return 0;
    rc = verify_key_parse(kept->done_until, &span->done, err);
    if (rc)
        return rc;
    span->rows = kept->rows;
    span->chunks = kept->chunks;
    span->bytes = kept->bytes;
    span->told = *kept;
    span->mode = kept->mode;
    if (kept->is_done)
        span->state = SPAN_DONE;
    pass->rows_done += span->rows;
    pass->bytes_done += span->bytes;
    pass->report.chunks += span->chunks;
    if (kept->mode > pass->weakest) { /* which words it was in is not kept */
        pass->weakest = kept->mode;
        pass->report.algorithm[0] = '\0';
    }
    return 0;
}

/*
 * It begins where the task's last span ends. One that an earlier interruption left behind may not:
 * the table was cut anew then, at other keys, and the rows between would be in no span.
 */
static bool is_next_span(const struct task *task, const struct verify_span *kept)
{
    const struct span *last = task->span_count ? task->spans[task->span_count - 1] : NULL;
    return !task->is_cut && task->span_count == kept->number &&
           !strcmp(kept->from, last ? last->told.until : "");
}

int pass_resume(struct pass *pass, struct err *err)
{
    const struct verify_options *options = pass->options;

    for (size_t i = 0; i < options->resume_count; i++) {
        const struct verify_span *kept = &options->resume[i];
        struct task *task = find_task(pass, kept->table);
        if (!task || strcmp(task->shape, kept->shape) != 0 || !is_next_span(task, kept))
            continue;
        int rc = adopt(pass, task, kept, err);
        if (rc)
            return rc;
    }
    for (size_t i = 0; i < pass->task_count; i++)
        if (task_is_complete(&pass->tasks[i])) {
            task_sum_up(&pass->tasks[i]);
            pass->tasks[i].state = TASK_DONE;
        }
    pass->rows_resumed = pass->rows_done;
    return 0;
}
