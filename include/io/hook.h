/* SPDX-License-Identifier: MIT */
/*
 * io/hook.h - somebody else's program, given a text on its standard input and a time to end in.
 * Invariant: it gets no file of ours but that text, no environment but what is passed, and a
 *            process group of its own, of which nothing is left when this returns.
 * Threads:   any; the caller's waits.
 */
#ifndef CUTOVER_IO_HOOK_H
#define CUTOVER_IO_HOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

struct hook {
    const char *path;               /* absolute */
    const char *const *environment; /* NAME=VALUE, NULL-terminated */
    const char *input;
    size_t input_len;
    int64_t timeout_ms;
    /* Asked all the time; true: nobody waits for it any more. NULL = never. */
    bool (*is_unwanted)(void *context);
    void *context;
};

/*
 * 0 when it ended with exit status 0. After its time its group gets SIGTERM, two seconds later
 * SIGKILL.
 *
 * Errors  ERR_REFUSED/APPLIED another exit status, or a signal, which the text names;
 *         ERR_TIMEOUT/UNKNOWN, ERR_STOPPED/UNKNOWN it was killed; ERR_IO/NONE it was not started
 */
MUST_CHECK int hook_run(const struct hook *hook, struct err *err);

#endif
