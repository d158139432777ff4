/* SPDX-License-Identifier: MIT */
/*
 * Cloudflare's answers: the good ones, the ones that hide their reason, and the ones that are no
 * answer at all.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "dns/cloudflare_answer.h"

#define ID "0123456789abcdef0123456789abcdef"
#define RECORD                                                                                     \
    "{\"id\":\"" ID "\",\"name\":\"DB.ghost.org\",\"type\":\"A\",\"content\":\"192.0.2.1\","       \
    "\"proxied\":false,\"ttl\":60,\"comment\":null,\"tags\":[],\"modified_on\":\"2026-11-21T1\"}"

static int read_answer(long status, const char *type, const char *body, bool is_write, json_t **out,
                       struct err *err)
{
    struct http_response response = {.status = status, .retry_after_s = -1};
    snprintf(response.content_type, sizeof(response.content_type), "%s", type);
    buf_init(&response.body, 1 << 20);
    buf_puts(&response.body, body);
    memset(err, 0, sizeof(*err));
    int rc = cloudflare_read_answer(&response, is_write, out, err);
    http_response_release(&response);
    return rc;
}

static int read_json(long status, const char *body, bool is_write, struct err *err)
{
    json_t *envelope = NULL;
    int rc = read_answer(status, "application/json", body, is_write, &envelope, err);
    json_decref(envelope);
    return rc;
}

static void assert_contains(const char *text, const char *part)
{
    if (strstr(text, part) == NULL) {
        fail_msg("\"%s\" does not contain \"%s\"", text, part);
    }
}

static void test_a_success_hands_out_its_result(void **state)
{
    (void)state;
    json_t *envelope = NULL;
    struct err err;
    assert_int_equal(read_answer(200, "application/json",
                                 "{\"success\":true,\"errors\":[],\"messages\":[],\"result\":"
                                 "[" RECORD "],\"result_info\":{\"page\":1,\"total_pages\":3}}",
                                 true, &envelope, &err),
                     0);
    assert_int_equal(json_array_size(json_object_get(envelope, "result")), 1);
    assert_int_equal(cloudflare_last_page(envelope), 3);
    json_decref(envelope);
}

static void test_an_answer_without_pages_is_one_page(void **state)
{
    (void)state;
    json_t *empty = json_object();
    json_t *none = json_pack("{s:{s:i}}", "result_info", "total_pages", 0);
    assert_int_equal(cloudflare_last_page(empty), 1);
    assert_int_equal(cloudflare_last_page(none), 1); /* an empty list has no pages */
    json_decref(empty);
    json_decref(none);
}

static void test_a_code_among_the_messages_of_a_success_is_no_error(void **state)
{
    (void)state;
    struct err err;
    assert_int_equal(read_json(200,
                               "{\"success\":true,\"errors\":[],\"messages\":[{\"code\":10000,"
                               "\"message\":\"This API Token is valid and active\",\"type\":null}],"
                               "\"result\":{\"status\":\"active\"}}",
                               false, &err),
                     0);
}

static void test_the_inner_code_of_a_chain_comes_first(void **state)
{
    (void)state;
    struct err err;
    assert_int_equal(
        read_json(400,
                  "{\"result\":null,\"success\":false,\"messages\":[],\"errors\":["
                  "{\"code\":1004,\"message\":\"DNS Validation Error\",\"error_chain\":["
                  "{\"code\":9021,\"message\":\"Invalid TTL.\"}]}]}",
                  true, &err),
        ERR_REFUSED);
    assert_int_equal(err.effect, EFFECT_NONE);
    assert_int_equal(err.native, 9021);
    assert_contains(err.msg, "9021 Invalid TTL. (1004 DNS Validation Error) [HTTP 400]");
    assert_contains(err.hint, "min_ttl");
}

static void test_an_error_without_a_chain_is_told_as_it_is(void **state)
{
    (void)state;
    struct err err;
    assert_int_equal(read_json(404,
                               "{\"success\":false,\"errors\":[{\"code\":81044,"
                               "\"message\":\"Record does not exist.\"}],\"result\":null}",
                               false, &err),
                     ERR_REFUSED);
    assert_int_equal(err.native, 81044);
    assert_contains(err.msg, "81044 Record does not exist.");
}

static void test_an_error_without_its_usual_members_is_still_an_error(void **state)
{
    (void)state;
    struct err err;
    assert_int_equal(
        read_json(400, "{\"success\":false,\"errors\":[{\"code\":9106}]}", false, &err),
        ERR_REFUSED);
    assert_int_equal(err.native, 9106);
    assert_int_equal(read_json(403, "{\"success\":false}", true, &err), ERR_REFUSED);
    assert_int_equal(err.native, 403);
    assert_int_equal(read_json(403, "{}", true, &err), ERR_REFUSED);
    assert_int_equal(read_json(400, "{\"success\":false,\"errors\":\"no\"}", true, &err),
                     ERR_REFUSED);
}

