/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cluster/tunnels.h"

static void test_no_password_leaves_a_host_unencrypted_to_be_tried(void **state UNUSED)
{
    static struct service service;
    const struct node far = {.host = "192.0.2.7"}, name = {.host = "db1"},
                      here = {.host = "127.0.0.1"};

    service.tls.mode = TLS_OFF;
    assert_true(tunnels_show_password(&service, &far));
    assert_true(tunnels_show_password(&service, &name));
    assert_false(tunnels_show_password(&service, &here));
    service.tls.mode = TLS_REQUIRED;
    assert_false(tunnels_show_password(&service, &far));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_password_leaves_a_host_unencrypted_to_be_tried),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
