/* SPDX-License-Identifier: MIT */
/*
 * verify/change_reader.h - events of a binary log in, changes out: verify/change_log.h without the
 * connection.
 * Invariant: an event is taken apart completely, or it is an error; changes of an XA transaction
 *            are told when that is committed, by whomever.
 * Threads:   a reader belongs to one thread.
 */
#ifndef CUTOVER_VERIFY_CHANGE_READER_H
#define CUTOVER_VERIFY_CHANGE_READER_H

#include "verify/change_log.h"

struct change_reader;

struct change_reader_options {
    const struct position *from;
    const struct binlog_place *at;       /* NULL, or noted with `from` */
    const struct table_catalog *catalog; /* borrowed */
    uint32_t server_id;                  /* of the server whose log it is */
    struct origin origin;                /* MySQL: its UUID */
    bool is_own_only;
};

MUST_CHECK int change_reader_new(const struct change_reader_options *options,
                                 struct change_reader **out, struct err *err);
void change_reader_free(struct change_reader *reader);
void change_reader_freep(struct change_reader **reader);

/* An event, borrowed until change_reader_take() has answered 0. Errors  ERR_PROTOCOL; ERR_MEMORY */
MUST_CHECK int change_reader_feed(struct change_reader *reader, const unsigned char *event,
                                  size_t len, struct err *err);
/* 1 a change, 0 no more in what was fed. Errors as above. */
MUST_CHECK int change_reader_take(struct change_reader *reader, struct change *out,
                                  struct err *err);

const struct position *change_reader_position(const struct change_reader *reader);
/* Noted with the position. MySQL only. */
const struct binlog_place *change_reader_place(const struct change_reader *reader);
/* When the file was begun that is being read; 0: its description has not come yet. */
uint32_t change_reader_file_born(const struct change_reader *reader);
void change_reader_use(struct change_reader *reader, const struct table_catalog *catalog);

#endif
