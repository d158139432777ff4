/* SPDX-License-Identifier: MIT */
/*
 * JSON of MySQL by way of text. A number in such a document is whole, DOUBLE or DECIMAL, and a
 * DECIMAL keeps the digits it was given: 1.50 is not 1.5. Text that is read back makes each of them
 * a DOUBLE, so those that would not look the same are put into the document again as they were.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cluster/seed_job.h"
#include "sql/quote.h"

#define DEPTH_CAP 101        /* the server's own limit is 100 */
#define NUMBER_CAP 128       /* a DECIMAL has 65 digits at most */
#define DOUBLE_DIGITS_CAP 17 /* that many name every DOUBLE */
#define DECIMAL_SCALE_CAP 30
#define REPLACED_CAP_BYTES (1U << 30)

/* Where in the document we are: one level for each bracket that is open. */
struct json_level {
    bool is_array;
    size_t index;
    const char *key; /* as it is written, with its quotes */
    size_t key_len;
};
struct json_walk {
    struct json_level levels[DEPTH_CAP];
    size_t depth;
    struct buf replaced; /* ", path, number" for each of them */
};

static void json_walk_free(struct json_walk **walk)
{
    if (*walk)
        buf_release(&(*walk)->replaced);
    free(*walk);
}

static void put_text(const char *text, size_t len, struct buf *out)
{
    buf_puts(out, "_utf8mb4 ");
    sql_quote_bytes(text, len, out);
}

static void put_path(const struct json_walk *walk, struct buf *out)
{
    CLEANUP(buf_release) struct buf path;
    buf_init(&path, REPLACED_CAP_BYTES);
    buf_putc(&path, '$');
    for (size_t i = 0; i < walk->depth; i++) {
        const struct json_level *level = &walk->levels[i];
        if (level->is_array) {
            buf_printf(&path, "[%zu]", level->index);
            continue;
        }
        buf_putc(&path, '.');
        buf_add(&path, level->key, level->key_len);
    }
    if (path.is_failed)
        out->is_failed = true;
    else
        put_text(buf_text(&path), path.len, out);
}

/* The digits of a number that count: without sign, point, exponent, and zeros at both ends. */
static void digits_of(const char *number, char out[NUMBER_CAP])
{
    size_t len = 0;
    for (; *number && *number != 'e'; number++)
        if (*number >= '0' && *number <= '9' && (len || *number != '0'))
            out[len++] = *number;
    while (len && out[len - 1] == '0')
        len--;
    out[len] = '\0';
}

static bool is_shown_alike_as_double(const char *number)
{
    char shortest[NUMBER_CAP], ours[NUMBER_CAP], theirs[NUMBER_CAP];
    const char *fraction = strchr(number, '.') + 1;
    double value = strtod(number, NULL), size = value < 0 ? -value : value;
    int precision = 1;

    if (strlen(fraction) > DECIMAL_SCALE_CAP)
        return true;
    if (fraction[strlen(fraction) - 1] == '0' && strcmp(fraction, "0") != 0)
        return false;
    if (size != 0 && (size < 1e-15 || size >= 1e15)) /* a DOUBLE would be shown with an exponent */
        return false;
    do
        (void)snprintf(shortest, sizeof(shortest), "%.*g", precision, value);
    while (strtod(shortest, NULL) != value && ++precision <= DOUBLE_DIGITS_CAP);
    digits_of(number, ours);
    digits_of(shortest, theirs);
    return !strcmp(ours, theirs);
}

static bool fits_an_integer(const char *number)
{
    errno = 0;
    if (*number == '-')
        (void)strtoll(number, NULL, 10);
    else
        (void)strtoull(number, NULL, 10);
    return errno == 0;
}

static bool is_changed_by_reading(const char *number)
{
    if (strpbrk(number, "eE")) /* only a DOUBLE is shown like this */
        return false;
    return strchr(number, '.') ? !is_shown_alike_as_double(number) : !fits_an_integer(number);
}

/* Each takes what begins at `at` and returns how long it is. */

static size_t take_number(struct json_walk *walk, const char *at, const char *end)
{
    char number[NUMBER_CAP];
    size_t len = 0;
    while (at + len < end && at[len] && strchr("+-.0123456789eE", at[len]))
        len++;
    if (len == 0 || len >= sizeof(number))
        return len ? len : 1;
    memcpy(number, at, len);
    number[len] = '\0';
    if (!is_changed_by_reading(number))
        return len;
    buf_puts(&walk->replaced, ", ");
    put_path(walk, &walk->replaced);
    buf_printf(&walk->replaced, ", %s", number);
    return len;
}

static size_t take_string(struct json_walk *walk, const char *at, const char *end)
{
    size_t len = 1;
    while (at + len < end && at[len] != '"')
        len += at[len] == '\\' ? 2 : 1;
    len++;
    if (at + len < end && at[len] == ':' && walk->depth) {
        walk->levels[walk->depth - 1].key = at;
        walk->levels[walk->depth - 1].key_len = len;
    }
    return len;
}

static bool take_sign(struct json_walk *walk, char sign)
{
    if (sign == '{' || sign == '[') {
        if (walk->depth == DEPTH_CAP)
            return false;
        walk->levels[walk->depth++] = (struct json_level){.is_array = sign == '['};
    } else if (sign == '}' || sign == ']') {
        walk->depth -= walk->depth > 0;
    } else if (sign == ',' && walk->depth) {
        walk->levels[walk->depth - 1].index++;
    }
    return true;
}

void seed_json_value(const char *text, size_t len, struct buf *out)
{
    CLEANUP(json_walk_free) struct json_walk *walk = calloc(1, sizeof(*walk));
    const char *at = text, *end = text + len;

    if (!walk) {
        out->is_failed = true;
        return;
    }
    buf_init(&walk->replaced, REPLACED_CAP_BYTES);
    while (at < end) {
        if (*at == '"')
            at += take_string(walk, at, end);
        else if (*at == '-' || (*at >= '0' && *at <= '9'))
            at += take_number(walk, at, end);
        else if (take_sign(walk, *at))
            at++;
        else
            break;
    }
    bool is_replaced = walk->replaced.len > 0;
    buf_puts(out, is_replaced ? "JSON_REPLACE(" : "");
    put_text(text, len, out);
    buf_puts(out, buf_text(&walk->replaced));
    buf_puts(out, is_replaced ? ")" : "");
    out->is_failed = out->is_failed || walk->replaced.is_failed;
}
