/* SPDX-License-Identifier: MIT */
/*
 * domain/log_kept.h - how long a server keeps its binary log.
 * Threads: pure.
 */
#ifndef CUTOVER_DOMAIN_LOG_KEPT_H
#define CUTOVER_DOMAIN_LOG_KEPT_H

#include <stdint.h>

#define LOG_KEPT_UNKNOWN INT64_C(-1)

/* The value of a global variable; "" when the server has none of that name. */
typedef const char *log_kept_setting(const void *context, const char *name);

/*
 * Seconds after which it deletes a file by itself; 0: never. LOG_KEPT_UNKNOWN when it said neither
 * seconds nor days.
 * Source: MySQL Reference Manual, binlog_expire_logs_seconds (of the two the one that is not 0
 * counts), binlog_expire_logs_auto_purge; MariaDB documentation, expire_logs_days (a fraction may
 * be given)
 */
int64_t log_kept_s(log_kept_setting *setting, const void *context);

#endif
