/* SPDX-License-Identifier: MIT */
/*
 * domain/host_parse.h - readers of what programs of a host print. Nobody but host_probe.c needs it.
 * Threads: pure.
 */
#ifndef CUTOVER_DOMAIN_HOST_PARSE_H
#define CUTOVER_DOMAIN_HOST_PARSE_H

#include "domain/host_probe.h"

/* The lines of one probe, and where its items go; lines may be taken apart. */
struct host_answer {
    char **lines;
    size_t count;
    enum host_probe probe;
    struct survey_list *list;
};

/* One more item, without its secrets. ERR_MEMORY/NONE. */
MUST_CHECK int host_answer_add(const struct host_answer *answer, const char *name,
                               const char *value, const char *example, uint64_t uses,
                               struct err *err);

typedef int host_parse(const struct host_answer *answer, struct err *err);

host_parse host_parse_pairs, host_parse_packages, host_parse_disks, host_parse_limits,
    host_parse_clock, host_parse_ports, host_parse_firewall, host_parse_schedule,
    host_parse_certificates, host_parse_config, host_parse_restart, host_parse_logs;

#endif
