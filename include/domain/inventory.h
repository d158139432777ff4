/* SPDX-License-Identifier: MIT */
/*
 * domain/inventory.h - what two sides are made of, as one JSON document, and what differs between
 *                      its sides or between two of them.
 * Form:      {"inventory": 1, "service", "taken", "taken_us", "sides": {"old", "new"}}; a side is
 *            {"is_read", "error", "sections": {SECTION: {name: text}}, "unread": {SECTION: why}};
 *            the sections of sizes have numbers: bytes, microseconds. "paths" is there when the
 *            ways between hosts were measured, and has a text for what could not be.
 * Never:     a secret. What proves who an account is comes as a digest of a digest; a variable that
 *            may hold a password has its value replaced.
 * Threads:   pure.
 */
#ifndef CUTOVER_DOMAIN_INVENTORY_H
#define CUTOVER_DOMAIN_INVENTORY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/json.h"
#include "domain/service.h"

#define INVENTORY_FORM 1
#define INVENTORY_HIDDEN "(not recorded)"

/* Every section that a document has, in order. */
struct inventory_section {
    const char *name, *title;
    bool is_own;  /* belongs to the server: between sides it differs by nature */
    bool is_size; /* of numbers, which change all the time */
};
const struct inventory_section *inventory_sections(size_t *out_count);

/* May this variable hold something that nobody but the server should know? */
bool inventory_is_secret(const char *variable, const char *value);

/* An empty document, both sides unread; NULL when out of memory. */
json_t *inventory_new(const char *service, int64_t taken_us);

/* Of a document, borrowed: {} for what it does not have. */
json_t *inventory_side(const json_t *document, enum side side);
const json_t *inventory_section_of(const json_t *document, enum side side, const char *section);
bool inventory_is_read(const json_t *document, enum side side);

/* A section that was read is there, also when nothing is in it. */
MUST_CHECK int inventory_begin_section(json_t *side, const char *section, struct err *err);
/* Add a name to a section of a side. Secrets of "variables" are left out here. */
MUST_CHECK int inventory_put(json_t *side, const char *section, const char *name, const char *value,
                             struct err *err);
MUST_CHECK int inventory_put_number(json_t *side, const char *section, const char *name,
                                    int64_t number, struct err *err);
/* One section could not be read while others were: nothing of it is known. */
MUST_CHECK int inventory_put_unread(json_t *side, const char *section, const char *why,
                                    struct err *err);
/* Why that section was not read; NULL when it was. */
const char *inventory_unread(const json_t *document, enum side side, const char *section);
/*
 * What was measured of the ways between hosts, beside the sides that were read: names such as
 * "A to B: bytes a second", a number or why there is none. Effect of an error: some may be there.
 */
struct survey;
MUST_CHECK int inventory_put_paths(json_t *document, const struct survey *survey, struct err *err);
/* The end of a side: it was read, or why not; half of an answer is none. */
MUST_CHECK int inventory_end_side(json_t *side, const struct err *why, struct err *err);

int64_t inventory_bytes(const json_t *document, enum side side); /* of all tables */

/*
 * What differs between the two sides of one document, as
 * {"changes": [{"section", "name", "before", "after"}]}: null for what is absent. What belongs to a
 * server by nature (names, ports, files, positions, sizes) is left out. Both kinds of diff have
 * "unread": [{"section", "side", "why"}], the sections that could not be compared.
 * Errors  ERR_REFUSED/NONE a side was not read: nothing is known; ERR_MEMORY/NONE
 */
MUST_CHECK int inventory_diff_sides(const json_t *document, json_t **out, struct err *err);

/*
 * What changed between two documents, each change with its "side", and how the sizes grew:
 * {"changes": [...], "growth": {"old": {"before", "after", "bytes_per_day", "disks"}, "new": ...},
 * "paths": {"old": {NAME: {"before", "after"}}, "new": ...}}, of the ways measured both times.
 * A side that neither has read is left out. bytes_per_day is null below an hour. disks has those
 * whose host was asked both times: {NAME: {"free_before", "free_after", "lost_per_day",
 * "full_in_days"}}; full_in_days is null unless it fills, and supposes that it goes on as between
 * the two.
 * Errors  ERR_REFUSED/NONE a side was read in one of them only; ERR_MEMORY/NONE
 */
MUST_CHECK int inventory_diff_days(const json_t *before, const json_t *after, json_t **out,
                                   struct err *err);

#endif
