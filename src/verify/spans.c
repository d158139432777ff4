/* SPDX-License-Identifier: MIT */
/* Cutting a table into spans. */
#include "verify/spans.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sql/quote.h"

/* Numbers of which only every fourth is used still make spans that are alike. */
#define STRIDES 25
#define STRIDE_ROWS_MAX 20000
#define SPARSE_FACTOR 4
#define STEP_ROWS_MAX 2000000
#define DIGITS_CAP 40
#define ROW_WEIGHT 300 /* narrow rows took as long as so many more bytes of wide ones */
#define TEXT_CAP_BYTES (1U << 20)

uint64_t span_weight(const struct table_shape *table)
{
    return table->bytes_estimate + ROW_WEIGHT * table->rows_estimate;
}

void span_plan_init(struct span_plan *plan, const struct table_shape *table, bool has_key,
                    uint64_t span_rows)
{
    uint64_t by_rows = table->rows_estimate / (span_rows ? span_rows : SPAN_ROWS);
    uint64_t by_bytes = span_rows ? 0 : table->bytes_estimate / SPAN_BYTES;
    uint64_t cuts = by_rows > by_bytes ? by_rows : by_bytes;

    *plan = (struct span_plan){.is_whole = !has_key || !cuts};
    plan->expected = plan->is_whole ? 1 : (unsigned)(cuts < SPAN_CAP ? cuts + 1 : SPAN_CAP);
    plan->rows = table->rows_estimate / plan->expected + 1;
    if (plan->rows > STEP_ROWS_MAX)
        plan->rows = STEP_ROWS_MAX;
}

/* A whole number of at most 64 bits and a sign. */
static bool read_number(const char *text, __int128 *out)
{
    bool is_negative = text[0] == '-';
    __int128 number = 0;
    size_t digits = 0;

    for (const char *at = text + is_negative; *at; at++) {
        if (*at < '0' || *at > '9' || ++digits > 20)
            return false;
        number = number * 10 + (*at - '0');
    }
    *out = is_negative ? -number : number;
    return digits > 0;
}

static void write_number(__int128 number, char *out, size_t out_size)
{
    char digits[DIGITS_CAP];
    size_t at = sizeof(digits);
    bool is_negative = number < 0;
    unsigned __int128 rest = is_negative ? -(unsigned __int128)number : (unsigned __int128)number;

    digits[--at] = '\0';
    do {
        digits[--at] = (char)('0' + (int)(rest % 10));
        rest /= 10;
    } while (rest);
    (void)snprintf(out, out_size, "%s%s", is_negative ? "-" : "", digits + at);
}

bool span_plan_divide(struct span_plan *plan, const char *first, const char *last,
                      uint64_t rows_estimate)
{
    __int128 from, to;

    if (!read_number(first, &from) || !read_number(last, &to) || to < from)
        return false;
    __int128 numbers = to - from + 1;
    if (numbers > (__int128)rows_estimate * SPARSE_FACTOR)
        return false;
    plan->step = numbers / plan->expected + 1;
    plan->next = from + plan->step;
    plan->last = to;
    plan->is_divided = true;
    return true;
}

bool span_plan_next(struct span_plan *plan, char *out, size_t out_size)
{
    if (plan->next >= plan->last)
        return false;
    write_number(plan->next, out, out_size);
    plan->next += plan->step;
    return true;
}

void span_plan_skip(struct span_plan *plan, const char *bound)
{
    __int128 number;

    if (read_number(bound, &number) && plan->next <= number)
        plan->next = number + plan->step;
}

/* The first row in either direction: where the numbers begin and end. */
static int read_edge(const struct walk *walk, struct verify_end *end, bool is_last,
                     struct key_point *out, struct err *err)
{
    struct chunk_sum sum;
    const struct walk_read read = {.limit = 1, .is_backwards = is_last};
    return walk_run(walk, end, &read, &sum, out, err);
}

static int ask_numbers(struct span_plan *plan, const struct walk *walk, struct verify_end *end,
                       const struct key_point *after, struct err *err)
{
    CLEANUP(key_point_release) struct key_point first = {0};
    CLEANUP(key_point_release) struct key_point last = {0};
    const struct column_shape *column = &walk->table->columns[walk->key->columns[0]];

    plan->is_asked = true;
    if (column->class != COLUMN_INTEGER)
        return 0;
    int rc = read_edge(walk, end, false, &first, err);
    if (!rc)
        rc = read_edge(walk, end, true, &last, err);
    if (rc || !first.is_set || !last.is_set)
        return rc;
    if (span_plan_divide(plan, buf_text(&first.parts[0]), buf_text(&last.parts[0]),
                         walk->table->rows_estimate) &&
        after->is_set)
        span_plan_skip(plan, buf_text(&after->parts[0]));
    return 0;
}

