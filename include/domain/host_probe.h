/* SPDX-License-Identifier: MIT */
/*
 * domain/host_probe.h - what a host was asked over SSH, and what its answers mean. One table: what
 *                       src/remote/inventory.sh calls the probe, where it stands in an inventory,
 *                       who reads it, what of it is a secret.
 * Invariant: a probe that failed, or was never asked, is not YES and has no items; something that
 *            was there and could not be read is an item of the name HOST_UNSEEN.
 * Never:     a secret: every text passes domain/redact.h as its probe's rule says.
 * Threads:   pure.
 */
#ifndef CUTOVER_DOMAIN_HOST_PROBE_H
#define CUTOVER_DOMAIN_HOST_PROBE_H

#include "domain/survey_topic.h"

#define HOST_UNSEEN "(not seen)"

enum host_probe {
    HOST_SYSTEM,       /* name, value */
    HOST_PACKAGES,     /* those that matter to a database: name, version */
    HOST_DISKS,        /* what lies there; uses is the free bytes, example all of them */
    HOST_LIMITS,       /* of the running server: name, soft and hard; uses is the soft one */
    HOST_CLOCK,        /* "synchronized": yes or no, "by" */
    HOST_PORTS,        /* "tcp 3306": from where, and who listens */
    HOST_FIREWALL,     /* a rule with the chain it stands in */
    HOST_SCHEDULE,     /* what touches a database: "crontab: line" */
    HOST_CERTIFICATES, /* file: subject and issuer; example is the end, "Nov 22 ... GMT" */
    HOST_CONFIG,       /* "FILE [group] option": value */
    HOST_RESTART,      /* option as variables are called: what a restart would go by */
    HOST_LOGS,         /* "files"; "bytes" and "bytes a day" in uses */
    HOST_PROBE_COUNT
};

/* How the clock of the host stands to ours; it is certain within `within_us`. */
struct host_clock {
    enum tri is_known;
    int64_t ahead_us, within_us;
};

/* All of a host. Zeroed memory: nothing is known. */
struct host_report {
    struct survey_list probes[HOST_PROBE_COUNT];
    struct host_clock clock;
};
void host_report_release(struct host_report *report);

const char *host_probe_name(enum host_probe probe);    /* of its function: "packages" */
const char *host_probe_section(enum host_probe probe); /* "host packages" */

/* Nothing is known of the host: why. */
void host_report_fail(struct host_report *report, const char *why);

/*
 * Read what src/remote/inventory.sh printed; `text` is taken apart in place.
 * Errors  ERR_MEMORY/NONE; ERR_PROTOCOL/NONE it is not whole
 */
MUST_CHECK int host_report_read(char *text, struct host_report *out, struct err *err);

/*
 * What `date +%s%N` said, between two moments of ours. One that cannot tell parts of a second is
 * known within a second.
 */
void host_clock_read(const char *text, int64_t before_us, int64_t after_us, struct host_clock *out);

/* Does a restart mean the same as the running value? "1M" and 1048576, ON and 1, dashes. */
bool host_option_is(const char *option, const char *running);

#endif
