/* SPDX-License-Identifier: MIT */
/*
 * cli/exit_code.h - what the process tells its caller. The man page's list is made from this table.
 * Threads: pure.
 */
#ifndef CUTOVER_CLI_EXIT_CODE_H
#define CUTOVER_CLI_EXIT_CODE_H

#include <stddef.h>

#include "base/err.h"

enum exit_code {
    EXIT_DONE = 0,
    EXIT_USAGE = 1,
    EXIT_CONFIG = 2,
    EXIT_REFUSED = 3,
    EXIT_UNDONE = 4,
    EXIT_PERSON = 5,
    EXIT_ABORTED = 6,
    EXIT_BUSY = 7,
};
#define EXIT_CODE_COUNT 8

struct exit_code_row {
    enum exit_code code;
    const char *meaning;
};
const struct exit_code_row *exit_code_table(size_t *out_count);

/* Nothing failed: EXIT_DONE. A failure that may have changed something, with no step of a run to
 * undo it, needs a person. */
enum exit_code exit_code_of(const struct err *err);

#endif
