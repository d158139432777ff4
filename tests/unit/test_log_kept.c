/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/attr.h"
#include "domain/log_kept.h"

struct answers {
    const char *purges, *seconds, *days;
};

static const char *setting(const void *context, const char *name)
{
    const struct answers *answers = context;
    if (strcmp(name, "binlog_expire_logs_auto_purge") == 0)
        return answers->purges;
    return strcmp(name, "expire_logs_days") == 0 ? answers->days : answers->seconds;
}

static void test_of_three_settings_one_counts(void **state UNUSED)
{
    static const struct {
        struct answers answers;
        int64_t kept_s;
    } rows[] = {
        {{"", "3600", ""}, 3600},
        {{"", "", "10"}, 864000},
        {{"", "", "0.000010"}, 1}, /* MariaDB takes fractions; none of them is for ever */
        {{"", "3600", "1"}, 3600},
        {{"", "0", "2"}, 172800}, /* MySQL 8.0 */
        {{"", "0", "0"}, 0},
        {{"", "0", ""}, 0},
        {{"ON", "3600", ""}, 3600},
        {{"1", "3600", ""}, 3600},
        {{"OFF", "3600", ""}, 0},
        {{"0", "3600", ""}, 0},
        {{"", "", ""}, LOG_KEPT_UNKNOWN},
        {{"ON", "", ""}, LOG_KEPT_UNKNOWN},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (log_kept_s(setting, &rows[i].answers) != rows[i].kept_s)
            fail_msg("row %zu", i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_of_three_settings_one_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
