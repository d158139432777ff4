/* SPDX-License-Identifier: MIT */
/*
 * io/db_answer.h - a whole answer of the text protocol, of which only names and values are wanted.
 * Why:     a look at a node has some sixty columns. The library stores of each all that was sent,
 *          twice, which costs more than the rest of the look.
 * Library: Connector/C, whose packets can be had; with Oracle's it is db_read_answer().
 * Threads: as io/db.h.
 * Source   MySQL manual, "Text Resultset"
 */
#ifndef CUTOVER_IO_DB_ANSWER_H
#define CUTOVER_IO_DB_ANSWER_H

#include "io/db_inner.h"

/*
 * The answer to what db_send() sent, which has begun to arrive.
 * Errors  as db_query(); ERR_PROTOCOL when it has several results, or makes no sense: then the
 *         connection is given up
 */
MUST_CHECK int db_answer_read(struct db *db, const struct db_statement *statement,
                              struct db_result *out, struct err *err);

#endif
