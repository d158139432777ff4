/* SPDX-License-Identifier: MIT */
/* Comparing what two servers say of one object, past what is only written in another way. */
#include "verify/objects_same.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/attr.h"
#include "base/buf.h"
#include "domain/table_shape.h"

#define TEXT_CAP (16U << 20)
#define SHOWN_BEFORE 40 /* bytes in front of the first that differs */

static enum sameness yes(bool is_same)
{
    return is_same ? OBJECT_SAME : OBJECT_DIFFERENT;
}

/* --- what is shown --- */

static bool is_inside_character(char byte)
{
    return ((unsigned char)byte & 0xC0) == 0x80;
}

/* Cut between characters. */
static void copy_shown(const char *text, size_t from, char out[SHOWN_SIZE])
{
    while (from && is_inside_character(text[from]))
        from--;
    (void)snprintf(out, SHOWN_SIZE, "%s%s", from ? "..." : "", text + from);
    size_t len = strlen(out), end = len;
    while (len == SHOWN_SIZE - 1 && end && is_inside_character(out[end - 1]))
        end--;
    if (len == SHOWN_SIZE - 1 && end)
        out[end - 1] = '\0';
    for (char *at = out; *at; at++)
        if (*at == '\n' || *at == '\r' || *at == '\t')
            *at = ' ';
}

void shown_fill(const char *a, const char *b, struct shown *out)
{
    size_t at = 0;
    while (a[at] && a[at] == b[at])
        at++;
    /* When one is short all of it is shown, otherwise what surrounds the difference. */
    size_t longest = strlen(a) > strlen(b) ? strlen(a) : strlen(b);
    size_t from = longest < SHOWN_SIZE - 1 || at < SHOWN_BEFORE ? 0 : at - SHOWN_BEFORE;
    copy_shown(a, from, out->source);
    copy_shown(b, from, out->replica);
}

/* --- words --- */

enum sameness same_bytes(const struct same_context *context UNUSED, const char *a, const char *b,
                         struct shown *shown UNUSED)
{
    return yes(!strcmp(a, b));
}

enum sameness same_charset(const struct same_context *context UNUSED, const char *a, const char *b,
                           struct shown *shown UNUSED)
{
    return yes(is_same_charset(a, b));
}

enum sameness same_secret(const struct same_context *context UNUSED, const char *a, const char *b,
                          struct shown *shown UNUSED)
{
    static const char salted[] = "salted ";
    if (!strcmp(a, b))
        return OBJECT_SAME;
    bool is_salted = !strncmp(a, salted, strlen(salted)) && !strncmp(b, salted, strlen(salted));
    return is_salted ? OBJECT_UNSURE : OBJECT_DIFFERENT;
}

static const char *rule_of(const char *text)
{
    return !strcasecmp(text, "RESTRICT") ? "NO ACTION" : text;
}

enum sameness same_rule(const struct same_context *context UNUSED, const char *a, const char *b,
                        struct shown *shown UNUSED)
{
    return yes(!strcasecmp(rule_of(a), rule_of(b)));
}

/* --- SQL text --- */

enum form { FORM_PRINTED = 0, FORM_NAMES = 1, FORM_BRACKETS = 2 };

/* A quoted piece as it is; returns what follows it. */
static const char *put_quoted(const char *at, struct buf *out)
{
    char quote = *at;
    buf_putc(out, *at++);
    while (*at && *at != quote) {
        if (*at == '\\' && at[1] && quote != '`')
            buf_putc(out, *at++);
        buf_putc(out, *at++);
    }
    if (*at)
        buf_putc(out, *at++);
    return at;
}

static bool is_word(char byte)
{
    return isalnum((unsigned char)byte) || byte == '_' || byte == '$' || (unsigned char)byte >= 128;
}

/* In small letters, with the new name of utf8. */
static const char *put_word(const char *at, struct buf *out)
{
    const char *end = at;
    while (is_word(*end))
        end++;
    const char *utf8 = *at == '_' ? "_utf8" : "utf8";
    size_t len = (size_t)(end - at), head = strlen(utf8);
    bool is_utf8 = len >= head && !strncasecmp(at, utf8, head) && (len == head || at[head] == '_');
    for (size_t i = 0; i < len; i++) {
        if (i == head && is_utf8)
            buf_puts(out, "mb3");
        buf_putc(out, (char)tolower((unsigned char)at[i]));
    }
    if (len == head && is_utf8)
        buf_puts(out, "mb3");
    return end;
}

