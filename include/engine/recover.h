/* SPDX-License-Identifier: MIT */
/*
 * engine/recover.h - what a run does about its past; for the driver (run.c) only.
 * Threads: the driver's thread.
 */
#ifndef CUTOVER_ENGINE_RECOVER_H
#define CUTOVER_ENGINE_RECOVER_H

#include "engine/driver.h"

/*
 * Is there an unfinished run with something to undo or to finish? ERR_REFUSED/NONE names it and
 * both ways out. A superseding run (rollback) closes it instead.
 */
MUST_CHECK int run_check_earlier(struct run *run, struct err *err);

/* The first and the last part of the playbook step that part `index` belongs to. */
size_t run_first_part(const struct run *run, size_t index);
size_t run_last_part(const struct run *run, size_t index);
/* The last part that has begun; 0 when none has. */
size_t run_last_begun(const struct run *run);
/* Has a commit step among the parts first..last begun, and not been found undone? */
bool run_has_committed(const struct run *run, size_t first, size_t last);

/*
 * Undo what was begun of the parts first..last, newest first; not to be interrupted by signals.
 * Stops at the first failure.
 */
MUST_CHECK int run_undo(struct run *run, size_t first, size_t last, struct err *err);

/*
 * When part `index` is a commit step that has begun and the servers say that it did not happen, the
 * run counts as not committed again. Otherwise nothing changes. ERR_IO when that cannot be put on
 * disk.
 */
MUST_CHECK int run_take_back_commit(struct run *run, size_t index, struct err *err);

/*
 * After that: ERR_LOST/NONE when part `index` is to open a side and it cannot be told whether it
 * did. What comes next could open the other side.
 */
MUST_CHECK int run_check_sure(struct run *run, size_t index, struct err *err);

/* Decide about the part that was under way when the run ended, so that the walk can go on. */
MUST_CHECK int run_prepare_resume(struct run *run, struct err *err);

#endif
