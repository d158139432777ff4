/* SPDX-License-Identifier: MIT */
/* Looking up what the way back costs and what would end it. */
#include "engine/way_back_look.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cluster/log_need.h"
#include "cluster/session.h"
#include "domain/lag.h"
#include "engine/lost_list.h"
#include "engine/schema_memory.h"
#include "engine/stagger.h"

#define CONNECT_MS 3000
#define STATEMENT_MS 5000

/* --- the journal's word ----------------------------------------------------------------------- */

struct pause {
    bool is_known;
    int64_t ms;
};

static int take_pause(void *context, int64_t at_us, const char *run_id, const char *name,
                      const char *detail_text)
{
    struct pause *pause = context;
    CLEANUP(json_release) json_t *detail = NULL;

    (void)at_us;
    (void)run_id;
    if (strcmp(name, "run.end") != 0)
        return 0;
    int rc = json_parse(detail_text, strlen(detail_text), &detail, NULL);
    const json_t *ms = rc ? NULL : json_object_get(detail, "write_pause_ms");
    if (json_is_number(ms) && json_number_value(ms) >= 0)
        *pause = (struct pause){true, (int64_t)(json_number_value(ms) + 0.5)};
    return 0;
}

/* The part that opens NEW for users, and whether OLD is closed before it. */
static bool moves_to_new(const struct plan *plan, bool *out_is_fenced)
{
    bool is_closed = false;

    for (size_t i = 0; i < plan->step_count; i++) {
        const struct plan_step *step = &plan->steps[i];
        if (!step->action || step->action->id != ACTION_CUTOVER)
            continue;
        is_closed = is_closed || strcmp(step->what, "close-from") == 0;
        if (step->commits && strcmp(json_text_or(step->verify.args, "side", ""), "new") == 0) {
            *out_is_fenced = is_closed;
            return true;
        }
    }
    return false;
}

/* Of the last run that brought the users to NEW. */
static void look_at_run(struct journal *journal, const struct run_record *run, bool *out_found,
                        struct way_back_look *out)
{
    struct plan plan = {0};
    struct pause pause = {0};
    bool is_fenced = false;

    *out_found = false;
    if (!run->is_committed || journal_run_plan(journal, run->id, &plan, NULL))
        return;
    *out_found = moves_to_new(&plan, &is_fenced);
    plan_release(&plan);
    if (!*out_found)
        return;
    out->was_fenced = tri_of(is_fenced);
    if (journal_events(journal, run->id, take_pause, &pause, NULL) == 0 && pause.is_known) {
        out->has_pause = true;
        out->pause_ms = pause.ms;
    }
}

static void look_at_journal(struct journal *journal, const struct service *service,
                            struct way_back_look *out)
{
    struct run_record *runs = NULL;
    size_t count = 0;
    bool is_found = false;

    if (!journal || journal_run_list(journal, service->name, &runs, &count, NULL))
        return;
    if (count) {
        const struct run_record *last = &runs[count - 1];
        out->has_open_run = last->state != RUN_DONE && last->state != RUN_ABORTED;
        out->is_committed = last->is_committed;
    }
    for (size_t i = count; i-- > 0 && !is_found;)
        look_at_run(journal, &runs[i], &is_found, out);
    free(runs);
}

/* --- may both sides be open? ------------------------------------------------------------------ */

static void may_not_share(struct way_back_look *out, const char *fmt, ...) PRINTF_LIKE(2, 3);
static void may_not_share(struct way_back_look *out, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(out->may_share_why, sizeof out->may_share_why, fmt, args);
    va_end(args);
    out->may_share = TRI_NO;
}

static int open_briefly(const struct service *service, enum side side, struct session *out)
{
    const struct session_limits limits = {.connect_ms = CONNECT_MS, .statement_ms = STATEMENT_MS};
    struct err none = {0};

    return session_open_within(service, service_primary(service, side), SESSION_CONTROLLER, &limits,
                               out, &none);
}

static void look_at_sessions(const struct service *service, struct journal *journal, enum side side,
                             struct way_back_look *out)
{
    CLEANUP(session_release) struct session session = {0};
    struct stagger_now now;
    struct stagger_since since = {0};
    struct err none = {0};

