/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "domain/service.h"
#include "facts_fixture.h"

static void test_each_side_has_its_primary(void **state UNUSED)
{
    struct service service;
    fixture_service(&service);
    assert_ptr_equal(service_primary(&service, SIDE_OLD), &service.nodes[OLD_PRIMARY]);
    assert_ptr_equal(service_primary(&service, SIDE_NEW), &service.nodes[NEW_PRIMARY]);
    service.nodes[NEW_PRIMARY].is_primary = false;
    assert_null(service_primary(&service, SIDE_NEW));
}

static void test_a_node_is_found_by_its_whole_name(void **state UNUSED)
{
    struct service service;
    fixture_service(&service);
    assert_ptr_equal(service_node(&service, "db1:3307"), &service.nodes[OLD_REPLICA]);
    assert_null(service_node(&service, "db1"));
    assert_null(service_node(&service, "db1:33070"));
}

static void test_release_frees_everything_and_may_be_repeated(void **state UNUSED)
{
    struct service service;
    memset(&service, 0, sizeof(service));
    service.databases = calloc(1, sizeof(char *));
    service.databases[0] = strdup("blog");
    service.database_count = 1;
    service.dns.resolvers = calloc(1, sizeof(char *));
    service.dns.resolvers[0] = strdup("192.0.2.1:53");
    service.dns.resolver_count = 1;
    service.dns.records = calloc(1, sizeof(*service.dns.records));
    service.dns.record_count = 1;
    assert_int_equal(secret_set(&service.dns.token, "hidden", NULL), 0);
    assert_int_equal(secret_set(&service.controller.password, "hidden", NULL), 0);
    service_release(&service);
    assert_null(service.databases);
    assert_int_equal(secret_len(&service.dns.token), 0);
    service_release(&service);
}

static void test_each_link_has_its_own_channel_name(void **state UNUSED)
{
    assert_string_equal(link_channel(SIDE_NEW), "cutover_forward");
    assert_string_equal(link_channel(SIDE_OLD), "cutover_reverse");
    assert_string_equal(link_name(SIDE_NEW), "forward");
    assert_string_equal(link_name(SIDE_OLD), "reverse");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_side_has_its_primary),
        cmocka_unit_test(test_a_node_is_found_by_its_whole_name),
        cmocka_unit_test(test_release_frees_everything_and_may_be_repeated),
        cmocka_unit_test(test_each_link_has_its_own_channel_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
