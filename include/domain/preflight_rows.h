/* SPDX-License-Identifier: MIT */
/*
 * domain/preflight_rows.h - what the rows of domain/preflight.h share: how a finding is added, and
 *          the sections of the table. Nobody but the table and the rows needs it.
 * Rules:   what was not read is never OK: WARN, or BLOCK where safety rests on it. A node that was
 *          not reached blocks once, in node.reachable; the other rows only warn about it.
 * Threads: pure.
 */
#ifndef CUTOVER_DOMAIN_PREFLIGHT_ROWS_H
#define CUTOVER_DOMAIN_PREFLIGHT_ROWS_H

#include "domain/preflight.h"

/* The function of a row; few need all that it is given. */
#define LOOK(function)                                                                             \
    static void function(const struct service *service UNUSED, const struct facts *facts UNUSED,   \
                         const struct survey *survey UNUSED, const struct check_row *row,          \
                         struct findings *out)

/* Returns the finding (valid until the next one) for finding_fix(), or NULL when out of memory. */
struct finding *finding_add(struct findings *out, const struct check_row *row,
                            enum severity severity, const char *subject, const char *fmt, ...)
    PRINTF_LIKE(5, 6);
void finding_fix(struct finding *finding, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Adds an OK finding when the row has added nothing since the count was `before`. */
void finding_well(struct findings *out, const struct check_row *row, size_t before, const char *fmt,
                  ...) PRINTF_LIKE(4, 5);

/* True, and a warning added, when the node was not reached. */
bool finding_unreached(struct findings *out, const struct check_row *row,
                       const struct node_facts *node);

/* True, and a warning added, when the survey did not read that side. */
bool finding_unread(struct findings *out, const struct check_row *row, const struct survey *survey,
                    enum side side);

/* True, and a warning added, when the survey did not learn that of that side. */
bool finding_untold(struct findings *out, const struct check_row *row, const struct survey *survey,
                    enum side side, enum survey_topic topic);

/* Lets a finding that blocks pass when somebody answers for it. */
void finding_waive(const struct service *service, const struct facts *facts,
                   const struct check_row *row, struct finding *finding);

/* Looks at one row, and lets what it found pass when somebody answers for it. */
void preflight_row_run(const struct check_row *row, const struct service *service,
                       const struct facts *facts, const struct survey *survey,
                       struct findings *out);

/* Each is in preflight_rows_NAME.c: the functions that look, and below them their rows. */
extern const struct check_section preflight_nodes, preflight_pairs, preflight_binlog,
    preflight_fence, preflight_accounts, preflight_applications, preflight_data, preflight_lasting,
    preflight_ready, preflight_settings, preflight_capacity, preflight_upgrade,
    preflight_upgrade_log, preflight_upgrade_schema, preflight_agents_acting, preflight_hosts,
    preflight_services, preflight_network, preflight_dns, preflight_waivers;

#endif
