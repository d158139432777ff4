/* SPDX-License-Identifier: MIT */
/*
 * domain/preflight_settings.h - what the rows about upgrades ask of a survey. Nobody but those rows
 * needs it.
 * Threads: pure.
 */
#ifndef CUTOVER_DOMAIN_PREFLIGHT_SETTINGS_H
#define CUTOVER_DOMAIN_PREFLIGHT_SETTINGS_H

#include "domain/preflight_rows.h"

/* The value of a global variable there; "" when that server has no such variable. */
const char *setting_of(const struct survey *survey, enum side side, const char *name);

/* Does that server have such a variable? */
bool setting_exists(const struct survey *survey, enum side side, const char *name);

/* "ON" and "1" are on. */
bool setting_is_on(const struct survey *survey, enum side side, const char *name);

/* True, and a warning added, when the settings of one of the two sides are not known. */
bool settings_untold(struct findings *out, const struct check_row *row,
                     const struct survey *survey);

/*
 * The version of that side's primary; NULL when it was not reached, and a warning added when
 * out is not NULL.
 */
const struct server_version *version_of(const struct facts *facts, enum side side,
                                        const struct check_row *row, struct findings *out);

/* Does that server know this collation, under this or an equal name? */
bool collation_is_known(const struct survey *survey, enum side side, const char *collation);

/* How many seconds binary logs are kept, as domain/log_kept.h has it. */
int64_t logs_kept_s(const struct survey *survey, enum side side);

/* "Nov 22 17:30:00 2027 GMT" as seconds since 1970; false when it is no such text. */
bool certificate_end(const char *text, int64_t *out_s);
#define CERTIFICATE_WARN_DAYS 14

/* What would stop the way there blocks; what would stop the way back warns. */
enum severity severity_from(enum side source);

#endif
