/* SPDX-License-Identifier: MIT */
/*
 * The heartbeat rows of the copied moment. They are replicated like the service's own rows, so a
 * side that lacked them would stop at the next beat: it is logged as an update of a row that must
 * be there.
 */
#include "cluster/seed_job.h"

enum native_error { NATIVE_NO_SUCH_DATABASE = 1049, NATIVE_NO_SUCH_TABLE = 1146 };

int seed_copy_heartbeats(struct session *snapshot, struct seed_targets *targets, struct err *err)
{
    CLEANUP(db_result_release) struct db_result beats = {0};
    int rc = session_query(snapshot, SQL_HEARTBEAT_READ, NULL, 0, &beats, err);

    if (rc == ERR_SERVER &&
        (err->native == NATIVE_NO_SUCH_TABLE || err->native == NATIVE_NO_SUCH_DATABASE))
        return 0; /* no beat was ever written, so none is going to be updated */
    if (!rc)
        rc = seed_targets_exec(targets, SQL_SEED_HEARTBEATS_CLEAR, NULL, 0, err);
    for (size_t i = 0; i < beats.row_count && !rc; i++) {
        const struct sql_arg args[] = {{"server_id", result_text(&beats, i, "server_id")},
                                       {"beat_us", result_text(&beats, i, "beat_us")}};
        rc = seed_targets_exec(targets, SQL_SEED_HEARTBEAT_PUT, args, ARRAY_LEN(args), err);
    }
    return rc ? err_wrap(err, "copying heartbeats") : 0;
}
