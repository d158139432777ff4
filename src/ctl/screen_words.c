/* SPDX-License-Identifier: MIT */
/* Numbers and moments in the words of the page; the lag as a row of bars. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "ctl/screen_panels.h"

#define CHART_COLUMN_CAP 512
#define NOTHING (-2) /* no sample of that time */
#define UNKNOWN (-1)
#define SILENT_US 2000000   /* no sample for longer is a gap; a column may be shorter than that */
#define SCALE_TOP_MS 600000 /* ten minutes are as tall as it gets */
#define BAR_STEPS 8
#define AXIS_COLUMNS 7

char *words_ms_of(double ms, char out[32])
{
    if (ms < 1000)
        (void)snprintf(out, 32, "%.0f ms", ms);
    else if (ms < 60000)
        (void)snprintf(out, 32, "%.1f s", ms / 1000);
    else
        (void)snprintf(out, 32, "%" PRId64 " min %" PRId64 " s", (int64_t)ms / 60000,
                       (int64_t)ms % 60000 / 1000);
    return out;
}

char *words_ms(const json_t *ms, char out[32])
{
    if (json_is_number(ms))
        return words_ms_of(json_number_value(ms), out);
    (void)snprintf(out, 32, "unknown");
    return out;
}

char *words_rate(const json_t *rate, char out[32])
{
    if (json_is_number(rate))
        (void)snprintf(out, 32, "%.*f /s", json_number_value(rate) < 10 ? 1 : 0,
                       json_number_value(rate));
    else
        (void)snprintf(out, 32, "unknown");
    return out;
}

char *words_clock(int64_t wall_us, char out[32])
{
    char whole[32];

    (void)snprintf(out, 32, "%.8s", clock_iso8601(wall_us, whole) + 11);
    return out;
}

const char *words_writes(const json_t *is_open)
{
    return json_is_true(is_open) ? "open" : json_is_false(is_open) ? "closed" : "unknown";
}

const char *words_side(const char *side)
{
    return strcmp(side, "old") == 0   ? "OLD"
           : strcmp(side, "new") == 0 ? "NEW"
           : *side                    ? side
                                      : "unknown";
}

const json_t *words_at(const json_t *object, const char *key, const char *key2)
{
    const json_t *inner = json_object_get(object, key);

    return key2 ? json_object_get(inner, key2) : inner;
}

/* --- the chart -------------------------------------------------------------------------------- */

static void fill_between(const struct lag_chart *chart, int64_t each_us,
                         double out[CHART_COLUMN_CAP])
{
    int64_t silent_us = 0;

    for (size_t i = 1; i < chart->columns; i++) {
        silent_us = out[i] == NOTHING ? silent_us + each_us : 0;
        if (out[i] == NOTHING && silent_us <= SILENT_US)
            out[i] = out[i - 1];
    }
}

/* The columns stand for fixed spans of the clock, so that bars do not flicker as time goes on. */
static void worst_of_columns(const struct lag_chart *chart, double out[CHART_COLUMN_CAP])
{
    const json_t *at = json_object_get(chart->trail, "at_us");
    const json_t *values = json_object_get(chart->trail, chart->link);
    int64_t each_us = chart->columns ? chart->span_us / (int64_t)chart->columns : 0;

    for (size_t i = 0; i < chart->columns; i++)
        out[i] = NOTHING;
    if (each_us <= 0)
        return;
    for (size_t i = 0; i < json_array_size(at); i++) {
        int64_t back =
            chart->until_us / each_us - json_integer_value(json_array_get(at, i)) / each_us;
        if (back < 0 || back >= (int64_t)chart->columns)
            continue;
        double *column = &out[chart->columns - 1 - (size_t)back];
        const json_t *value = json_array_get(values, i);
        if (!json_is_number(value))
            *column = UNKNOWN;
        else if (*column != UNKNOWN && json_number_value(value) > *column)
            *column = json_number_value(value);
    }
    fill_between(chart, each_us, out);
}

/* Logarithmic: a millisecond is the lowest bar, ten minutes the highest, on both links alike. */
static size_t bar_height(double ms, size_t steps)
{
    uint64_t whole = ms < 1 ? 1 : ms > SCALE_TOP_MS ? SCALE_TOP_MS : (uint64_t)ms;
    size_t log16 = 0, top16 = 0;

    for (uint64_t rest = whole; rest > 1; rest /= 2)
        log16 += 16;
    log16 += (size_t)((whole << 4 >> (log16 / 16)) - 16);
    for (uint64_t rest = SCALE_TOP_MS; rest > 1; rest /= 2)
        top16 += 16;
    top16 += (size_t)(((uint64_t)SCALE_TOP_MS << 4 >> (top16 / 16)) - 16);
    return 1 + log16 * (steps - 1) / top16;
}

static uint32_t bar_glyph(double ms, size_t rows, size_t row)
{
    if (ms < 0)
        return ' ';
    size_t height = bar_height(ms, rows * BAR_STEPS), below = (rows - 1 - row) * BAR_STEPS;
    if (height <= below)
        return ' ';
    size_t part = height - below < BAR_STEPS ? height - below : BAR_STEPS;
    return LOWEST_BAR + (uint32_t)part - 1;
}

static enum cell_style bar_style(double ms)
{
    return ms < 1000 ? STYLE_GOOD : ms < 10000 ? STYLE_WARN : STYLE_BAD;
}

static struct lag_chart bounded(const struct lag_chart *chart)
{
    struct lag_chart bound = *chart;

    if (bound.columns > CHART_COLUMN_CAP)
        bound.columns = CHART_COLUMN_CAP;
    return bound;
}

void lag_chart_draw(const struct lag_chart *wanted, struct sheet *sheet)
{
    double worst[CHART_COLUMN_CAP];
    struct lag_chart chart = bounded(wanted);

    worst_of_columns(&chart, worst);
    for (size_t row = 0; row < chart.rows; row++) {
        if (chart.rows > 1) {
            sheet_row(sheet);
            sheet_put(sheet, STYLE_FAINT, "%*s", AXIS_COLUMNS - 1,
                      row == 0                ? "10 min"
                      : row == chart.rows / 2 ? "1 s"
                      : row + 1 == chart.rows ? "1 ms"
                                              : "");
            sheet_at(sheet, AXIS_COLUMNS);
        }
        for (size_t i = 0; i < chart.columns; i++)
            sheet_glyph(sheet, bar_style(worst[i]), bar_glyph(worst[i], chart.rows, row));
    }
}

double lag_chart_worst(const struct lag_chart *chart, bool *out_has_gap)
{
    const json_t *at = json_object_get(chart->trail, "at_us");
    const json_t *values = json_object_get(chart->trail, chart->link);
    double most = -1;

    *out_has_gap = false;
    for (size_t i = 0; i < json_array_size(at); i++) {
        const json_t *value = json_array_get(values, i);
        if (json_integer_value(json_array_get(at, i)) < chart->until_us - chart->span_us)
            continue;
        *out_has_gap = *out_has_gap || !json_is_number(value);
        if (json_is_number(value) && json_number_value(value) > most)
            most = json_number_value(value);
    }
    return most;
}
