/* SPDX-License-Identifier: MIT */
/*
 * The libraries read from the socket only what they are asked for, and nothing of an answer can be
 * buffered before its statement was sent: so the socket alone shows how much of it has arrived.
 */
#include "io/db_poll.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "io/db_answer.h"
#include "io/db_frame.h"
#include "io/db_inner.h"

#define DEPRECATE_EOF (1UL << 24) /* a capability for which Connector/C has no name */

int db_poll_socket(const struct db *db)
{
    return db_socket(db);
}

int db_poll_send(struct db *db, const char *sql, struct err *err)
{
    struct db_statement statement = db_statement_of(sql);
    int rc = db_send(db, &statement, err);

    if (rc != 0)
        return rc;
    db->polled_ms = statement.started_ms;
    db->polled_sql = strdup(sql);
    if (db->polled_sql)
        return 0;
    db_give_up(db); /* its answer would be taken for the next one's */
    return err_set(err, ERR_MEMORY, statement.if_lost, "out of memory for a statement");
}

bool db_poll_is_answered(const struct db *db)
{
    unsigned char bytes[DB_POLL_PEEK_BYTES];

    if (!db->polled_sql)
        return false;
    ssize_t len = recv(db_socket(db), bytes, sizeof bytes, MSG_PEEK | MSG_DONTWAIT);
    if (len <= 0)
        return len == 0 || (errno != EAGAIN && errno != EINTR); /* the library finds out */
    if ((size_t)len == sizeof bytes)
        return true;
    if (db->cipher[0])
        return db_frame_is_whole_tls(bytes, (size_t)len);
    bool is_short = (db->mysql->client_flag & db->mysql->server_capabilities & DEPRECATE_EOF) != 0;
    return db_frame_is_whole(bytes, (size_t)len, is_short ? 1 : 2);
}

int db_poll_read(struct db *db, struct db_result *out, struct err *err)
{
    if (!db->polled_sql)
        return err_set(err, ERR_BUG, EFFECT_NONE, "an answer was asked for, but nothing was sent");

    struct db_statement statement = db_statement_of(db->polled_sql);
    statement.started_ms = db->polled_ms;
    int rc = db_answer_read(db, &statement, out, err);
    free(db->polled_sql);
    db->polled_sql = NULL;
    return rc;
}
