/* SPDX-License-Identifier: MIT */
/* Throwing a side's databases away, after proof that nobody can be using them. */
#include <string.h>
#include <strings.h>

#include "cluster/own_schema.h"
#include "cluster/seed_job.h"

static int ask_is_closed(struct session *session, bool *out, struct err *err)
{
    CLEANUP(db_result_release) struct db_result result = {0};
    int rc = session_query_row(session, SQL_READ_ONLY_GET, NULL, 0, &result, err);
    if (!rc)
        *out = result_number(&result, 0, "read_only") == 1;
    return rc;
}

static const char *status_text(const struct session *target, const struct db_result *status,
                               size_t row, const char *key)
{
    return result_text(status, row, session_column(target, SQL_LINK_STATUS, key));
}

static bool runs(const char *state)
{
    return strcasecmp(state, "No") != 0;
}

/*
 * A node that takes application writes, or a link that would put the data back, forbids the wipe.
 */
static int check_node(enum side side, struct session *target, struct err *err)
{
    CLEANUP(db_result_release) struct db_result status = {0};
    bool is_closed = false;
    int rc = ask_is_closed(target, &is_closed, err);
    if (!rc && !is_closed)
        return err_set(err, ERR_REFUSED, EFFECT_NONE,
                       "%s is open: its databases are not thrown away", target->node->name);
    if (!rc)
        rc = session_query(target, SQL_LINK_STATUS, NULL, 0, &status, err);
    for (size_t row = 0; !rc && row < status.row_count; row++) {
        bool is_link = !strcmp(status_text(target, &status, row, "channel"), link_channel(side));
        if (is_link && (runs(status_text(target, &status, row, "receiving")) ||
                        runs(status_text(target, &status, row, "applying"))))
            return err_set(err, ERR_REFUSED, EFFECT_NONE,
                           "the %s link runs on %s: its databases are not thrown away",
                           link_name(side), target->node->name);
    }
    return rc;
}

static int check_other_side(const struct service *service, enum side side, struct err *err)
{
    CLEANUP(session_release) struct session other = {0};
    bool is_closed = false;
    int rc = session_open(service, service_primary(service, side_other(side)), SESSION_CONTROLLER,
                          &other, err);
    if (!rc)
        rc = ask_is_closed(&other, &is_closed, err);
    if (!rc && is_closed)
        return err_set(
            err, ERR_REFUSED, EFFECT_NONE,
            "%s is not open, so %s may hold the only current data: nothing is thrown away",
            other.node->name, side_title(side));
    return rc;
}

/* The database is gone in any case; its folder is in the way of the next one of that name. */
static int drop(struct session *target, const char *database, struct seed_left *left,
                struct err *err)
{
    const struct sql_arg args[] = {{"database", database}};
    struct err cause = {0};
    int rc = session_exec(target, SQL_DATABASE_DROP, args, ARRAY_LEN(args), &cause);

    if (rc && left && own_schema_is_barred(&cause)) {
        if (left->count++ == 0) {
            left->node = target->node;
            left->database = database;
        }
        return 0;
    }
    if (rc && err) {
        *err = cause;
        rc = own_schema_tell_leftover(err);
    }
    return rc;
}

int seed_wipe(const struct service *service, enum side side, const struct session_permit *permit,
              struct seed_left *out_left, struct err *err)
{
    CLEANUP(seed_targets_release) struct seed_targets targets = {0};
    struct seed_left left = {0};

    int rc = check_other_side(service, side, err);
    if (!rc)
        rc = seed_targets_open(service, side, permit, &targets, err);
    for (size_t i = 0; !rc && i < targets.count; i++)
        rc = check_node(side, &targets.sessions[i], err);
    for (size_t i = 0; !rc && i < service->database_count; i++)
        for (size_t k = 0; !rc && k < targets.count; k++)
            rc = drop(&targets.sessions[k], service->databases[i], out_left ? &left : NULL, err);
    if (!rc && out_left)
        *out_left = left;
    return rc;
}