    if (!journal || open_briefly(service, side, &session) != 0 ||
        stagger_ask(&session, &now, &none) != 0 ||
        stagger_since(journal, service->name, side, &now, &since, &none) != 0)
        out->may_share = TRI_UNKNOWN;
    else if (!since.is_known)
        may_not_share(out,
                      "nobody knows since when AUTO_INCREMENT is staggered on %s (it has "
                      "restarted, or another controller did it)",
                      service_primary(service, side)->name);
}

static void look_at_sharing(const struct service *service, struct journal *journal,
                            const struct facts *facts, struct way_back_look *out)
{
    const struct node_facts *a = facts_primary(facts, SIDE_OLD);
    const struct node_facts *b = facts_primary(facts, SIDE_NEW);

    if (!a || !b || a->is_reached != TRI_YES || b->is_reached != TRI_YES)
        return;
    if (a->increment < 2 || a->increment != b->increment || a->offset == b->offset) {
        may_not_share(out, "AUTO_INCREMENT is not staggered (OLD %u/%u, NEW %u/%u)", a->increment,
                      a->offset, b->increment, b->offset);
        return;
    }
    out->may_share = TRI_YES;
    for (enum side side = SIDE_OLD; side <= SIDE_NEW && out->may_share == TRI_YES; side++)
        look_at_sessions(service, journal, side, out);
}

void way_back_look_mode(const struct service *service, struct journal *journal,
                        const struct facts *facts, struct way_back_look *out)
{
    *out = (struct way_back_look){0};
    look_at_journal(journal, service, out);
    look_at_sharing(service, journal, facts, out);
}

/* --- NEW's log -------------------------------------------------------------------------------- */

static int ask_oldest(struct session *session, struct position *out, struct err *err)
{
    CLEANUP(db_result_release) struct db_result files = {0};
    CLEANUP(db_result_release) struct db_result row = {0};

    int rc = session_query(session, SQL_AUTHOR_LOGS, NULL, 0, &files, err);
    if (rc)
        return rc;
    if (!files.row_count)
        return err_set(err, ERR_REFUSED, EFFECT_NONE, "no binary log");
    const struct sql_arg file = {"file", result_text(&files, 0, "Log_name")};
    rc = session_query_row(session, SQL_AUTHOR_LOG_OLDEST, &file, 1, &row, err);
    return rc ? rc : session_position(session, &row, "position", out, err);
}

static void look_at_log(const struct service *service, struct way_back_look *out)
{
    CLEANUP(session_release) struct session session = {0};
    struct err none = {0};

    if (open_briefly(service, SIDE_NEW, &session) != 0)
        return;
    out->has_log = ask_oldest(&session, &out->log_begins, &none) == 0 ? TRI_YES : TRI_UNKNOWN;
    if (log_need_read(&session, &out->expire_s, &none) == 0)
        out->has_expiry = TRI_YES;
}

/* --- the shapes of its tables ----------------------------------------------------------------- */

static void look_at_schema(const struct service *service, struct journal *journal,
                           struct way_back_look *out)
{
    struct schema_change change = {0};
    struct err why = {0};

    if (!journal)
        return;
    if (schema_memory_compare(journal, service, SIDE_NEW, &change, &why)) {
        (void)snprintf(out->schema_text, sizeof out->schema_text, "%.199s", why.msg);
        return;
    }
    if (!change.is_there)
        return;
    out->is_schema_same = tri_of(change.changed == 0);
    out->schema_since_us = change.at_us;
    if (change.changed)
        (void)snprintf(out->schema_text, sizeof out->schema_text, "%zu table(s): %s",
                       change.changed, change.names);
}

void way_back_look(const struct service *service, struct journal *journal,
                   const struct facts *facts, int64_t lag_us, struct way_back_look *out)
{
    const struct node_facts *new_primary = facts_primary(facts, SIDE_NEW);
    uint64_t distance = 0;

    *out = (struct way_back_look){0};
    if (facts_is_open(facts, SIDE_OLD) == TRI_YES && facts_is_open(facts, SIDE_NEW) == TRI_NO)
        return; /* the users are on OLD: nobody goes back, and nobody is kept waiting */
    way_back_look_mode(service, journal, facts, out);
    out->has_lag = lag_us != LAG_INFINITE;
    out->lag_us = out->has_lag ? lag_us : 0;
    if (!new_primary || new_primary->is_reached != TRI_YES)
        return;
    look_at_log(service, out);
    look_at_schema(service, journal, out);
    if (!out->has_lag && way_back_distance(facts, &distance) && distance)
        out->first_missing_us = lost_first_us(service, facts);
}
