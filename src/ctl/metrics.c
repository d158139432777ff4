/* SPDX-License-Identifier: MIT */
/*
 * The pages that everybody else sees, in another form: a number on a graph is the number on the
 * screen. Source: Prometheus, Exposition formats; Metric and label naming.
 */
#include "ctl/metrics.h"

#include <string.h>

#include "base/clock.h"
#include "domain/situation.h"

static void head(struct buf *out, const char *name, const char *type, const char *help)
{
    buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* A label's value: backslash, quote and line break are escaped. */
static void put_label(struct buf *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '\\' || *text == '"')
            buf_putc(out, '\\');
        if (*text == '\n')
            buf_puts(out, "\\n");
        else
            buf_putc(out, *text);
    }
}

/* One sample with up to two labels; nothing when the value is not known. */
static void sample(struct buf *out, const char *name, const char *const labels[4],
                   const json_t *value, double scale)
{
    if (!json_is_number(value) && !json_is_boolean(value))
        return;
    buf_puts(out, name);
    for (size_t i = 0; i < 4 && labels[i]; i += 2) {
        buf_printf(out, "%s%s=\"", i ? "," : "{", labels[i]);
        put_label(out, labels[i + 1]);
        buf_putc(out, '"');
    }
    buf_puts(out, labels[0] ? "} " : " ");
    if (json_is_boolean(value))
        buf_printf(out, "%d\n", json_is_true(value) ? 1 : 0);
    else
        buf_printf(out, "%.9g\n", json_number_value(value) * scale);
}

static json_t *page_of(struct server *server, enum view_topic topic)
{
    CLEANUP(view_dropp) struct view_page *page = view_take(server_view(server), topic, 0);

    return page ? json_loadb(page->text, page->len, 0, NULL) : NULL;
}

static void add_links(struct buf *out, const json_t *lag)
{
    static const struct {
        const char *name, *field, *help;
        double scale;
    } rows[] = {
        {"cutover_link_lag_seconds", "lag_ms",
         "How far the end of a link is behind, at most. No sample: unknown.", 0.001},
        {"cutover_link_receive_lag_seconds", "receive_ms",
         "How far what a link has received is behind. No sample: unknown.", 0.001},
        {"cutover_link_running", "is_running", "Whether a link receives and applies.", 1},
    };
    static const char *const links[] = {"forward", "reverse"};

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        head(out, rows[i].name, "gauge", rows[i].help);
        for (size_t k = 0; k < ARRAY_LEN(links); k++) {
            const char *const labels[4] = {"link", links[k]};
            sample(out, rows[i].name, labels,
                   json_object_get(json_object_get(json_object_get(lag, "links"), links[k]),
                                   rows[i].field),
                   rows[i].scale);
        }
    }
}

static void add_nodes(struct buf *out, const json_t *lag)
{
    static const struct {
        const char *name, *field, *help;
    } rows[] = {
        {"cutover_node_reached", "is_reached", "Whether a node answered lately."},
        {"cutover_node_open", "is_open", "Whether a node accepts writes. No sample: unknown."},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        size_t index;
        json_t *node;
        head(out, rows[i].name, "gauge", rows[i].help);
        json_array_foreach(json_object_get(lag, "nodes"), index, node)
        {
            const char *const labels[4] = {"node", json_text_or(node, "node", ""), "side",
                                           json_text_or(node, "side", "")};
            sample(out, rows[i].name, labels, json_object_get(node, rows[i].field), 1);
        }
    }
}

static void add_writes(struct buf *out, const json_t *lag)
{
    const json_t *writes = json_object_get(lag, "writes_per_s");
    const char *const old[4] = {"side", "old"}, *const new[4] = {"side", "new"};

    head(out, "cutover_transactions_per_second", "gauge",
         "Transactions that a side's primary wrote itself, a second, over the last one.");
    sample(out, "cutover_transactions_per_second", old, json_object_get(writes, "old"), 1);
    sample(out, "cutover_transactions_per_second", new, json_object_get(writes, "new"), 1);
}

static void add_situation(struct buf *out, const json_t *state)
{
    const char *now = json_text_or(state, "situation", "");

    head(out, "cutover_situation", "gauge", "1 for the situation that the service is in.");
    for (enum situation situation = 0; *now && situation < SITUATION_COUNT; situation++) {
        const char *name = situation_name(situation);
        buf_printf(out, "cutover_situation{situation=\"%s\"} %d\n", name, strcmp(name, now) == 0);
    }
}

static void add_one(struct buf *out, const char *name, const char *help, const json_t *value,
                    double scale)
{
    static const char *const none[4] = {NULL};

    head(out, name, "gauge", help);
    sample(out, name, none, value, scale);
}

static void add_proof(struct buf *out, const json_t *state, const json_t *lag)
{
    const json_t *sum = json_object_get(state, "verification");

    add_one(out, "cutover_conflicts", "Links that are stopped by a conflict of data.",
            json_object_get(lag, "conflicts"), 1);
    add_one(out, "cutover_verified_rows", "Rows that the comparisons have looked at.",
            json_object_get(sum, "rows"), 1);
    add_one(out, "cutover_verified_differences", "Differences that they found.",
            json_object_get(sum, "differences"), 1);
    add_one(out, "cutover_verified_age_seconds", "Since the oldest table was compared.",
            json_object_get(sum, "age_ms"), 0.001);
    add_one(out, "cutover_proof_covering", "Whether what was compared is still kept proven.",
            json_object_get(json_object_get(state, "proof"), "is_covering"), 1);
    add_one(out, "cutover_rollback_possible", "Whether the service can go back now.",
            json_object_get(json_object_get(state, "going_back"), "is_possible"), 1);
}

static void add_run(struct buf *out, const json_t *run)
{
    json_int_t pause_ms = json_int_or(run, "write_pause_ms", -1);

    head(out, "cutover_last_write_pause_seconds", "gauge",
         "How long the last run had writes refused. No sample: it refused none.");
    if (pause_ms >= 0)
        buf_printf(out, "cutover_last_write_pause_seconds %.6g\n", (double)pause_ms / 1000.0);
}

void metrics_text(struct server *server, struct buf *out)
{
    CLEANUP(json_release) json_t *lag = page_of(server, VIEW_LAG);
    CLEANUP(json_release) json_t *state = page_of(server, VIEW_STATE);
    CLEANUP(json_release) json_t *run = page_of(server, VIEW_RUN);

    head(out, "cutover_info", "gauge", "The version of this program, and the service's name.");
    buf_puts(out, "cutover_info{version=\"" CUTOVER_VERSION "\",service=\"");
    put_label(out, server_service(server)->name);
    buf_puts(out, "\"} 1\n");
    add_links(out, lag);
    add_nodes(out, lag);
    add_writes(out, lag);
    add_situation(out, state);
    add_proof(out, state, lag);
    add_run(out, run);
    head(out, "cutover_watchers", "gauge", "Screens that are open now.");
    buf_printf(out, "cutover_watchers %u\n", server_watchers(server));
}
