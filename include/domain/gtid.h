/* SPDX-License-Identifier: MIT */
/*
 * domain/gtid.h - MariaDB GTID lists: a position is "everything up to here, in each domain".
 * Invariant: items are sorted by (domain, server) and unique in that pair.
 * Source:    MariaDB Knowledge Base, "Global Transaction ID"; @@gtid_binlog_pos has one item per
 *            domain, @@gtid_binlog_state one per (domain, server_id).
 * Threads:   pure.
 */
#ifndef CUTOVER_DOMAIN_GTID_H
#define CUTOVER_DOMAIN_GTID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

#define GTID_ITEM_CAP 64

struct gtid {
    uint32_t domain;
    uint32_t server;
    uint64_t sequence;
};

struct gtid_list {
    struct gtid items[GTID_ITEM_CAP];
    size_t count;
};

/* "0-1-5,1-101-36" (blanks and newlines allowed, "" is the empty list). ERR_PROTOCOL/NONE. */
MUST_CHECK int gtid_list_parse(const char *text, struct gtid_list *out, struct err *err);

/* Text form into out; ERR_MEMORY/NONE when out_size is too small. */
MUST_CHECK int gtid_list_text(const struct gtid_list *list, char *out, size_t out_size,
                              struct err *err);

/* Highest sequence of the domain over all servers; 0 when the domain is absent. */
uint64_t gtid_list_sequence(const struct gtid_list *list, uint32_t domain);

/*
 * Does a server at position `applied` have everything of `wanted`? Compares per domain, by
 * sequence.
 */
bool gtid_list_covers(const struct gtid_list *applied, const struct gtid_list *wanted);
bool gtid_list_equal(const struct gtid_list *a, const struct gtid_list *b);

/* Only the items of one domain. */
void gtid_list_filter(const struct gtid_list *list, uint32_t domain, struct gtid_list *out);

/* How many transactions `applied` lacks of `wanted`, summed over domains. */
uint64_t gtid_list_distance(const struct gtid_list *applied, const struct gtid_list *wanted);

/*
 * Items of `state` (a @@gtid_binlog_state) that `source_state` does not have: same (domain, server)
 * with a lower or absent sequence there. These are errant when `state` belongs to a replica of that
 * source. Read the replica's state first, then the source's.
 */
void gtid_list_errant(const struct gtid_list *state, const struct gtid_list *source_state,
                      struct gtid_list *out);

#endif