/*
 * Without blanks, words in small letters. FORM_NAMES: names without their quotes; FORM_BRACKETS:
 * no brackets.
 */
static void put_form(const char *text, unsigned form, struct buf *out)
{
    bool was_word = false;
    for (const char *at = text; *at;) {
        bool is_bare = is_word(*at);
        if (is_bare && was_word)
            buf_putc(out, ' ');
        if (is_bare) {
            at = put_word(at, out);
            was_word = true;
            continue;
        }
        if (isspace((unsigned char)*at) || (*at == '`' && (form & FORM_NAMES)) ||
            ((*at == '(' || *at == ')') && (form & FORM_BRACKETS))) {
            at++;
            continue;
        }
        was_word = false;
        if (*at == '\'' || *at == '"' || *at == '`')
            at = put_quoted(at, out);
        else
            buf_putc(out, *at++);
    }
}

/* Too long to be compared like this: false. */
static bool is_same_form(const char *a, const char *b, unsigned form)
{
    CLEANUP(buf_release) struct buf left;
    CLEANUP(buf_release) struct buf right;
    struct err err = {0};
    buf_init(&left, TEXT_CAP);
    buf_init(&right, TEXT_CAP);
    put_form(a, form, &left);
    put_form(b, form, &right);
    if (buf_check(&left, &err) || buf_check(&right, &err))
        return false;
    return !strcmp(buf_text(&left), buf_text(&right));
}

/* Brackets matter, but a newer version may print more or fewer of them. */
static enum sameness same_form(const struct same_context *context, const char *a, const char *b,
                               unsigned form)
{
    if (!strcmp(a, b) || is_same_form(a, b, form))
        return OBJECT_SAME;
    if (!context->is_one_series && is_same_form(a, b, form | FORM_BRACKETS))
        return OBJECT_UNSURE;
    return OBJECT_DIFFERENT;
}

enum sameness same_expression(const struct same_context *context, const char *a, const char *b,
                              struct shown *shown UNUSED)
{
    return same_form(context, a, b, FORM_NAMES);
}

enum sameness same_definition(const struct same_context *context, const char *a, const char *b,
                              struct shown *shown UNUSED)
{
    return same_form(context, a, b, FORM_PRINTED);
}

static size_t body_len(const char *body)
{
    size_t len = strlen(body);
    while (len && (body[len - 1] == ';' || isspace((unsigned char)body[len - 1])))
        len--;
    return len;
}

enum sameness same_body(const struct same_context *context UNUSED, const char *a, const char *b,
                        struct shown *shown UNUSED)
{
    size_t len = body_len(a);
    return yes(len == body_len(b) && !memcmp(a, b, len));
}

enum sameness same_type(const struct same_context *context UNUSED, const char *a, const char *b,
                        struct shown *shown UNUSED)
{
    return yes(is_same_type(a, b) || is_same_form(a, b, FORM_PRINTED));
}

/* --- lists of words --- */

/* The next word of a list; NULL at its end. */
static const char *next_word(const char **list, size_t *out_len)
{
    *list += strspn(*list, ", ");
    if (!**list)
        return NULL;
    const char *word = *list;
    *out_len = strcspn(word, ",");
    *list += *out_len;
    return word;
}

static bool has_word(const char *list, const char *word, size_t len)
{
    size_t other_len;
    for (const char *other; (other = next_word(&list, &other_len));)
        if (other_len == len && !strncasecmp(other, word, len))
            return true;
    return false;
}

/* 8.0 does not know it any more, and 5.7 only uses it in GRANT. */
static bool is_gone_mode(const char *word, size_t len)
{
    static const char gone[] = "NO_AUTO_CREATE_USER";
    return len == strlen(gone) && !strncasecmp(word, gone, len);
}

static bool has_modes_of(const struct same_context *context, const char *list, const char *other)
{
    size_t len;
    for (const char *word; (word = next_word(&list, &len));)
        if (!has_word(other, word, len) && (context->is_one_series || !is_gone_mode(word, len)))
            return false;
    return true;
}

enum sameness same_modes(const struct same_context *context, const char *a, const char *b,
                         struct shown *shown UNUSED)
{
    return yes(has_modes_of(context, a, b) && has_modes_of(context, b, a));
}

