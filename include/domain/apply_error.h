/* SPDX-License-Identifier: MIT */
/*
 * domain/apply_error.h - what a failed applier of a MySQL channel says, made short enough for a
 * line: the status of the channel only says that its coordinator stopped.
 * Threads: pure.
 */
#ifndef CUTOVER_DOMAIN_APPLY_ERROR_H
#define CUTOVER_DOMAIN_APPLY_ERROR_H

#include <stddef.h>

/*
 * "Duplicate entry '1' for key 't.PRIMARY'; ... (transaction 3e11fa47-...:23)", cut to fit before
 * the transaction.
 * message      LAST_ERROR_MESSAGE, which begins with where in which log file it happened
 * transaction  the one that failed; "" when the server does not say
 */
void apply_error_text(const char *message, const char *transaction, char *out, size_t out_size);

#endif
