/* SPDX-License-Identifier: MIT */
/* The table of routes and the description of the API name the same, and the same who may ask. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "ctl/routes.h"
#include "ctl/www.h"

static json_t *description;

static int setup(void **state)
{
    struct err err = {0};

    (void)state;
    for (size_t i = 0; i < www_file_count; i++)
        if (strcmp(www_files[i].name, "openapi.json") == 0)
            return json_parse(www_files[i].bytes, (size_t)(www_files[i].end - www_files[i].bytes),
                              &description, &err);
    return -1;
}

static int teardown(void **state)
{
    (void)state;
    json_decref(description);
    return 0;
}

static const json_t *described(const struct route *route)
{
    char path[96];
    const char *method;
    json_t *operation;

    (void)snprintf(path, sizeof path, "%s%s", route->path, route->is_prefix ? "{name}" : "");
    json_t *methods = json_object_get(json_object_get(description, "paths"), path);
    json_object_foreach(methods, method, operation)
    {
        if (strcasecmp(method, route->method) == 0)
            return operation;
    }
    return NULL;
}

static void test_every_route_is_described_with_who_may_ask(void **state)
{
    size_t count;
    const struct route *rows = route_table(&count);

    (void)state;
    for (size_t i = 0; i < count; i++) {
        const json_t *operation = described(&rows[i]);
        if (!operation)
            fail_msg("%s %s is not described", rows[i].method, rows[i].path);
        assert_string_equal(json_text_or(operation, "x-role", ""), role_name(rows[i].role));
        assert_int_equal(json_object_get(operation, "security") != NULL,
                         rows[i].role == ROLE_ANYBODY);
        const json_t *answers = json_object_get(operation, "responses");
        assert_int_equal(json_object_get(answers, "401") != NULL &&
                             strcmp(rows[i].path, "/api/login") != 0,
                         rows[i].role != ROLE_ANYBODY);
    }
}

static void test_nothing_is_described_that_is_no_route(void **state)
{
    const json_t *paths = json_object_get(description, "paths");
    size_t count, described_count = 0;
    const char *path;
    json_t *methods;

    (void)state;
    (void)route_table(&count);
    json_object_foreach((json_t *)paths, path, methods) described_count +=
        json_object_size(methods);
    assert_int_equal(described_count, count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_route_is_described_with_who_may_ask),
        cmocka_unit_test(test_nothing_is_described_that_is_no_route),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
