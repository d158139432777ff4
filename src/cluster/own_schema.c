/* SPDX-License-Identifier: MIT */
/* Each node gets its own, unlogged: a statement that came by a link could stop that link. */
#include "cluster/own_schema.h"

#include "cluster/door.h"
#include "cluster/session.h"

enum native_error { NATIVE_FOLDER_THERE = 3678, NATIVE_FOLDER_FOUND = 3681 };

int own_schema_tell_leftover(struct err *err)
{
    if (err == NULL)
        return ERR_BUG;
    if (err->native != NATIVE_FOLDER_THERE && err->native != NATIVE_FOLDER_FOUND)
        return err->code;
    return err_wrap(err, "a clone that was cut short left the folder of a database that is gone: "
                         "remove it from the server's data directory");
}

int own_schema_prepare(const struct service *service, const struct node *node, struct err *err)
{
    static const enum sql_id statements[] = {
        SQL_UNLOGGED,           SQL_LEASE_SCHEMA_DATABASE, SQL_LEASE_SCHEMA_HEARTBEAT,
        SQL_LEASE_SCHEMA_LEASE, SQL_LEASE_SCHEMA_PROBE,    SQL_LEASE_SCHEMA_PAUSE};
    CLEANUP(session_release) struct session session = {0};
    int rc = session_open(service, node, SESSION_CONTROLLER, &session, err);
    if (rc)
        return rc;
    for (size_t i = 0; i < ARRAY_LEN(statements); i++) {
        struct err cause = {0};
        rc = session_exec(&session, statements[i], NULL, 0, &cause);
        if (rc && door_refuses(&session, &cause))
            return 0; /* refused even when all is there */
        if (rc && err) {
            *err = cause;
            (void)err_wrap(err, "preparing the schema cutover");
            (void)own_schema_tell_leftover(err);
        }
        if (rc)
            return rc;
    }
    return 0;
}
