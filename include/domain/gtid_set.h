/* SPDX-License-Identifier: MIT */
/*
 * domain/gtid_set.h - MySQL GTID sets: which transactions of which servers a server has executed.
 * Invariant: sources are sorted by (uuid, tag) and unique; the ranges of a source are sorted,
 *            disjoint, and do not touch; every source has at least one range.
 * Source:    MySQL 9.x Reference Manual, "GTID Format and Storage": uuid[:tag]:from[-to]..., where
 *            a tag holds for the ranges that follow it; tags exist since 8.3.
 * Threads:   pure.
 */
#ifndef CUTOVER_DOMAIN_GTID_SET_H
#define CUTOVER_DOMAIN_GTID_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

#define GTID_UUID_SIZE 16
#define GTID_UUID_TEXT_SIZE 37 /* with the final zero */
#define GTID_TAG_SIZE 33
/* What a set may hold. A server with more gaps than this is refused by name, not cut short. */
#define GTID_SOURCE_CAP 64
#define GTID_RANGE_CAP 256

struct gtid_source {
    uint8_t uuid[GTID_UUID_SIZE];
    char tag[GTID_TAG_SIZE]; /* "": untagged */
    uint16_t first_range, range_count;
};

struct gtid_range {
    uint64_t first, last; /* both belong to it; first >= 1 */
};

struct gtid_set {
    struct gtid_source sources[GTID_SOURCE_CAP];
    struct gtid_range ranges[GTID_RANGE_CAP]; /* those of a source are neighbours */
    size_t source_count, range_count;
};

/* "3E11FA47-71CA-11E1-9E33-C80AA9429562" in either case. False when it is nothing of the kind. */
bool gtid_uuid_parse(const char *text, uint8_t out[GTID_UUID_SIZE]);
void gtid_uuid_text(const uint8_t uuid[GTID_UUID_SIZE], char out[GTID_UUID_TEXT_SIZE]);

/*
 * As the server writes it: blanks and line breaks allowed, "" is the empty set; sources and ranges
 * in any order, ranges may touch or overlap. ERR_PROTOCOL/NONE also when it is larger than the
 * caps.
 */
MUST_CHECK int gtid_set_parse(const char *text, struct gtid_set *out, struct err *err);

/* As the server writes it, in one line; ERR_MEMORY/NONE when out_size is too small. */
MUST_CHECK int gtid_set_text(const struct gtid_set *set, char *out, size_t out_size,
                             struct err *err);

bool gtid_set_equal(const struct gtid_set *a, const struct gtid_set *b);

/* How many transactions. */
uint64_t gtid_set_count(const struct gtid_set *set);

/*
 * What `set` has and `taken` has not: GTID_SUBTRACT(). ERR_MEMORY/NONE when the result has more
 * ranges than a set may hold. out may be neither of the two.
 */
MUST_CHECK int gtid_set_subtract(const struct gtid_set *set, const struct gtid_set *taken,
                                 struct gtid_set *out, struct err *err);

/* All that is in either. ERR_MEMORY/NONE as above; out may be one of the two. */
MUST_CHECK int gtid_set_join(const struct gtid_set *a, const struct gtid_set *b,
                             struct gtid_set *out, struct err *err);

/* Everything of `part` is in `set`: GTID_SUBSET(part, set). */
bool gtid_set_contains(const struct gtid_set *set, const struct gtid_set *part);

/* How many transactions of `wanted` are missing in `set`. */
uint64_t gtid_set_missing(const struct gtid_set *set, const struct gtid_set *wanted);

/* Only what the server with this uuid numbered, with all its tags; or all the others. */
void gtid_set_of_uuid(const struct gtid_set *set, const uint8_t uuid[GTID_UUID_SIZE],
                      struct gtid_set *out);
void gtid_set_without_uuid(const struct gtid_set *set, const uint8_t uuid[GTID_UUID_SIZE],
                           struct gtid_set *out);

#endif
