/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/address.h"
#include "base/attr.h"

static void test_every_address_is_local_private_or_public(void **state UNUSED)
{
    static const struct {
        const char *text;
        enum address_reach reach;
    } rows[] = {
        {"127.0.0.1", ADDRESS_LOCAL},
        {"127.255.1.2", ADDRESS_LOCAL},
        {"::1", ADDRESS_LOCAL},
        {"::ffff:127.0.0.1", ADDRESS_LOCAL},
        {"10.0.0.1", ADDRESS_PRIVATE},
        {"172.16.0.1", ADDRESS_PRIVATE},
        {"172.31.255.255", ADDRESS_PRIVATE},
        {"192.168.4.1", ADDRESS_PRIVATE},
        {"169.254.1.1", ADDRESS_PRIVATE},
        {"100.64.0.1", ADDRESS_PRIVATE},
        {"100.127.255.255", ADDRESS_PRIVATE},
        {"fd12:3456::1", ADDRESS_PRIVATE},
        {"fc00::1", ADDRESS_PRIVATE},
        {"fe80::1%eth0", ADDRESS_PRIVATE},
        {"::ffff:192.168.0.1", ADDRESS_PRIVATE},
        {"128.0.0.1", ADDRESS_PUBLIC},
        {"11.0.0.1", ADDRESS_PUBLIC},
        {"172.15.255.255", ADDRESS_PUBLIC},
        {"172.32.0.0", ADDRESS_PUBLIC},
        {"192.167.0.1", ADDRESS_PUBLIC},
        {"192.169.0.1", ADDRESS_PUBLIC},
        {"100.63.255.255", ADDRESS_PUBLIC},
        {"100.128.0.0", ADDRESS_PUBLIC},
        {"203.0.113.9", ADDRESS_PUBLIC},
        {"2001:db8::1", ADDRESS_PUBLIC},
        {"fec0::1", ADDRESS_PUBLIC},
        {"::ffff:203.0.113.9", ADDRESS_PUBLIC},
        {"", ADDRESS_UNKNOWN},
        {"db1.example.net", ADDRESS_UNKNOWN},
        {"%eth0", ADDRESS_UNKNOWN},
        {"10.0.0", ADDRESS_UNKNOWN},
        {"10.0.0.1:3306", ADDRESS_UNKNOWN},
        {"[::1]", ADDRESS_UNKNOWN},
        {"0000000000000000000000000000000000000000000000000::1", ADDRESS_UNKNOWN},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (address_reach(rows[i].text) != rows[i].reach)
            fail_msg("%s is taken for %s", rows[i].text,
                     address_reach_name(address_reach(rows[i].text)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_address_is_local_private_or_public),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