static void test_a_server_error_leaves_a_write_unknown_and_a_read_harmless(void **state)
{
    (void)state;
    struct err err;
    const char *body = "{\"success\":false,\"errors\":[{\"code\":10001,\"message\":\"Internal\"}]}";
    assert_int_equal(read_json(503, body, true, &err), ERR_SERVER);
    assert_int_equal(err.effect, EFFECT_UNKNOWN);
    assert_int_equal(read_json(503, body, false, &err), ERR_SERVER);
    assert_int_equal(err.effect, EFFECT_NONE);
}

static void test_a_web_page_instead_of_an_answer_is_unknown_for_a_write(void **state)
{
    (void)state;
    struct err err;
    json_t *envelope = NULL;
    const char *page = "<html><head><title>502</title></head><body>cloudflare</body></html>";
    static const struct {
        long status;
        enum err_code code;
    } cases[] = {{502, ERR_SERVER}, {200, ERR_PROTOCOL}, {403, ERR_PROTOCOL}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        int rc = read_answer(cases[i].status, "text/html", page, true, &envelope, &err);
        assert_int_equal(rc, cases[i].code);
        assert_int_equal(err.effect, EFFECT_UNKNOWN);
        assert_int_equal(err.native, cases[i].status);
        assert_contains(err.msg, "text/html");
        assert_null(strstr(err.msg, "<html>"));
        assert_null(envelope);
    }
}

static void test_half_an_answer_is_unknown_for_a_write(void **state)
{
    (void)state;
    struct err err;
    assert_int_equal(read_json(200, "{\"success\":true,\"resu", true, &err), ERR_PROTOCOL);
    assert_int_equal(err.effect, EFFECT_UNKNOWN);
    assert_int_equal(read_json(200, "[]", true, &err), ERR_PROTOCOL);
    assert_int_equal(read_json(200, "", true, &err), ERR_PROTOCOL);
    assert_int_equal(read_json(200, "{\"success\":false,\"errors\":[]}", true, &err), ERR_PROTOCOL);
    assert_int_equal(err.effect, EFFECT_UNKNOWN);
}

static void test_the_text_of_an_error_cannot_move_the_cursor(void **state)
{
    (void)state;
    struct err err;
    assert_int_equal(read_json(400,
                               "{\"success\":false,\"errors\":[{\"code\":1,"
                               "\"message\":\"a\\u001b[2Jb\\nc\"}]}",
                               false, &err),
                     ERR_REFUSED);
    assert_null(strchr(err.msg, '\033'));
    assert_null(strchr(err.msg, '\n'));
    assert_contains(err.msg, "[2Jb c");
}

static int read_record(const char *text, struct dns_record *out, struct err *err)
{
    json_t *json = json_loads(text, 0, NULL);
    assert_non_null(json);
    memset(err, 0, sizeof(*err));
    int rc = cloudflare_read_record(json, out, err);
    json_decref(json);
    return rc;
}

static void test_a_record_is_read_into_comparable_form(void **state)
{
    (void)state;
    struct dns_record record = {0};
    struct err err;
    assert_int_equal(read_record(RECORD, &record, &err), 0);
    assert_string_equal(record.id, ID);
    assert_string_equal(record.name, "db.ghost.org");
    assert_string_equal(record.content, "192.0.2.1");
    assert_string_equal(record.comment, ""); /* null */
    assert_int_equal(record.ttl_s, 60);
    assert_false(record.is_proxied);
    assert_string_equal(record.modified_on, "2026-11-21T1");
    assert_int_equal(
        read_record("{\"id\":\"1\",\"name\":\"a\",\"type\":\"AAAA\",\"ttl\":1,"
                    "\"content\":\"2001:0DB8::0001\",\"proxied\":true,\"comment\":\"x\"}",
                    &record, &err),
        0);
    assert_string_equal(record.content, "2001:db8::1");
    assert_string_equal(record.comment, "x");
    assert_true(record.is_proxied);
    assert_int_equal(read_record("{\"id\":\"1\",\"name\":\"a\",\"type\":\"CNAME\",\"ttl\":1,"
                                 "\"content\":\"Old.example.\"}",
                                 &record, &err),
                     0);
    assert_string_equal(record.content, "old.example");
}