/* The privileges of `list` that `other` lacks although its server knows them. */
static bool list_missing(const struct same_context *context, const char *list, const char *other,
                         bool is_other_source, char out[SHOWN_SIZE])
{
    static const char option[] = " (grantable)";
    size_t len, used = 0;
    out[0] = '\0';
    for (const char *word; (word = next_word(&list, &len));) {
        size_t bare = len;
        if (len > strlen(option) && !strncmp(word + len - strlen(option), option, strlen(option)))
            bare -= strlen(option);
        if (has_word(other, word, len) ||
            (context->is_known &&
             !context->is_known(context->context, is_other_source, word, bare)))
            continue;
        int put = used < SHOWN_SIZE ? snprintf(out + used, SHOWN_SIZE - used, "%s%.*s",
                                               used ? ", " : "", (int)len, word)
                                    : 0;
        used += (size_t)put;
    }
    return used > 0;
}

enum sameness same_privileges(const struct same_context *context, const char *a, const char *b,
                              struct shown *shown)
{
    bool lacks_replica = list_missing(context, a, b, false, shown->source);
    bool lacks_source = list_missing(context, b, a, true, shown->replica);
    if (!lacks_replica)
        (void)snprintf(shown->source, SHOWN_SIZE, "%s", "-");
    if (!lacks_source)
        (void)snprintf(shown->replica, SHOWN_SIZE, "%s", "-");
    return yes(!lacks_replica && !lacks_source);
}

enum sameness same_access(const struct same_context *context, const char *a, const char *b,
                          struct shown *shown UNUSED)
{
    if (!strcmp(a, b))
        return OBJECT_SAME;
    return context->is_one_series ? OBJECT_DIFFERENT : OBJECT_UNSURE;
}

/* --- events and counters --- */

/*
 * ENABLED on the source is told the replica as SLAVESIDE_DISABLED. DISABLED there would stay so
 * after the flip: nobody would fire it.
 */
enum sameness same_event_status(const struct same_context *context UNUSED, const char *a,
                                const char *b, struct shown *shown UNUSED)
{
    if (!strcmp(a, "ENABLED"))
        return yes(!strcmp(b, "SLAVESIDE_DISABLED"));
    if (!strcmp(b, "ENABLED"))
        return OBJECT_DIFFERENT;
    return yes(!strcmp(a, "DISABLED"));
}

/* "1000 (step 2)"; a sequence may count downwards, from below zero. */
static bool read_counter(const char *text, bool *out_is_negative, uint64_t *out_value,
                         int64_t *out_step)
{
    char *end;
    *out_is_negative = *text == '-';
    *out_value = strtoull(text + *out_is_negative, &end, 10);
    if (end == text || strncmp(end, " (step ", 7) != 0)
        return false;
    *out_step = strtoll(end + 7, &end, 10);
    return *end == ')';
}

/* How far `ahead` is in front of `behind`; 0 when it is not. */
static uint64_t distance(bool ahead_negative, uint64_t ahead, bool behind_negative, uint64_t behind)
{
    if (ahead_negative && behind_negative)
        return behind > ahead ? behind - ahead : 0;
    if (ahead_negative)
        return 0;
    if (behind_negative)
        return ahead > UINT64_MAX - behind ? UINT64_MAX : ahead + behind;
    return ahead > behind ? ahead - behind : 0;
}

enum sameness same_counter(const struct same_context *context UNUSED, const char *a, const char *b,
                           struct shown *shown UNUSED)
{
    bool a_negative, b_negative;
    uint64_t a_value, b_value;
    int64_t a_step, b_step;
    if (!read_counter(a, &a_negative, &a_value, &a_step) ||
        !read_counter(b, &b_negative, &b_value, &b_step))
        return yes(!strcmp(a, b));
    uint64_t behind = a_step < 0 ? distance(b_negative, b_value, a_negative, a_value)
                                 : distance(a_negative, a_value, b_negative, b_value);
    /* Each side hands out ids of its own remainder: the next one of each differs by less than a
     * step. */
    uint64_t a_room = (uint64_t)llabs(a_step), b_room = (uint64_t)llabs(b_step);
    return yes(behind == 0 || behind < (a_room > b_room ? a_room : b_room));
}

/* --- patterns of GRANT --- */

bool is_like(const char *pattern, const char *name)
{
    for (; *pattern; pattern++, name++) {
        if (*pattern == '%') {
            while (*pattern == '%')
                pattern++;
            for (; *name; name++)
                if (is_like(pattern, name))
                    return true;
            return !*pattern;
        }
        if (!*name)
            return false;
        if (*pattern == '_')
            continue;
        if (*pattern == '\\' && pattern[1])
            pattern++;
        if (*pattern != *name)
            return false;
    }
    return !*name;
}
