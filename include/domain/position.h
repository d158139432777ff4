/* SPDX-License-Identifier: MIT */
/*
 * domain/position.h - where a server stands, in its own flavour's terms: a MariaDB GTID list ("up
 *                     to here, in each domain") or a MySQL GTID set ("these transactions").
 * Invariant: positions that are compared come from servers of one flavour; with two flavours
 *            nothing covers anything and nothing is equal. Zeroed memory is the empty position.
 * Threads:   pure.
 */
#ifndef CUTOVER_DOMAIN_POSITION_H
#define CUTOVER_DOMAIN_POSITION_H

#include "domain/gtid.h"
#include "domain/gtid_set.h"
#include "domain/version.h"

#define POSITION_TEXT_SIZE 16384 /* the text of any position fits */

struct position {
    enum flavour flavour; /* FLAVOUR_UNKNOWN: empty */
    union {
        struct gtid_list list; /* FLAVOUR_MARIADB */
        struct gtid_set set;   /* FLAVOUR_MYSQL */
    };
};

/* By what a server marks the transactions it numbers itself: its GTID domain, its server_uuid. */
struct origin {
    enum flavour flavour; /* FLAVOUR_UNKNOWN: not known */
    union {
        uint32_t domain;
        uint8_t uuid[GTID_UUID_SIZE];
    };
};

/* The text of a server of this flavour, "" is the empty position. ERR_PROTOCOL/NONE. */
MUST_CHECK int position_parse(enum flavour flavour, const char *text, struct position *out,
                              struct err *err);
/* The same for a text of ours: only MySQL's form has colons. */
MUST_CHECK int position_parse_any(const char *text, struct position *out, struct err *err);
/* ERR_MEMORY/NONE when it does not fit. */
MUST_CHECK int position_text(const struct position *position, char *out, size_t out_size,
                             struct err *err);
/* For messages: cut short with "..." when it does not fit, "none" when empty. */
void position_show(const struct position *position, char *out, size_t out_size);

/* "7", or a server_uuid. ERR_PROTOCOL/NONE. */
MUST_CHECK int origin_parse(enum flavour flavour, const char *text, struct origin *out,
                            struct err *err);
bool origin_equal(const struct origin *a, const struct origin *b); /* unknown equals nothing */
void origin_text(const struct origin *origin, char out[GTID_UUID_TEXT_SIZE]); /* "" when unknown */

bool position_is_empty(const struct position *position);
bool position_equal(const struct position *a, const struct position *b);

/* Does a server at `applied` have everything of `wanted`? */
bool position_covers(const struct position *applied, const struct position *wanted);

/* How many transactions `applied` lacks of `wanted`; UINT64_MAX across flavours. */
uint64_t position_distance(const struct position *applied, const struct position *wanted);

/* Only what this origin numbered. Of an unknown origin: nothing. */
void position_of(const struct position *position, const struct origin *origin,
                 struct position *out);

/* All but what this origin numbered. */
void position_without(const struct position *position, const struct origin *origin,
                      struct position *out);

/*
 * Of a state, what one server wrote itself. In a MariaDB domain several servers may have written in
 * turn: there the server_id tells.
 */
void position_of_server(const struct position *state, const struct origin *origin,
                        uint32_t server_id, struct position *out);

/* How far an origin has come in a position: grows by one with each of its transactions. */
uint64_t position_reach(const struct position *position, const struct origin *origin);

/*
 * What `wanted` has and `applied` lacks, as far as it can be said: MariaDB's lists say "up to
 * here", so it is the items of `wanted` that are not reached.
 */
void position_missing(const struct position *applied, const struct position *wanted,
                      struct position *out);

/*
 * What a channel has received since it was made, together with what is applied: all that this side
 * has. MariaDB's channels say so by themselves, `received` stays as it is. ERR_MEMORY/NONE; out may
 * be one of the two.
 */
MUST_CHECK int position_join(const struct position *received, const struct position *applied,
                             struct position *out, struct err *err);

/*
 * What a replica's state has and its source's has not: errant transactions. Read the replica's
 * state first, then the source's. MariaDB: states by (domain, server), not positions.
 */
void position_errant(const struct position *state, const struct position *source_state,
                     struct position *out);

#endif
