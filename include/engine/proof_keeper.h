/* SPDX-License-Identifier: MIT */
/*
 * engine/proof_keeper.h - the proof of a run, and what the journal keeps of it.
 * Kept:    for each source side, from where the logs have to be read again, the full pass it rests
 *          on, and how it stood last: a later run goes on from there. A certificate made inside a
 *          fence is the beginning of the proof for the way back.
 * Failing: that no proof can be kept is told, and stops nothing: the gates say what that means.
 * Threads: the driver's.
 */
#ifndef CUTOVER_ENGINE_PROOF_KEEPER_H
#define CUTOVER_ENGINE_PROOF_KEEPER_H

#include "engine/driver.h"
#include "verify/proof.h"

/*
 * Before a full pass. is_resumed: the pass goes on with an earlier one, so the logs are read from
 * where they were then; without that there is no proof.
 */
MUST_CHECK int proof_keeper_start(struct run *run, enum side source, bool is_resumed,
                                  struct err *err);
/* The full pass has ended. */
MUST_CHECK int proof_keeper_rest(struct run *run, const struct verify_report *pass,
                                 struct err *err);
/* Go on with the proof of an earlier run, when there is one; otherwise nothing. */
void proof_keeper_revive(struct run *run, enum side source);
/* At every tick of the driver. */
MUST_CHECK int proof_keeper_tick(struct run *run, struct err *err);
void proof_keeper_drop(struct run *run);
/* The data of a side is replaced: nothing of before counts. */
MUST_CHECK int proof_keeper_forget(struct run *run, struct err *err);

/* False: no proof is kept for that source; why into `problem` (256 bytes). */
bool proof_keeper_look(const struct run *run, enum side source, struct proof_status *out,
                       char *problem);

/*
 * The set of rows that a last look would have to compare is kept as small as it gets, without
 * manners; then nothing is begun any more that a last look would have to wait for. Ends with the
 * seal, or when writes go on: proof_keeper_calm().
 */
void proof_keeper_hurry(struct run *run);
void proof_keeper_fenced(struct run *run);
void proof_keeper_calm(struct run *run);

/*
 * Prove the rest and put the certificate into the journal; inside a fence when the run is in one.
 * out_differences  the caller releases it
 * Errors  those of proof_settle()
 */
MUST_CHECK int proof_keeper_seal(struct run *run, enum side source, int64_t limit_ms,
                                 struct verify_report *out_differences, struct err *err);

#endif
