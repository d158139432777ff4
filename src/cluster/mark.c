/* SPDX-License-Identifier: MIT */
/*
 * A lock for each session instead of a table of thread ids: a lock is gone with its session, and a
 * table would name, after a restart, sessions of others.
 */
#include "cluster/mark.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/digest.h"
#include "cluster/ending.h"
#include "cluster/watchdog.h"

#define MARK_PREFIX "000#cutover." /* no lease begins with a digit */
#define MARK_DIGITS 3
#define GONE_MS 30000 /* to take back one batch of rows, on a slow disk */

int mark_lock_name(const struct service *service, const char *prefix, char out[LOCK_NAME_SIZE],
                   struct err *err)
{
    char digest[DIGEST_HEX_LEN + 1];
    const char *name = service->name;
    size_t room = LOCK_NAME_SIZE - 1 - strlen(prefix);
    if (strlen(name) > room) {
        int rc = digest_sha256_hex(name, strlen(name), digest, err);
        if (rc != 0)
            return rc;
        name = digest;
    }
    (void)snprintf(out, LOCK_NAME_SIZE, "%s%.*s", prefix, (int)room, name);
    return 0;
}

/* What stands behind a mark's number, which has three digits at most. */
static int common_part(const struct service *service, char out[LOCK_NAME_SIZE], struct err *err)
{
    char name[LOCK_NAME_SIZE];
    int rc = mark_lock_name(service, MARK_PREFIX, name, err);
    if (rc == 0)
        (void)snprintf(out, LOCK_NAME_SIZE, "%s", name + MARK_DIGITS);
    return rc;
}

int mark_take(const struct service *service, struct session *session, struct err *err)
{
    static atomic_uint last; /* where a free one is likely: tried first, and only that */
    char common[LOCK_NAME_SIZE], lock[LOCK_NAME_SIZE];
    int rc = common_part(service, common, err);
    unsigned first = atomic_fetch_add(&last, 1);
    for (unsigned i = 0; i < MARK_COUNT && rc == 0; i++) {
        CLEANUP(db_result_release) struct db_result row = {0};
        (void)snprintf(lock, sizeof(lock), "%u%.61s", (first + i) % MARK_COUNT, common);
        rc = session_query_row(session, SQL_MARK_TAKE, &(struct sql_arg){"lock", lock}, 1, &row,
                               err);
        if (rc == 0 && result_number(&row, 0, "taken") == 1)
            return 0;
    }
    if (rc == 0)
        rc = err_set(err, ERR_BUSY, EFFECT_NONE,
                     "%d sessions of controllers of %s are there already", MARK_COUNT,
                     service->name);
    (void)err_where(err, "%s", db_where(session->db));
    return rc;
}

/* Seen on MySQL 9.7: to kill a clone at the wrong moment takes the whole server with it. */
static int not_told_to_end(struct session *session, unsigned long thread_id, struct err *err)
{
    if (err->code != ERR_TIMEOUT)
        return err->code;
    (void)err_set(err, ERR_TIMEOUT, EFFECT_NONE,
                  "no answer when thread %lu, a session of an earlier controller, was told to end",
                  thread_id);
    (void)err_where(err, "%s", db_where(session->db));
    return err_hint(err, "if it answers nobody else: kill its server and start it, then try again");
}

static int end_one(struct session *session, unsigned long thread_id, struct err *err)
{
    bool is_gone = false;
    int rc = watchdog_kill(session, SQL_KILL, thread_id, err);
    if (rc != 0)
        return not_told_to_end(session, thread_id, err);
    rc = ending_wait_gone(session, thread_id, clock_mono_ms() + GONE_MS, &is_gone, err);
    if (rc != 0 || is_gone)
        return rc;
    rc = err_set(err, ERR_TIMEOUT, EFFECT_NONE,
                 "thread %lu, a session of an earlier controller, does not end", thread_id);
    (void)err_where(err, "%s", db_where(session->db));
    (void)err_hint(err, "it is still taking back what it wrote: wait, and try again");
    return rc;
}

int mark_end_all(const struct service *service, struct session *session, unsigned *out_ended,
                 struct err *err)
{
    CLEANUP(db_result_release) struct db_result owners = {0};
    char common[LOCK_NAME_SIZE];
    *out_ended = 0;
    int rc = common_part(service, common, err);
    if (rc == 0)
        rc = session_query(session, SQL_MARK_OWNERS, &(struct sql_arg){"common", common}, 1,
                           &owners, err);
    for (size_t i = 0; i < owners.row_count && rc == 0; i++) {
        rc = end_one(session, (unsigned long)result_number(&owners, i, "thread_id"), err);
        *out_ended += rc == 0;
    }
    return rc;
}
