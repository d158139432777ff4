/* SPDX-License-Identifier: MIT */
/* Go/no-go requirements: how they are read, and when they are met. */
#include "domain/gate.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "domain/lag.h"

enum value_kind { VALUE_DURATION, VALUE_PERCENT, VALUE_COUNT, VALUE_LINKS };

static const struct metric_row {
    enum gate_metric metric;
    const char *name;
    enum value_kind kind;
} metrics[] = {
    {GATE_LAG, "lag", VALUE_DURATION},
    {GATE_VERIFIED, "verified", VALUE_PERCENT},
    {GATE_VERIFIED_AGE, "verified_age", VALUE_DURATION},
    {GATE_BLOCKERS, "blockers", VALUE_COUNT},
    {GATE_CONFLICTS, "conflicts", VALUE_COUNT},
    {GATE_LINKS, "links", VALUE_LINKS},
    {GATE_STRAGGLERS, "stragglers", VALUE_COUNT},
    {GATE_AGENTS, "agents", VALUE_COUNT},
};
_Static_assert(ARRAY_LEN(metrics) == GATE_METRIC_COUNT, "every metric has one row");

#define METRIC_NAMES "lag, verified, verified_age, blockers, conflicts, links, stragglers, agents"

/* Two characters before one, so that "<=" is not read as "<". */
static const struct {
    const char *sign;
    enum gate_relation relation;
} relations[] = {
    {"<=", GATE_AT_MOST}, {">=", GATE_AT_LEAST}, {"<", GATE_LESS},
    {">", GATE_MORE},     {"=", GATE_EQUAL},
};

const char *gate_metric_names(void)
{
    return METRIC_NAMES;
}

static const struct metric_row *metric_row(enum gate_metric metric)
{
    for (size_t i = 0; i < ARRAY_LEN(metrics); i++)
        if (metrics[i].metric == metric)
            return &metrics[i];
    return &metrics[0];
}

/* The next word of letters, digits, '_', '.', '%'; empty when there is none. */
static const char *read_word(const char *cursor, char *out, size_t out_size)
{
    size_t len = 0;
    while (isspace((unsigned char)*cursor))
        cursor++;
    while (isalnum((unsigned char)*cursor) || (*cursor != '\0' && strchr("_.%", *cursor) != NULL)) {
        if (len + 1 < out_size)
            out[len++] = *cursor;
        cursor++;
    }
    out[len] = '\0';
    while (isspace((unsigned char)*cursor))
        cursor++;
    return cursor;
}

static const char *read_relation(const char *cursor, enum gate_relation *out)
{
    for (size_t i = 0; i < ARRAY_LEN(relations); i++) {
        size_t len = strlen(relations[i].sign);
        if (strncmp(cursor, relations[i].sign, len) == 0) {
            *out = relations[i].relation;
            return cursor + len;
        }
    }
    return NULL;
}

static int read_count(const char *word, int64_t *out, struct err *err)
{
    char *end = NULL;
    errno = 0;
    long long value = strtoll(word, &end, 10);
    if (!isdigit((unsigned char)word[0]) || *end != '\0' || errno != 0)
        return err_set(err, ERR_CONFIG, EFFECT_NONE, "\"%s\" is not a count; expected 0, 1, 2, ...",
                       word);
    *out = value;
    return 0;
}

/* Hundredths of a percent: "99.95%" is 9995. */
static int read_percent(const char *word, int64_t *out, struct err *err)
{
    unsigned whole = 0, hundredths = 0;
    int used = 0, digits_from = 0;
    bool is_whole = sscanf(word, "%3u%%%n", &whole, &used) == 1 && used > 0;
    if (!is_whole) {
        used = 0;
        if (sscanf(word, "%3u.%n%2u%%%n", &whole, &digits_from, &hundredths, &used) == 2 &&
            used - digits_from == 2)
            hundredths *= 10; /* one digit and the sign: ".5%" is fifty hundredths */
    }
    bool is_complete = isdigit((unsigned char)word[0]) && used > 0 && word[used] == '\0';
    int64_t value = (int64_t)whole * 100 + hundredths;
    if (!is_complete || value > 10000)
        return err_set(err, ERR_CONFIG, EFFECT_NONE,
                       "\"%s\" is not a percentage; expected for example 100%% or 99.95%%", word);
    *out = value;
    return 0;
}

static int read_links(const char *word, int64_t *out, struct err *err)
{
    bool is_up = strcmp(word, "up") == 0 || strcmp(word, "1") == 0;
    if (!is_up && strcmp(word, "down") != 0 && strcmp(word, "0") != 0)
        return err_set(err, ERR_CONFIG, EFFECT_NONE,
                       "\"%s\" is not a state of links; expected up or down", word);
    *out = is_up ? 1 : 0;
    return 0;
}

static int read_value(enum value_kind kind, const char *word, int64_t *out, struct err *err)
{
    switch (kind) {
    case VALUE_DURATION:
        return clock_parse_ms(word, out, err);
    case VALUE_PERCENT:
        return read_percent(word, out, err);
    case VALUE_COUNT:
        return read_count(word, out, err);
    case VALUE_LINKS:
        return read_links(word, out, err);
    }
    return err_set(err, ERR_BUG, EFFECT_NONE, "a metric of unknown kind");
}

static const struct metric_row *find_metric(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(metrics); i++)
        if (strcmp(metrics[i].name, name) == 0)
            return &metrics[i];
    return NULL;
}

