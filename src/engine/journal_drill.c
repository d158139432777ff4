/* SPDX-License-Identifier: MIT */
/* Rehearsals in the journal. */
#include "engine/journal_drill.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/journal_file.h"

#define JOURNAL_WITH_DRILLS 3

static void free_text(char **text)
{
    free(*text);
}

static int put(struct journal *journal, const struct drill_record *drill, const char *rounds,
               struct err *err)
{
    CLEANUP(store_statement_freep) struct store_statement *statement = NULL;
    const char *texts[] = {drill->id,
                           drill->service,
                           drill->playbook,
                           drill->playbook_hash,
                           drill->config_hash,
                           drill->environment,
                           drill->version,
                           drill->holder,
                           drill_state_name(drill->state),
                           situation_name(drill->home)};

    int rc = journal_prepare(journal, SQL_JOURNAL_DRILL_PUT, &statement, err);
    if (rc)
        return rc;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        store_bind_text(statement, (int)i + 1, texts[i]);
    store_bind_int(statement, 11, drill->started_us);
    if (drill->ended_us)
        store_bind_int(statement, 12, drill->ended_us);
    store_bind_text(statement, 13, rounds);
    return journal_run(statement, err);
}

int journal_drill_put(struct journal *journal, const struct drill_record *drill, struct err *err)
{
    CLEANUP(json_release) json_t *rounds = NULL, *detail = NULL;
    CLEANUP(free_text) char *text = NULL;

    int rc = drill_rounds_json(drill, &rounds, err);
    if (rc)
        return rc;
    text = json_canonical(rounds);
    if (!text)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for drill %s", drill->id);
    rc = put(journal, drill, text, err);
    if (rc)
        return rc;
    detail = json_pack("{s:s,s:s,s:s,s:O}", "drill", drill->id, "playbook", drill->playbook,
                       "state", drill_state_name(drill->state), "rounds", rounds);
    return drill->state == DRILL_RUNNING && drill->round_count
               ? 0
               : journal_event(journal, "",
                               drill->state == DRILL_RUNNING ? "drill.start" : "drill.end", detail,
                               err);
}

static void copy(char *out, size_t out_size, struct store_statement *row, int column)
{
    (void)snprintf(out, out_size, "%s", store_column_text(row, column));
}

static enum drill_state state_of(const char *text)
{
    for (enum drill_state state = DRILL_RUNNING; state < DRILL_STOPPED; state++)
        if (strcmp(drill_state_name(state), text) == 0)
            return state;
    return DRILL_STOPPED;
}

static int from_row(struct store_statement *row, struct drill_record *out, struct err *err)
{
    CLEANUP(json_release) json_t *rounds = NULL;
    const char *text = store_column_text(row, 12);

    copy(out->id, sizeof out->id, row, 0);
    copy(out->service, sizeof out->service, row, 1);
    copy(out->playbook, sizeof out->playbook, row, 2);
    copy(out->playbook_hash, sizeof out->playbook_hash, row, 3);
    copy(out->config_hash, sizeof out->config_hash, row, 4);
    copy(out->environment, sizeof out->environment, row, 5);
    copy(out->version, sizeof out->version, row, 6);
    copy(out->holder, sizeof out->holder, row, 7);
    out->state = state_of(store_column_text(row, 8));
    out->started_us = store_column_int(row, 10);
    out->ended_us = store_column_int(row, 11);
    int rc = situation_parse(store_column_text(row, 9), &out->home, err);
    if (!rc)
        rc = json_parse(text, strlen(text), &rounds, err);
    return rc ? rc : drill_rounds_from_json(rounds, out, err);
}

static int append(struct store_statement *row, struct drill_record **list, size_t *count,
                  struct err *err)
{
    struct drill_record *grown = reallocarray(*list, *count + 1, sizeof *grown);

    if (!grown)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for %zu drills", *count + 1);
    *list = grown;
    grown += (*count)++;
    *grown = (struct drill_record){0};
    return from_row(row, grown, err);
}

int journal_drill_list(struct journal *journal, const char *service, const char *playbook,
                       struct drill_record **out, size_t *out_count, struct err *err)
{
    CLEANUP(store_statement_freep) struct store_statement *list = NULL;
    struct drill_record *found = NULL;
    size_t count = 0;

    *out = NULL;
    *out_count = 0;
    if (journal->version < JOURNAL_WITH_DRILLS)
        return 0;
    int rc = journal_prepare(journal, SQL_JOURNAL_DRILL_LIST, &list, err);
    if (rc)
        return rc;
    store_bind_text(list, 1, service);
    store_bind_text(list, 2, playbook ? playbook : "");
    while ((rc = store_step(list, err)) == 1) {
        rc = append(list, &found, &count, err);
        if (rc)
            break;
    }
    if (rc) {
        drill_list_free(found, count);
        return rc;
    }
    *out = found;
    *out_count = count;
    return 0;
}

void drill_list_free(struct drill_record *drills, size_t count)
{
    for (size_t i = 0; i < count; i++)
        drill_record_release(&drills[i]);
    free(drills);
}

int journal_drill_run(struct journal *journal, const struct drill_record *drill, unsigned round,
                      enum drill_leg leg, const char *run_id, struct err *err)
{
    CLEANUP(store_statement_freep) struct store_statement *statement = NULL;
    int rc = journal_prepare(journal, SQL_JOURNAL_DRILL_RUN_PUT, &statement, err);

    if (rc)
        return rc;
    store_bind_text(statement, 1, run_id);
    store_bind_text(statement, 2, drill->id);
    store_bind_int(statement, 3, round);
    store_bind_text(statement, 4, drill_leg_name(leg));
    return journal_run(statement, err);
}

int journal_drill_of(struct journal *journal, const char *run_id, struct drill_part_of *out,
                     struct err *err)
{
    CLEANUP(store_statement_freep) struct store_statement *ask = NULL;

    *out = (struct drill_part_of){0};
    if (journal->version < JOURNAL_WITH_DRILLS)
        return 0;
    int rc = journal_prepare(journal, SQL_JOURNAL_DRILL_RUN_GET, &ask, err);
    if (rc)
        return rc;
    store_bind_text(ask, 1, run_id);
    rc = store_step(ask, err);
    if (rc <= 0)
        return rc;
    copy(out->id, sizeof out->id, ask, 0);
    out->round = (unsigned)store_column_int(ask, 1);
    out->leg = strcmp(store_column_text(ask, 2), "back") == 0 ? DRILL_BACK : DRILL_THERE;
    return 0;
}