static int ask_bound(const struct walk *walk, struct verify_end *end, const struct key_point *after,
                     uint64_t offset, struct db_result *out, struct err *err)
{
    CLEANUP(buf_release) struct buf columns;
    CLEANUP(buf_release) struct buf index;
    CLEANUP(buf_release) struct buf range;
    const struct key_range rest = {.after = after};
    char number[32];

    buf_init(&columns, TEXT_CAP_BYTES);
    buf_init(&index, TEXT_CAP_BYTES);
    buf_init(&range, TEXT_CAP_BYTES);
    key_columns_sql(walk->table, walk->key, &columns);
    sql_quote_part(walk->key->name, &index);
    key_range_sql(walk->table, walk->key, &rest, &range);
    int rc = buf_check(&columns, err);
    if (!rc)
        rc = buf_check(&index, err);
    if (!rc)
        rc = buf_check(&range, err);
    if (rc)
        return rc;
    (void)snprintf(number, sizeof(number), "%" PRIu64, offset);
    const struct sql_arg args[] = {
        {"columns", buf_text(&columns)},   {"table", buf_text(&walk->name)},
        {"index", buf_text(&index)},       {"range", buf_text(&range)},
        {"order", buf_text(&walk->order)}, {"offset", number}};
    return end_query(end, SQL_VERIFY_BOUND, args, ARRAY_LEN(args), out, err);
}

/* The key `rows` rows further on. */
static int step_over(const struct walk *walk, struct verify_end *end, const struct key_point *after,
                     uint64_t rows, struct key_point *out, struct err *err)
{
    const char *values[INDEX_COLUMN_CAP];
    unsigned long lengths[INDEX_COLUMN_CAP];
    CLEANUP(db_result_release) struct db_result result = {0};

    int rc = ask_bound(walk, end, after, rows - 1, &result, err);
    if (rc)
        return rc;
    out->is_set = false;
    if (!result.row_count)
        return 0;
    if (result.column_count != walk->key->column_count)
        return err_set(err, ERR_PROTOCOL, EFFECT_NONE, "a key of %s has %zu columns",
                       walk->table->label, result.column_count);
    for (size_t i = 0; i < result.column_count; i++) {
        values[i] = db_result_text(&result, 0, (int)i);
        lengths[i] = db_result_len(&result, 0, (int)i);
    }
    return key_point_set(out, values, lengths, result.column_count, err);
}

/* The same in several statements, of which none is long: the server counts each row that is stepped
 * over. */
static int step_far(const struct walk *walk, struct verify_end *end, const struct key_point *after,
                    uint64_t rows, struct key_point *out, struct err *err)
{
    CLEANUP(key_point_release) struct key_point at = {0};
    uint64_t stride = rows / STRIDES;

    stride = stride > STRIDE_ROWS_MAX ? STRIDE_ROWS_MAX : stride < 1 ? 1 : stride;
    int rc = key_point_copy(&at, after, err);
    while (!rc && rows) {
        uint64_t now = rows < stride ? rows : stride;
        rc = step_over(walk, end, &at, now, out, err);
        if (rc || !out->is_set) /* so many are not left */
            return rc;
        rows -= now;
        rc = key_point_copy(&at, out, err);
    }
    return rc;
}

int span_next_bound(struct span_plan *plan, const struct walk *walk, struct verify_end *end,
                    const struct key_point *after, struct key_point *out, struct err *err)
{
    char number[DIGITS_CAP + 1];
    const char *const values[] = {number};

    out->is_set = false;
    if (plan->is_whole)
        return 0;
    int rc = plan->is_asked ? 0 : ask_numbers(plan, walk, end, after, err);
    if (rc)
        return rc;
    if (!plan->is_divided && plan->is_last)
        return 0;
    if (!plan->is_divided)
        return step_far(walk, end, after, plan->rows, out, err);
    if (!span_plan_next(plan, number, sizeof(number)))
        return 0;
    const unsigned long lengths[] = {strlen(number)};
    return key_point_set(out, values, lengths, 1, err);
}

static void add_text(XXH3_state_t *state, const char *text)
{
    /* with its end, so that no two lists of texts are alike */
    (void)XXH3_128bits_update(state, text ? text : "", text ? strlen(text) + 1 : 1);
}

void span_shape_text(const struct table_shape *table, const struct index_shape *key, char out[33])
{
    XXH3_state_t state;

    XXH3_INITSTATE(&state);
    (void)XXH3_128bits_reset(&state); /* fails for NULL only */
    add_text(&state, table->label);
    add_text(&state, table->kind);
    for (size_t i = 0; i < table->column_count; i++) {
        const struct column_shape *column = &table->columns[i];
        add_text(&state, column->name);
        add_text(&state, column->type);
        add_text(&state, column->charset);
        add_text(&state, column->collation);
        add_text(&state, column->expression);
        add_text(&state, column->is_nullable ? "null" : "");
    }
    add_text(&state, key ? key->name : "");
    for (size_t i = 0; key && i < key->column_count; i++)
        add_text(&state, table->columns[key->columns[i]].name);
    XXH128_hash_t hash = XXH3_128bits_digest(&state);
    row_hash_text((struct row_hash){.low = hash.low64, .high = hash.high64}, out);
}