/* "for 30s" or nothing. */
static int read_hold(const char *cursor, int64_t *out, struct err *err)
{
    char word[REQUIREMENT_SIZE];
    *out = 0;
    if (*cursor == '\0')
        return 0;
    cursor = read_word(cursor, word, sizeof(word));
    if (strcmp(word, "for") != 0)
        return err_set(err, ERR_CONFIG, EFFECT_NONE,
                       "expected the end or \"for\" and a duration, found \"%s%s\"", word, cursor);
    cursor = read_word(cursor, word, sizeof(word));
    if (*cursor != '\0')
        return err_set(err, ERR_CONFIG, EFFECT_NONE, "expected the end, found \"%s\"", cursor);
    return clock_parse_ms(word, out, err);
}

int requirement_parse(const char *text, struct requirement *out, struct err *err)
{
    struct requirement requirement = {0};
    char word[REQUIREMENT_SIZE];
    if (strlen(text) >= sizeof(requirement.text))
        return err_set(err, ERR_CONFIG, EFFECT_NONE,
                       "requirement \"%.40s...\" is longer than %zu characters", text,
                       (size_t)REQUIREMENT_SIZE - 1);
    const char *cursor = read_word(text, word, sizeof(word));
    const struct metric_row *row = find_metric(word);
    if (row == NULL)
        return err_set(err, ERR_CONFIG, EFFECT_NONE,
                       "requirement \"%s\" must begin with one of " METRIC_NAMES, text);
    requirement.metric = row->metric;

    cursor = read_relation(cursor, &requirement.relation);
    if (cursor == NULL)
        return err_set(err, ERR_CONFIG, EFFECT_NONE,
                       "requirement \"%s\": expected <, <=, =, >= or > after \"%s\"", text,
                       row->name);
    cursor = read_word(cursor, word, sizeof(word));
    int rc = read_value(row->kind, word, &requirement.value, err);
    if (rc == 0)
        rc = read_hold(cursor, &requirement.hold_ms, err);
    if (rc != 0)
        return err_wrap(err, "requirement \"%s\"", text);
    (void)snprintf(requirement.text, sizeof(requirement.text), "%s",
                   text); /* length checked above */
    *out = requirement;
    return 0;
}

void requirement_state_init(struct requirement_state *state)
{
    state->met_since_ms = -1;
}

static bool relation_holds(enum gate_relation relation, int64_t value, int64_t limit)
{
    switch (relation) {
    case GATE_LESS:
        return value < limit;
    case GATE_AT_MOST:
        return value <= limit;
    case GATE_EQUAL:
        return value == limit;
    case GATE_AT_LEAST:
        return value >= limit;
    case GATE_MORE:
        return value > limit;
    }
    return false;
}

static void value_text(enum value_kind kind, const struct gate_value *value, char out[64])
{
    char lag[32];
    if (!value->is_known) {
        (void)snprintf(out, 64, "unknown"); /* fits */
        return;
    }
    switch (kind) {
    case VALUE_DURATION:
        (void)snprintf(out, 64, "%s", lag_text(value->value, lag)); /* fits */
        return;
    case VALUE_PERCENT:
        (void)snprintf(out, 64, "%" PRId64 ".%02d%%", value->value / 100,
                       (int)(value->value % 100)); /* fits */
        return;
    case VALUE_COUNT:
        (void)snprintf(out, 64, "%" PRId64, value->value); /* fits */
        return;
    case VALUE_LINKS:
        (void)snprintf(out, 64, "%s", value->value == 1 ? "up" : "down"); /* fits */
        return;
    }
}

bool requirement_met(const struct requirement *requirement, const struct gate_values *values,
                     int64_t now_ms, struct requirement_state *state, char out_now[256])
{
    const struct metric_row *row = metric_row(requirement->metric);
    const struct gate_value *value = &values->metric[requirement->metric];
    char text[64];
    value_text(row->kind, value, text);

    if (!value->is_known ||
        !relation_holds(requirement->relation, value->value, requirement->value)) {
        requirement_state_init(state);
        (void)snprintf(out_now, 256, "%s %s, wanted: %s", row->name, text,
                       requirement->text); /* fits: the text is capped */
        return false;
    }
    if (state->met_since_ms < 0)
        state->met_since_ms = now_ms;
    int64_t held_ms = now_ms - state->met_since_ms;
    if (requirement->hold_ms == 0)
        (void)snprintf(out_now, 256, "%s %s", row->name, text); /* fits */
    else
        (void)snprintf(out_now, 256, "%s %s, held %.1f of %g s", row->name, text,
                       (double)held_ms / 1000, (double)requirement->hold_ms / 1000); /* fits */
    return held_ms >= requirement->hold_ms;
}

/* What is not asked at all (lag->is_known false) neither confirms the doubt nor ends it. */
void lag_doubt_judge(struct lag_doubt *doubt, int64_t now_ms, int64_t must_last_ms,
                     struct gate_value *lag)
{
    if (!lag->is_known)
        return;
    if (lag->value != LAG_INFINITE) {
        *doubt = (struct lag_doubt){.before = *lag};
        return;
    }
    if (!doubt->is_endless)
        doubt->since_ms = now_ms;
    doubt->is_endless = true;
    if (now_ms - doubt->since_ms < must_last_ms)
        *lag = doubt->before;
}
