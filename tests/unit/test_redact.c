/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "domain/redact.h"

#define SECRET "Hunter2"

static const char *redacted(const char *text)
{
    static char out[512];
    CLEANUP(buf_release) struct buf buf;
    buf_init(&buf, sizeof(out));
    redact_line(text, &buf);
    assert_true(buf.len < sizeof(out));
    memcpy(out, buf_text(&buf), buf.len + 1);
    return out;
}

static void test_no_way_to_write_a_password_gets_through(void **state UNUSED)
{
    static const char *const lines[] = {
        "0 3 * * * root mysqldump -uroot -pHunter2-Secret --all-databases",
        "mysqldump -u root -p Hunter2-Secret blog",
        "mysqldump --password=Hunter2-Secret blog",
        "mysqldump --password Hunter2-Secret blog",
        "mysqldump \"--password=Hunter2-Secret\" blog",
        "MYSQL_PWD=Hunter2-Secret mysqldump blog",
        "P=Hunter2-Secret mysqldump -p$P blog",
        "P='Hunter2-Secret and more' mysqldump -p\"$P\" blog",
        "mysql -e \"SET PASSWORD FOR a = 'Hunter2-Secret'\"",
        "mysql -e 'ALTER USER a IDENTIFIED BY \"Hunter2-Secret\"'",
        "ALTER USER a IDENTIFIED BY 'Hunter2-Secret'",
        "SET PASSWORD FOR a = 'Hunter2-Secret'",
        "mysqldump --user=a password = Hunter2-Secret",
        "echo Hunter2-Secret; mysqldump blog",
        "echo 'a|Hunter2-Secret' | mysqldump -p blog",
        "echo Hunter2-Secret|mysqldump -p blog",
        "echo Hunter2-Secret | mysqldump -p blog",
        "printf '[client]\\npassword=Hunter2-Secret' > x; mysqldump --defaults-file=x",
        "sshpass -p Hunter2-Secret ssh db1 mysqldump",
        "curl -u backup:Hunter2-Secret https://example.com/dump",
        "curl https://backup:Hunter2-Secret@example.com/dump",
        "curl https://backup@example.com/dump?token=Hunter2-Secret",
        "curl https://example.com/dump?token=Hunter2-Secret",
        "curl -H 'Authorization: Bearer Hunter2-Secret' https://example.com",
        "mydumper --password=Hunter2-Secret -B blog",
        "mysqldump --defaults-extra-file=<(echo password=Hunter2-Secret)",
        "mysql <<< Hunter2-Secret",
        "BORG_PASSPHRASE='Hunter2-Secret' borg create /srv /var/lib/mysql",
        "mysqldump \"-pHunter2-Secret\" blog",
        "mysqladmin password Hunter2-Secret",
        "redis-cli -a Hunter2-Secret save",
    };
    for (size_t i = 0; i < ARRAY_LEN(lines); i++)
        if (strstr(redacted(lines[i]), SECRET) != NULL)
            fail_msg("%s", redacted(lines[i]));
}

static void test_what_a_line_does_can_still_be_read(void **state UNUSED)
{
    static const char *const lines[] = {
        "/etc/cron.d/backup: 0 3 * * * root /usr/bin/mariadb-dump -u root --all-databases | gzip",
        "mysqldump --single-transaction -h db1 -P 3306 blog > /srv/blog.sql",
        "PATH=/usr/bin:/bin run-parts /etc/cron.daily",
        "nft: table inet filter chain input tcp dport 3306 accept",
        "",
    };
    for (size_t i = 0; i < ARRAY_LEN(lines); i++)
        assert_string_equal(redacted(lines[i]), lines[i]);
    assert_string_equal(redacted("mysqldump -uroot -pHunter2 blog"),
                        "mysqldump -uroot -p" REDACTED " blog");
    assert_string_equal(redacted("curl https://me:Hunter2@example.com/x"),
                        "curl https://" REDACTED "@example.com/x");
}

static void test_options_that_hold_secrets_are_known_by_their_names(void **state UNUSED)
{
    assert_true(redact_is_secret("password") && redact_is_secret("master-password") &&
                redact_is_secret("wsrep_sst_auth") && redact_is_secret("loose-api_token"));
    assert_false(redact_is_secret("ssl_key") || redact_is_secret("key_buffer_size") ||
                 redact_is_secret("author"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_way_to_write_a_password_gets_through),
        cmocka_unit_test(test_what_a_line_does_can_still_be_read),
        cmocka_unit_test(test_options_that_hold_secrets_are_known_by_their_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
