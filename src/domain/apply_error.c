/* SPDX-License-Identifier: MIT */
/* The reason first, the transaction last, the log file not at all: there is little room. */
#include "domain/apply_error.h"

#include <stdio.h>
#include <string.h>

/*
 * "Worker 1 failed executing transaction '...' at source log bin.000001, end_log_pos 523; Could not
 * execute ..."
 */
static const char *reason_of(const char *message)
{
    const char *position = strstr(message, "end_log_pos ");
    const char *reason = position == NULL ? NULL : strstr(position, "; ");
    return reason == NULL ? message : reason + 2;
}

void apply_error_text(const char *message, const char *transaction, char *out, size_t out_size)
{
    char after[160] = "";
    if (transaction[0] != '\0')
        (void)snprintf(after, sizeof(after), " (transaction %.120s)", transaction);
    size_t room = out_size > strlen(after) ? out_size - strlen(after) : 1;
    (void)snprintf(out, out_size, "%.*s%s", (int)room - 1, reason_of(message), after);
}
