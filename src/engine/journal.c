/* SPDX-License-Identifier: MIT */
/*
 * The journal: runs, steps and the hash-chained events. Each public write is one SQLite transaction
 *              with
 * synchronous=FULL, so when it returns the record is on disk.
 */
#include "engine/journal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "engine/journal_file.h"
#include "sql/catalog.h"

#define GENESIS_HASH "0000000000000000000000000000000000000000000000000000000000000000"

static const char *const run_states[] = {[RUN_RUNNING] = "running",
                                         [RUN_STOPPED] = "stopped",
                                         [RUN_FAILED] = "failed",
                                         [RUN_DONE] = "done",
                                         [RUN_ABORTED] = "aborted"};
const char *run_state_name(enum run_state state)
{
    return run_states[state];
}

int journal_prepare(struct journal *journal, enum sql_id id, struct store_statement **out,
                    struct err *err)
{
    return store_prepare(journal->store, sql_journal(id), out, err);
}

/* From here on nobody else writes, so what is asked about the owner holds until the end. */
int journal_begin(struct journal *journal, struct err *err)
{
    int rc = store_exec(journal->store, "BEGIN IMMEDIATE", err);

    if (rc)
        return rc;
    rc = journal_check_owner(journal, err);
    return rc ? journal_end(journal, rc, err) : 0;
}

int journal_read_begin(struct journal *journal, struct err *err)
{
    return store_exec(journal->store, "BEGIN", err);
}

void journal_read_end(struct journal *journal)
{
    (void)!store_exec(journal->store, "ROLLBACK", NULL); /* nothing was written in it */
}

/* Commit, or roll back when `rc` says that something before it failed. */
int journal_end(struct journal *journal, int rc, struct err *err)
{
    if (rc == 0)
        rc = store_exec(journal->store, "COMMIT", err);
    if (rc != 0 && store_exec(journal->store, "ROLLBACK", NULL) != 0)
        /* SQLite has rolled back by itself (disk full): the first error is the one that counts */
        return rc;
    return rc;
}

/* Run a statement that returns no rows, inside a transaction. */
int journal_run(struct store_statement *statement, struct err *err)
{
    int rc = store_step(statement, err);
    return rc < 0 ? rc : 0;
}

int journal_write(struct journal *journal, struct store_statement *statement, struct err *err)
{
    int rc = journal_begin(journal, err);
    return rc ? rc : journal_end(journal, journal_run(statement, err), err);
}

/* --- open ------------------------------------------------------------------------------------- */

/* The n-th makes version n + 1 of version n. */
static const enum sql_id migrations[] = {SQL_JOURNAL_001_SCHEMA, SQL_JOURNAL_002_SPANS,
                                         SQL_JOURNAL_003_DRILLS, SQL_JOURNAL_004_REQUESTS,
                                         SQL_JOURNAL_005_INVENTORIES};

static int read_user_version(struct journal *journal, int64_t *out, struct err *err)
{
    CLEANUP(store_statement_freep) struct store_statement *ask = NULL;
    int rc = store_prepare(journal->store, "PRAGMA user_version", &ask, err);

    if (rc)
        return rc;
    rc = store_step(ask, err);
    if (rc < 0)
        return rc;
    *out = rc == 1 ? store_column_int(ask, 0) : 0;
    return 0;
}

static bool is_older(const struct journal *journal)
{
    return journal->version >= 0 && journal->version < (int64_t)ARRAY_LEN(migrations);
}

static int run_migrations(struct journal *journal, struct err *err)
{
    int rc = 0;

    while (!rc && is_older(journal)) {
        rc = store_exec(journal->store, sql_journal(migrations[journal->version]), err);
        journal->version++;
    }
    return rc;
}

/* From any older version to ours: all of it or nothing. */
static int migrate(struct journal *journal, struct err *err)
{
    int rc = journal_begin(journal, err);

    if (rc)
        return rc;
    /* again, now that nobody else can migrate it: two may have opened the file at once */
    rc = read_user_version(journal, &journal->version, err);
    if (!rc)
        rc = run_migrations(journal, err);
    return journal_end(journal, rc, err);
}

static void make_parent_folder(const char *path)
{
    char folder[PATH_MAX];

    (void)snprintf(folder, sizeof folder, "%s", path);
    char *slash = strrchr(folder, '/');
    if (!slash || slash == folder)
        return;
    *slash = '\0';
    (void)mkdir(folder, 0700); /* exists, or the open that follows names the problem */
}

