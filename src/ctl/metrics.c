/* SPDX-License-Identifier: MIT */
/*
 * The pages that everybody else sees, in another form: a number on a graph is the number on the
 * screen. Source: Prometheus, Exposition formats.
 */
#include "ctl/metrics.h"

#include <string.h>
#include <sys/statvfs.h>

#include "base/clock.h"
#include "ctl/notify_book.h"
#include "domain/situation.h"
#include "engine/journal.h"

static const char *begin(struct buf *out, enum metric_id id)
{
    const struct metric *row = &metric_table()[id];

    buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", row->name, row->help, row->name, row->type);
    return row->name;
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

static void put_name(struct buf *out, const char *name, const char *const labels[4])
{
    buf_puts(out, name);
    for (size_t i = 0; i < 4 && labels[i]; i += 2) {
        buf_printf(out, "%s%s=\"", i ? "," : "{", labels[i]);
        put_label(out, labels[i + 1]);
        buf_putc(out, '"');
    }
    buf_puts(out, labels[0] ? "} " : " ");
}

/* One sample with up to two labels; nothing when the value is not known. */
static void sample(struct buf *out, const char *name, const char *const labels[4],
                   const json_t *value, double scale)
{
    if (!json_is_number(value) && !json_is_boolean(value))
        return;
    put_name(out, name, labels);
    if (json_is_boolean(value))
        buf_printf(out, "%d\n", json_is_true(value) ? 1 : 0);
    else if (json_is_integer(value) && scale == 1) /* a counter keeps its last digit */
        buf_printf(out, "%" JSON_INTEGER_FORMAT "\n", json_integer_value(value));
    else
        buf_printf(out, "%.15g\n", json_number_value(value) * scale);
}

static const char *const none[4] = {NULL};

static void add_one(struct buf *out, enum metric_id id, const json_t *value, double scale)
{
    sample(out, begin(out, id), none, value, scale);
}

static json_t *page_of(struct server *server, enum view_topic topic)
{
    CLEANUP(view_dropp) struct view_page *page = view_take(server_view(server), topic, 0);

    return page ? json_loadb(page->text, page->len, 0, NULL) : NULL;
}

static void add_links(struct buf *out, const json_t *lag)
{
    static const struct {
        enum metric_id id;
        const char *field;
        double scale;
    } fields[] = {{METRIC_LINK_EXISTS, "exists", 1},
                  {METRIC_LINK_RUNNING, "is_running", 1},
                  {METRIC_LINK_LAG, "lag_ms", 0.001},
                  {METRIC_LINK_RECEIVE_LAG, "receive_ms", 0.001}};
    static const char *const links[] = {"forward", "reverse"};

    for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
        const char *name = begin(out, fields[i].id);
        for (size_t k = 0; k < ARRAY_LEN(links); k++) {
            const char *const labels[4] = {"link", links[k]};
            const json_t *link = json_object_get(json_object_get(lag, "links"), links[k]);
            sample(out, name, labels, json_object_get(link, fields[i].field), fields[i].scale);
        }
    }
}

static void add_nodes(struct buf *out, const json_t *lag)
{
    static const struct {
        enum metric_id id;
        const char *field;
        double scale;
    } fields[] = {{METRIC_NODE_REACHED, "is_reached", 1},
                  {METRIC_NODE_OPEN, "is_open", 1},
                  {METRIC_NODE_LAG, "apply_ms", 0.001},
                  {METRIC_NODE_TRANSACTIONS, "transactions", 1}};

    for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
        const char *name = begin(out, fields[i].id);
        size_t index;
        json_t *node;
        json_array_foreach(json_object_get(lag, "nodes"), index, node)
        {
            const char *const labels[4] = {"node", json_text_or(node, "node", ""), "side",
                                           json_text_or(node, "side", "")};
            sample(out, name, labels, json_object_get(node, fields[i].field), fields[i].scale);
        }
    }
}

/* As of this moment, not of the page: whoever waits for the end counts on. */
static void add_refused(struct buf *out, const json_t *lag)
{
    json_int_t since_us = json_int_or(lag, "nobody_writes_since_us", -1);
    const char *name = begin(out, METRIC_WRITES_REFUSED);

    if (since_us == 0)
        buf_printf(out, "%s 0\n", name);
    else if (since_us > 0)
        buf_printf(out, "%s %.6f\n", name, (double)(clock_wall_us() - since_us) / 1e6);
}

static void add_situation(struct buf *out, const json_t *state)
{
    const char *now = json_text_or(state, "situation", "");
    const char *name = begin(out, METRIC_SITUATION);

    for (enum situation situation = 0; *now && situation < SITUATION_COUNT; situation++) {
        const char *const labels[4] = {"situation", situation_name(situation)};
        put_name(out, name, labels);
        buf_printf(out, "%d\n", strcmp(labels[1], now) == 0);
    }
}

