/* SPDX-License-Identifier: MIT */
/*
 * io/child.h - another process of this program: started, watched, stopped and killed by its parent.
 * Invariant: a child that still runs when it is released is ended in order (SIGTERM) and waited
 *            for: none is left behind. One whose parent is killed is told to stop as well
 *            (child_ends_with_parent()).
 * Threads:   a child belongs to one thread. Starting one is safe while other threads run.
 */
#ifndef CUTOVER_IO_CHILD_H
#define CUTOVER_IO_CHILD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/err.h"

enum child_state {
    CHILD_NONE,
    CHILD_RUNS,
    CHILD_PAUSED, /* stopped by a signal, its own or another's */
    CHILD_ENDED,  /* exit_code counts */
    CHILD_KILLED, /* by a signal */
};

struct child {
    pid_t pid;
    enum child_state state;
    int exit_code;     /* CHILD_ENDED */
    int signal_number; /* CHILD_KILLED, CHILD_PAUSED */
};

/*
 * Execute `path` with the streams of this process. NAME=VALUE is added to its environment, or NULL.
 * Errors  ERR_IO/NONE it was not started
 */
MUST_CHECK int child_start(struct child *child, const char *path, const char *const *argv,
                           const char *extra_environment, struct err *err);
/*
 * Execute argv[0], looked up in PATH, with pipes for its streams: ours are the other ends, which do
 * not block; the caller closes them. Signals are as a shell would leave them.
 * Errors  ERR_IO/NONE it was not started
 */
MUST_CHECK int child_start_piped(struct child *child, const char *const *argv, int *out_input,
                                 int *out_output, int *out_errors, struct err *err);
/* What has become of it; does not wait. */
enum child_state child_look(struct child *child);
/* Until it has ended. ERR_TIMEOUT/UNKNOWN; absolute, clock_mono_ms(). */
MUST_CHECK int child_wait(struct child *child, int64_t deadline_ms, struct err *err);
/* Nothing when it has ended. */
void child_signal(const struct child *child, int signal_number);
void child_release(struct child *child); /* zeroed memory allowed */

/* In the child: when the process that started it dies, however, this one gets SIGTERM. */
void child_ends_with_parent(void);

#endif