static int open_file(const char *path, enum store_mode mode, struct journal **out, struct err *err)
{
    CLEANUP(journal_freep) struct journal *journal = calloc(1, sizeof *journal);

    if (!journal)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for the journal");
    int rc = store_open(path, mode, &journal->store, err);
    if (!rc)
        rc = read_user_version(journal, &journal->version, err);
    if (!rc && mode == STORE_CREATE && is_older(journal))
        rc = migrate(journal, err);
    if (rc) {
        err_wrap(err, "journal %s", path);
        return err->hint[0] ? rc : err_hint(err, "\"journal\" in the configuration names the file");
    }
    if (journal->version > (int64_t)ARRAY_LEN(migrations) || journal->version <= 0) {
        (void)err_set(err, ERR_PROTOCOL, EFFECT_NONE,
                      "%s is not a journal that this version understands (schema %lld)", path,
                      (long long)journal->version);
        return err_hint(err, journal->version > 0
                                 ? "a newer cutover wrote it: go on with that one"
                                 : "\"journal\" in the configuration names the file");
    }
    *out = journal;
    journal = NULL;
    return 0;
}

int journal_open(const char *path, struct journal **out, struct err *err)
{
    make_parent_folder(path);
    return open_file(path, STORE_CREATE, out, err);
}

int journal_open_reader(const char *path, struct journal **out, struct err *err)
{
    if (access(path, F_OK) != 0 && errno == ENOENT) {
        err_set(err, ERR_REFUSED, EFFECT_NONE, "there is no journal at %s yet", path);
        return err_hint(err,
                        "nothing has been run: start with \"cutover check\" and \"cutover plan\"");
    }
    return open_file(path, STORE_READ, out, err);
}

int journal_open_beside(const struct journal *journal, struct journal **out, struct err *err)
{
    int rc = open_file(store_path(journal->store), STORE_CREATE, out, err);

    if (!rc)
        (*out)->owner = journal->owner;
    return rc;
}

void journal_hand_over(struct journal *journal)
{
    store_hand_over(journal->store);
}

void journal_free(struct journal *journal)
{
    if (!journal)
        return;
    journal_drop_held(journal);
    store_free(journal->store);
    free(journal);
}

void journal_freep(struct journal **journal)
{
    journal_free(*journal);
    *journal = NULL;
}

/* --- events ----------------------------------------------------------------------------------- */

static int chain_hash(const char *prev, const char *run_id, int64_t at_us, const char *name,
                      const char *detail, char out[DIGEST_HEX_LEN + 1], struct err *err)
{
    CLEANUP(buf_release) struct buf text = {0};

    buf_init(&text, 1 << 20);
    buf_printf(&text, "%s\n%s\n%lld\n%s\n%s", prev, run_id, (long long)at_us, name, detail);
    int rc = buf_check(&text, err);
    return rc ? rc : digest_sha256_hex(text.data, text.len, out, err);
}

static int last_hash(struct journal *journal, char out[DIGEST_HEX_LEN + 1], struct err *err)
{
    CLEANUP(store_statement_freep) struct store_statement *ask = NULL;
    int rc = journal_prepare(journal, SQL_JOURNAL_EVENT_LAST, &ask, err);

    if (rc)
        return rc;
    rc = store_step(ask, err);
    if (rc < 0)
        return rc;
    (void)snprintf(out, DIGEST_HEX_LEN + 1, "%s",
                   rc == 1 ? store_column_text(ask, 0) : GENESIS_HASH);
    return 0;
}

int journal_add_event(struct journal *journal, const char *run_id, int64_t at_us, const char *name,
                      const json_t *detail, struct err *err)
{
    CLEANUP(store_statement_freep) struct store_statement *add = NULL;
    char prev[DIGEST_HEX_LEN + 1], hash[DIGEST_HEX_LEN + 1];
    char *text = detail ? json_canonical(detail) : strdup("{}");

    if (!text)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for the event %s", name);
    int rc = last_hash(journal, prev, err);
    if (!rc)
        rc = chain_hash(prev, run_id, at_us, name, text, hash, err);
    if (!rc)
        rc = journal_prepare(journal, SQL_JOURNAL_EVENT_ADD, &add, err);
    if (!rc) {
        store_bind_text(add, 1, run_id);
        store_bind_int(add, 2, at_us);
        store_bind_text(add, 3, name);
        store_bind_text(add, 4, text);
        store_bind_text(add, 5, prev);
        store_bind_text(add, 6, hash);
        rc = journal_run(add, err);
    }
    free(text);
    return rc;
}

/* Append to the chain inside the caller's transaction, as of now. */
static int add_event(struct journal *journal, const char *run_id, const char *name,
                     const json_t *detail, struct err *err)
{
    return journal_add_event(journal, run_id, clock_wall_us(), name, detail, err);
}

int journal_event(struct journal *journal, const char *run_id, const char *name,
                  const json_t *detail, struct err *err)
{
    if (journal->is_held)
        return journal_keep_event(journal, run_id, name, detail, err);
    int rc = journal_begin(journal, err);
    return rc ? rc : journal_end(journal, add_event(journal, run_id, name, detail, err), err);
}

