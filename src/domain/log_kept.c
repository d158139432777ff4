/* SPDX-License-Identifier: MIT */
/* Three settings of one thing. */
#include "domain/log_kept.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DAY_S 86400

int64_t log_kept_s(log_kept_setting *setting, const void *context)
{
    const char *purges = setting(context, "binlog_expire_logs_auto_purge");
    const char *seconds = setting(context, "binlog_expire_logs_seconds");
    const char *days = setting(context, "expire_logs_days");

    if (strcasecmp(purges, "OFF") == 0 || strcmp(purges, "0") == 0)
        return 0;
    if (seconds[0] == '\0' && days[0] == '\0')
        return LOG_KEPT_UNKNOWN;
    int64_t kept_s = strtoll(seconds, NULL, 10);
    return kept_s > 0 ? kept_s : (int64_t)ceil(strtod(days, NULL) * DAY_S);
}
