/* SPDX-License-Identifier: MIT */
/*
 * cluster/link_error.h - why a channel stopped applying. The status of a MySQL channel with several
 * appliers only says that its coordinator stopped; the text that helps is with the applier.
 * Threads: the caller's.
 */
#ifndef CUTOVER_CLUSTER_LINK_ERROR_H
#define CUTOVER_CLUSTER_LINK_ERROR_H

#include "cluster/session.h"

#define LINK_ERROR_SIZE 384

/* Among the rows of link_workers: the applier of the channel that failed; -1 when none did. */
int64_t link_error_row(const struct db_result *workers, const char *channel);

/* The text of a row as domain/apply_error.h has it, and its number. */
void link_error_take(const struct db_result *workers, size_t row, unsigned *native, char *out,
                     size_t out_size);

/*
 * Ask a server and take the first failed applier's error. Everything stays as it is when there is
 * none, or when it cannot be asked.
 */
void link_error_of_workers(struct session *replica, const char *channel, unsigned *native,
                           char *out, size_t out_size);

#endif