int journal_events(struct journal *journal, const char *run_id, journal_event_fn each,
                   void *context, struct err *err)
{
    CLEANUP(store_statement_freep) struct store_statement *list = NULL;
    char expected[DIGEST_HEX_LEN + 1] = GENESIS_HASH, hash[DIGEST_HEX_LEN + 1];
    int rc = journal_prepare(journal, SQL_JOURNAL_EVENT_LIST, &list, err);

    if (rc)
        return rc;
    store_bind_text(list, 1, ""); /* the chain runs over all runs, so all rows are checked */
    while ((rc = store_step(list, err)) == 1) {
        const char *event_run = store_column_text(list, 1);
        const char *detail = store_column_text(list, 4);
        int64_t at_us = store_column_int(list, 2);
        rc = chain_hash(expected, event_run, at_us, store_column_text(list, 3), detail, hash, err);
        if (rc)
            return rc;
        if (strcmp(hash, store_column_text(list, 6)) != 0 ||
            strcmp(expected, store_column_text(list, 5)) != 0)
            return err_set(err, ERR_DATA, EFFECT_NONE,
                           "event %lld of the journal was changed after it was written",
                           (long long)store_column_int(list, 0));
        (void)snprintf(expected, sizeof expected, "%s", hash);
        if (!*run_id || strcmp(run_id, event_run) == 0)
            rc = each(context, at_us, event_run, store_column_text(list, 3), detail);
        if (rc)
            return rc;
    }
    return rc;
}

/* --- runs ------------------------------------------------------------------------------------- */

static int add_run(struct journal *journal, const struct plan *plan, const char *plan_text,
                   const struct run_record *run, struct err *err)
{
    CLEANUP(store_statement_freep) struct store_statement *add = NULL;
    int rc = journal_prepare(journal, SQL_JOURNAL_RUN_ADD, &add, err);

    if (rc)
        return rc;
    store_bind_text(add, 1, run->id);
    store_bind_text(add, 2, plan->service);
    store_bind_text(add, 3, plan->name);
    store_bind_text(add, 4, plan_text);
    store_bind_text(add, 5, run->plan_hash);
    store_bind_text(add, 6, run->holder);
    store_bind_int(add, 7, run->epoch);
    store_bind_int(add, 8, clock_wall_us());
    return journal_run(add, err);
}

int journal_run_begin(struct journal *journal, const struct plan *plan, const char *run_id,
                      const char *holder, int64_t epoch, struct err *err)
{
    CLEANUP(json_release) json_t *json = NULL;
    struct run_record run = {.epoch = epoch};
    int rc = plan_to_json(plan, &json, err);

    if (rc)
        return rc;
    (void)snprintf(run.id, sizeof run.id, "%s", run_id);
    (void)snprintf(run.holder, sizeof run.holder, "%s", holder);
    rc = plan_hash(plan, run.plan_hash, err);
    if (rc)
        return rc;
    char *text = json_canonical(json);
    if (!text)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for the plan");

    CLEANUP(json_release)
    json_t *detail = json_pack("{s:s,s:s,s:s,s:s}", "playbook", plan->name, "plan", run.plan_hash,
                               "holder", holder, "from", situation_name(plan->starts_in));
    rc = journal_begin(journal, err);
    if (!rc) {
        rc = add_run(journal, plan, text, &run, err);
        if (!rc)
            rc = add_event(journal, run_id, "run.start", detail, err);
        rc = journal_end(journal, rc, err);
    }
    free(text);
    if (!rc)
        journal_bind(journal, run_id, holder, epoch);
    return rc;
}

int journal_add_state(struct journal *journal, const char *run_id, enum run_state state,
                      struct err *err)
{
    CLEANUP(store_statement_freep) struct store_statement *put = NULL;
    char event[32];
    int rc = journal_prepare(journal, SQL_JOURNAL_RUN_STATE, &put, err);

    if (rc)
        return rc;
    (void)snprintf(event, sizeof event, "run.%s", run_state_name(state));
    store_bind_text(put, 1, run_id);
    store_bind_text(put, 2, run_state_name(state));
    if (state != RUN_RUNNING)
        store_bind_int(put, 3, clock_wall_us());
    rc = journal_run(put, err);
    return rc ? rc : add_event(journal, run_id, event, NULL, err);
}

int journal_run_state(struct journal *journal, const char *run_id, enum run_state state,
                      struct err *err)
{
    int rc = journal_begin(journal, err);
    return rc ? rc : journal_end(journal, journal_add_state(journal, run_id, state, err), err);
}