static void add_proof(struct buf *out, const json_t *state, const json_t *lag)
{
    const json_t *sum = json_object_get(state, "verification");

    add_one(out, METRIC_CONFLICTS, json_object_get(lag, "conflicts"), 1);
    add_one(out, METRIC_VERIFIED_ROWS, json_object_get(sum, "rows"), 1);
    add_one(out, METRIC_VERIFIED_DIFFERENCES, json_object_get(sum, "differences"), 1);
    add_one(out, METRIC_VERIFIED_AGE, json_object_get(sum, "age_ms"), 0.001);
    add_one(out, METRIC_PROOF, json_object_get(json_object_get(state, "proof"), "is_covering"), 1);
    add_one(out, METRIC_ROLLBACK,
            json_object_get(json_object_get(state, "going_back"), "is_possible"), 1);
}

static void add_run(struct buf *out, const json_t *state, const json_t *run)
{
    const char *now = json_text_or(run, "state", "");
    const char *name = begin(out, METRIC_LAST_PAUSE);
    json_int_t pause_ms = json_int_or(run, "write_pause_ms", -1);

    if (pause_ms >= 0)
        buf_printf(out, "%s %.6g\n", name, (double)pause_ms / 1000.0);
    name = begin(out, METRIC_RUN_STATE);
    for (enum run_state is = RUN_RUNNING; *now && is <= RUN_ABORTED; is++) {
        const char *const labels[4] = {"state", run_state_name(is)};
        put_name(out, name, labels);
        buf_printf(out, "%d\n", strcmp(labels[1], now) == 0);
    }
    name = begin(out, METRIC_CONTROLLER);
    const char *holder =
        json_string_value(json_object_get(json_object_get(state, "lease"), "holder"));
    if (holder)
        buf_printf(out, "%s %d\n", name, *holder != '\0');
}

static void add_answers(struct buf *out, const json_t *names)
{
    static const char *const places[] = {"OLD", "NEW", "edge", "elsewhere", "no answer"};
    const json_t *answers = json_object_get(json_object_get(names, "dns"), "answers");
    const char *name = begin(out, METRIC_ANSWERS);

    for (size_t i = 0; json_array_size(answers) && i < ARRAY_LEN(places); i++) {
        const char *const labels[4] = {"leads_to", places[i]};
        size_t index, count = 0;
        json_t *answer;
        json_array_foreach(answers, index, answer) count +=
            strcmp(json_text_or(answer, "leads_to", ""), places[i]) == 0;
        put_name(out, name, labels);
        buf_printf(out, "%zu\n", count);
    }
}

static void add_journal(struct buf *out, const char *path)
{
    struct statvfs room;
    const char *name = begin(out, METRIC_JOURNAL_FREE);

    if (statvfs(path, &room) == 0)
        buf_printf(out, "%s %llu\n", name,
                   (unsigned long long)room.f_bavail * (unsigned long long)room.f_frsize);
}

static void add_times(struct buf *out, const json_t *lag, const json_t *state, const json_t *names)
{
    const struct {
        const char *name;
        const json_t *page;
    } pages[] = {{"lag", lag}, {"state", state}, {"names", names}};
    const char *name = begin(out, METRIC_PAGE_TIME);

    for (size_t i = 0; i < ARRAY_LEN(pages); i++) {
        const char *const labels[4] = {"page", pages[i].name};
        sample(out, name, labels, json_object_get(pages[i].page, "at_us"), 1e-6);
    }
}

static void add_notices(struct buf *out, const char *journal_path)
{
    static const struct {
        enum metric_id id;
        const char *field;
    } fields[] = {{METRIC_NOTICES, "delivered"}, {METRIC_NOTICES_FAILED, "failed"}};
    CLEANUP(notify_book_release) struct notify_book book;

    notify_book_look(&book, journal_path);
    for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
        const char *key, *name = begin(out, fields[i].id);
        json_t *target;
        json_object_foreach(book.targets, key, target)
        {
            const char *const labels[4] = {"target", json_text_or(target, "label", ""), "id", key};
            sample(out, name, labels, json_object_get(target, fields[i].field), 1);
        }
    }
}

void metrics_text(struct server *server, struct buf *out)
{
    CLEANUP(json_release) json_t *lag = page_of(server, VIEW_LAG);
    CLEANUP(json_release) json_t *state = page_of(server, VIEW_STATE);
    CLEANUP(json_release) json_t *names = page_of(server, VIEW_NAMES);
    CLEANUP(json_release) json_t *run = page_of(server, VIEW_RUN);
    const struct service *service = server_service(server);
    const char *const labels[4] = {"version", CUTOVER_VERSION, "service", service->name};

    put_name(out, begin(out, METRIC_INFO), labels);
    buf_puts(out, "1\n");
    add_links(out, lag);
    add_nodes(out, lag);
    add_refused(out, lag);
    add_situation(out, state);
    add_run(out, state, run);
    add_proof(out, state, lag);
    add_answers(out, names);
    add_journal(out, service->journal_path);
    add_times(out, lag, state, names);
    add_notices(out, service->journal_path);
    buf_printf(out, "%s %u\n", begin(out, METRIC_WATCHERS), server_watchers(server));
}
