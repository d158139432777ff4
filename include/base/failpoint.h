/* SPDX-License-Identifier: MIT */
/*
 * base/failpoint.h - named places where a test may kill or stop the process.
 * CUTOVER_FAILPOINT="kill@cut-over.open-to.after-act" (kill, term, int, pause, nap or error @
 * name[#n-th hit]) arms one point, or several with commas between; unset costs one branch.
 * Places of a part are STEP.PART. and before-act, between-acts, after-act, after-verify,
 * after-outcome, before-undo, between-undos, after-undo (engine/step.c).
 * Threads: armed once by main; hits may come from any thread.
 */
#ifndef CUTOVER_BASE_FAILPOINT_H
#define CUTOVER_BASE_FAILPOINT_H

#include "base/attr.h"
#include "base/err.h"

/* Read the environment; ERR_USAGE/NONE when the value cannot be understood. */
MUST_CHECK int failpoint_arm_from_env(struct err *err);

/*
 * kill: SIGKILL to ourselves; term/int: that signal to ourselves; pause: SIGSTOP to ourselves, 0
 * once SIGCONT came; nap: this thread alone stays here for three seconds; error: returns
 * ERR_SERVER/UNKNOWN. Otherwise 0.
 */
MUST_CHECK int failpoint_hit(const char *name, struct err *err);

#endif