int journal_add_committed(struct journal *journal, const char *run_id, int64_t at_us,
                          bool is_committed, struct err *err)
{
    CLEANUP(store_statement_freep) struct store_statement *put = NULL;
    int rc = journal_prepare(journal, SQL_JOURNAL_RUN_COMMIT, &put, err);

    if (rc)
        return rc;
    store_bind_text(put, 1, run_id);
    store_bind_int(put, 2, is_committed);
    rc = journal_run(put, err);
    return rc ? rc
              : journal_add_event(journal, run_id, at_us,
                                  is_committed ? "run.commit" : "run.uncommit", NULL, err);
}

int journal_run_uncommit(struct journal *journal, const char *run_id, struct err *err)
{
    if (journal->is_held)
        return journal_keep_uncommit(journal, run_id, err);
    int rc = journal_begin(journal, err);
    return rc ? rc
              : journal_end(journal,
                            journal_add_committed(journal, run_id, clock_wall_us(), false, err),
                            err);
}

static enum run_state run_state_parse(const char *text)
{
    for (size_t i = 0; i < ARRAY_LEN(run_states); i++)
        if (strcmp(run_states[i], text) == 0)
            return (enum run_state)i;
    return RUN_FAILED;
}

static void run_from_row(struct store_statement *row, struct run_record *out)
{
    *out = (struct run_record){.epoch = store_column_int(row, 6),
                               .state = run_state_parse(store_column_text(row, 7)),
                               .is_committed = store_column_int(row, 8) != 0,
                               .started_us = store_column_int(row, 9),
                               .ended_us = store_column_int(row, 10)};
    (void)snprintf(out->id, sizeof out->id, "%s", store_column_text(row, 0));
    (void)snprintf(out->service, sizeof out->service, "%s", store_column_text(row, 1));
    (void)snprintf(out->playbook, sizeof out->playbook, "%s", store_column_text(row, 2));
    (void)snprintf(out->plan_hash, sizeof out->plan_hash, "%s", store_column_text(row, 4));
    (void)snprintf(out->holder, sizeof out->holder, "%s", store_column_text(row, 5));
}

int journal_run_find(struct journal *journal, const char *service, const char *run_id,
                     struct run_record *out, struct err *err)
{
    CLEANUP(store_statement_freep) struct store_statement *ask = NULL;
    int rc =
        journal_prepare(journal, run_id ? SQL_JOURNAL_RUN_GET : SQL_JOURNAL_RUN_LAST, &ask, err);

    if (rc)
        return rc;
    store_bind_text(ask, 1, run_id ? run_id : service);
    rc = store_step(ask, err);
    if (rc < 0)
        return rc;
    if (rc == 0)
        return run_id
                   ? err_set(err, ERR_REFUSED, EFFECT_NONE, "the journal knows no run %s", run_id)
                   : err_set(err, ERR_REFUSED, EFFECT_NONE,
                             "the journal has no run of service \"%s\"", service);
    run_from_row(ask, out);
    return 0;
}

int journal_run_plan(struct journal *journal, const char *run_id, struct plan *out, struct err *err)
{
    CLEANUP(store_statement_freep) struct store_statement *ask = NULL;
    CLEANUP(json_release) json_t *json = NULL;
    char hash[DIGEST_HEX_LEN + 1];
    int rc = journal_prepare(journal, SQL_JOURNAL_RUN_GET, &ask, err);

    if (rc)
        return rc;
    store_bind_text(ask, 1, run_id);
    rc = store_step(ask, err);
    if (rc <= 0)
        return rc < 0 ? rc : err_set(err, ERR_REFUSED, EFFECT_NONE, "no run %s", run_id);
    const char *text = store_column_text(ask, 3);
    rc = json_parse(text, strlen(text), &json, err);
    if (!rc)
        rc = plan_from_json(json, out, err);
    if (!rc)
        rc = plan_hash(out, hash, err);
    if (rc)
        return rc;
    if (strcmp(hash, store_column_text(ask, 4)) != 0) {
        plan_release(out);
        return err_set(err, ERR_DATA, EFFECT_NONE, "the plan of run %s was changed in the journal",
                       run_id);
    }
    return 0;
}

int journal_run_list(struct journal *journal, const char *service, struct run_record **out,
                     size_t *out_count, struct err *err)
{
    CLEANUP(store_statement_freep) struct store_statement *list = NULL;
    struct run_record *runs = NULL;
    size_t count = 0;
    int rc = journal_prepare(journal, SQL_JOURNAL_RUN_LIST, &list, err);

    if (rc)
        return rc;
    store_bind_text(list, 1, service);
    while ((rc = store_step(list, err)) == 1) {
        struct run_record *grown = realloc(runs, (count + 1) * sizeof *runs);
        if (!grown) {
            rc = err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for %zu runs", count + 1);
            break;
        }
        runs = grown;
        run_from_row(list, &runs[count++]);
    }
    if (rc < 0) {
        free(runs);
        return rc;
    }
    *out = runs;
    *out_count = count;
    return 0;
}
