/* SPDX-License-Identifier: MIT */
/*
 * engine/breath.h - the parts of a cutover during which nobody can write, in one breath.
 * Journal:   the intents of all parts before the commit step are on disk before the first of them
 *            acts; the intent of the commit step is written beside the last proofs and is on disk
 *            before it acts; what came of them waits in memory until users can write again.
 * Crash:     the journal then says "intent" of every part, and the servers are asked: is the side
 *            that was to be opened open? Then all parts before it had ended well, or it would not
 *            be. Is it closed? Then nothing was committed, and what was begun is undone.
 * Threads:   the driver's; one of its own, with a journal of its own, writes the intent of the
 *            commit step. A run that ends meanwhile asks and undoes without waiting for it.
 */
#ifndef CUTOVER_ENGINE_BREATH_H
#define CUTOVER_ENGINE_BREATH_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"

#define BREATH_PART_CAP 16

struct journal;
struct run;

struct breath {
    bool is_on;
    size_t first, commit;                                         /* parts */
    int64_t began_us[BREATH_PART_CAP], ended_us[BREATH_PART_CAP]; /* monotonic; 0 not yet */
    int64_t journal_us;                                           /* waited for the disk */
    struct buf said;    /* lines for the log, each with its NUL: the terminal may be slow */
    bool had_committed; /* before: by an earlier step of the playbook */

    /* the intent of the commit step */
    bool has_thread, has_intent, is_tried;
    pthread_t thread;
    struct journal *beside; /* the thread's; NULL: the part that commits writes it itself */
    int rc;
    struct err err;
};

/*
 * Is this part taken in a breath? Not when the commit part has been found done: then a part before
 * it that is not true any more is done again like any other, and nobody waits for it.
 */
bool breath_is_due(const struct run *run, size_t index);
/*
 * Instead of lease check and intent, before each such part: the first takes the breath, that is the
 * lease is checked and the intents go to disk; the commit part waits until its own is there.
 */
MUST_CHECK int breath_part(struct run *run, size_t index, struct err *err);
/* From here on only what is in our own hands is missing: write the intent of the commit step. */
void breath_commit_early(struct run *run);
/* Before what else is written to the journal at once: until that intent is written, or was not. */
void breath_wait(struct run *run);
/* Parts first..last are over, well or not: write what came of them. Nothing when it is not on. */
MUST_CHECK int breath_end(struct run *run, struct err *err);
/* What waits is lost, and the thread has ended. */
void breath_release(struct run *run);

/*
 * What the pause that has just ended consisted of: {ms, forecast_ms, parts: {what: ms}}, and as
 * text. NULL when out of memory.
 */
json_t *breath_split(const struct run *run, char *out, size_t out_size);

/* A line for the log, at once or when the breath is over. */
void breath_say(struct run *run, const char *text);

/* The last part of the breath that part `index` belongs to. */
size_t breath_last(const struct run *run, size_t index);
/* The first one. */
size_t breath_first(const struct run *run, size_t index);

#endif