static void test_a_record_that_lacks_something_is_no_record(void **state)
{
    (void)state;
    struct dns_record record = {.ttl_s = 77};
    struct err err;
    static const char *const broken[] = {
        "{\"name\":\"a\",\"type\":\"A\",\"ttl\":1,\"content\":\"1.2.3.4\"}",
        "{\"id\":\"1\",\"type\":\"A\",\"ttl\":1,\"content\":\"1.2.3.4\"}",
        "{\"id\":\"1\",\"name\":\"a\",\"ttl\":1,\"content\":\"1.2.3.4\"}",
        "{\"id\":\"1\",\"name\":\"a\",\"type\":\"A\",\"content\":\"1.2.3.4\"}",
        "{\"id\":\"1\",\"name\":\"a\",\"type\":\"A\",\"ttl\":1}",
        "{\"id\":\"1\",\"name\":\"a\",\"type\":\"A\",\"ttl\":-4,\"content\":\"1.2.3.4\"}",
        "{\"id\":\"1/../x\",\"name\":\"a\",\"type\":\"A\",\"ttl\":1,\"content\":\"1.2.3.4\"}",
        "{\"id\":7,\"name\":\"a\",\"type\":\"A\",\"ttl\":1,\"content\":\"1.2.3.4\"}",
        "[]",
    };
    for (size_t i = 0; i < ARRAY_LEN(broken); i++) {
        assert_int_equal(read_record(broken[i], &record, &err), ERR_PROTOCOL);
        assert_int_equal(err.effect, EFFECT_NONE);
        assert_int_equal(record.ttl_s, 77);
    }
}

static void test_a_long_text_record_beside_ours_does_not_stop_us(void **state)
{
    (void)state;
    char text[4200];
    struct dns_record record = {0};
    struct err err;
    snprintf(text, sizeof(text),
             "{\"id\":\"1\",\"name\":\"a\",\"type\":\"TXT\",\"ttl\":1,\"content\":\"%01000d\"}", 0);
    assert_int_equal(read_record(text, &record, &err), 0);
    assert_string_equal(record.type, "TXT");
}

static void test_a_comment_that_could_not_be_put_back_is_not_cut(void **state)
{
    (void)state;
    char text[8000];
    struct dns_record record = {0};
    struct err err;
    snprintf(text, sizeof(text),
             "{\"id\":\"1\",\"name\":\"a\",\"type\":\"A\",\"ttl\":1,\"content\":\"1.2.3.4\","
             "\"comment\":\"%03000d\"}",
             0);
    assert_int_equal(read_record(text, &record, &err), ERR_PROTOCOL);
}

static void test_a_zone_brings_its_plan_and_its_servers(void **state)
{
    (void)state;
    struct dns_zone zone = {0};
    struct err err = {0};
    json_t *json = json_pack("{s:s, s:s, s:{s:s}, s:[s,s]}", "id", ID, "name", "ghost.org", "plan",
                             "legacy_id", "free", "name_servers", "ns1.example", "ns2.example");
    assert_int_equal(cloudflare_read_zone(json, &zone, &err), 0);
    assert_string_equal(zone.plan, "free");
    assert_int_equal(zone.name_server_count, 2);
    assert_string_equal(zone.name_servers[1], "ns2.example");
    json_object_set_new(json, "name_servers", json_pack("[i]", 7));
    assert_int_equal(cloudflare_read_zone(json, &zone, &err), ERR_PROTOCOL);
    json_decref(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_success_hands_out_its_result),
        cmocka_unit_test(test_an_answer_without_pages_is_one_page),
        cmocka_unit_test(test_a_code_among_the_messages_of_a_success_is_no_error),
        cmocka_unit_test(test_the_inner_code_of_a_chain_comes_first),
        cmocka_unit_test(test_an_error_without_a_chain_is_told_as_it_is),
        cmocka_unit_test(test_an_error_without_its_usual_members_is_still_an_error),
        cmocka_unit_test(test_a_server_error_leaves_a_write_unknown_and_a_read_harmless),
        cmocka_unit_test(test_a_web_page_instead_of_an_answer_is_unknown_for_a_write),
        cmocka_unit_test(test_half_an_answer_is_unknown_for_a_write),
        cmocka_unit_test(test_the_text_of_an_error_cannot_move_the_cursor),
        cmocka_unit_test(test_a_record_is_read_into_comparable_form),
        cmocka_unit_test(test_a_record_that_lacks_something_is_no_record),
        cmocka_unit_test(test_a_long_text_record_beside_ours_does_not_stop_us),
        cmocka_unit_test(test_a_comment_that_could_not_be_put_back_is_not_cut),
        cmocka_unit_test(test_a_zone_brings_its_plan_and_its_servers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
