/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "io/ssh_known.h"

static enum ssh_known_verdict judge(const char *text, const char *host, unsigned port,
                                    const char *key, unsigned *out_line)
{
    CLEANUP(ssh_known_release) struct ssh_known known = {0};
    unsigned char blob[64];
    size_t len = 0;

    assert_true(digest_base64_decode(key, blob, sizeof blob, &len));
    assert_int_equal(0, ssh_known_parse(&known, text, strlen(text), host, port, NULL));
    return ssh_known_judge(&known, blob, len, out_line);
}

static void a_key_is_known_by_its_host_and_port(void **state)
{
    const char *text = "# comment\n\ndb1,db2 ssh-ed25519 AAAA who\n[db3]:2222 ssh-rsa AAAB\n";
    unsigned line = 0;

    (void)state;
    assert_int_equal(SSH_KNOWN_SAME, judge(text, "DB2", 22, "AAAA", &line));
    assert_int_equal(3, line);
    assert_int_equal(SSH_KNOWN_CHANGED, judge(text, "db1", 22, "AAAB", &line));
    assert_int_equal(3, line);
    assert_int_equal(SSH_KNOWN_NO, judge(text, "db1", 2222, "AAAA", &line));
    assert_int_equal(0, line);
    assert_int_equal(SSH_KNOWN_SAME, judge(text, "db3", 2222, "AAAB", NULL));
    assert_int_equal(SSH_KNOWN_NO, judge(text, "db", 22, "AAAA", NULL));
}

static void patterns_name_hosts_and_an_exclamation_mark_takes_one_back(void **state)
{
    const char *text = "*.example,!evil.example,db? ssh-ed25519 AAAA\n";

    (void)state;
    assert_int_equal(SSH_KNOWN_SAME, judge(text, "a.b.example", 22, "AAAA", NULL));
    assert_int_equal(SSH_KNOWN_NO, judge(text, "evil.example", 22, "AAAA", NULL));
    assert_int_equal(SSH_KNOWN_SAME, judge(text, "db7", 22, "AAAA", NULL));
    assert_int_equal(SSH_KNOWN_NO, judge(text, "db77", 22, "AAAA", NULL));
}

static void a_hashed_name_is_found_as_ssh_keygen_hashes_it(void **state)
{
    /* As ssh-keygen -H wrote it for "[127.0.0.1]:2222" */
    const char *text =
        "|1|0yBnGDdh52JWCmIYWekcHYmbzQw=|IM2kMySZ7TtIQcK2Ca8oCVObNqw= ssh-ed25519 AAAA\n";

    (void)state;
    assert_int_equal(SSH_KNOWN_SAME, judge(text, "127.0.0.1", 2222, "AAAA", NULL));
    assert_int_equal(SSH_KNOWN_NO, judge(text, "127.0.0.1", 22, "AAAA", NULL));
}

static void one_revoked_line_outweighs_all_that_trust_the_key(void **state)
{
    const char *text = "db1 ssh-ed25519 AAAA\n@revoked * ssh-ed25519 AAAA\ndb1 ssh-ed25519 AAAA\n";

    (void)state;
    assert_int_equal(SSH_KNOWN_REVOKED, judge(text, "db1", 22, "AAAA", NULL));
    assert_int_equal(SSH_KNOWN_CHANGED, judge(text, "db1", 22, "AAAB", NULL));
    assert_int_equal(SSH_KNOWN_NO,
                     judge("@revoked db1 ssh-ed25519 AAAB\n", "db1", 22, "AAAA", NULL));
}

static void lines_that_make_no_sense_trust_nothing(void **state)
{
    static const char *const lines[] = {"db1",
                                        "db1 ssh-ed25519",
                                        "db1 ssh-ed25519 AAA",
                                        "db1 ssh-ed25519 ====",
                                        "db1 ssh-ed25519 A=AA",
                                        "@cert-authority db1 ssh-ed25519 AAAA",
                                        "@ db1 ssh-ed25519 AAAA",
                                        "|1|x|y ssh-ed25519 AAAA",
                                        "|1| ssh-ed25519 AAAA",
                                        "#db1 ssh-ed25519 AAAA"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(lines); i++)
        assert_int_equal(SSH_KNOWN_NO, judge(lines[i], "db1", 22, "AAAA", NULL));
}

static void a_type_counts_when_a_line_that_is_not_revoked_has_it(void **state)
{
    const char *text = "db1 ssh-rsa AAAA\n@revoked db1 ssh-ed25519 AAAB\r\n";
    CLEANUP(ssh_known_release) struct ssh_known known = {0};

    (void)state;
    assert_int_equal(0, ssh_known_parse(&known, text, strlen(text), "db1", 22, NULL));
    assert_true(ssh_known_has(&known, "ssh-rsa"));
    assert_false(ssh_known_has(&known, "ssh-ed25519"));
}

static void base64_goes_both_ways_for_every_length(void **state)
{
    unsigned char bytes[40], back[40];
    char text[64];
    size_t len;

    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(i * 41 + 200);
    for (size_t n = 0; n <= sizeof bytes; n++) {
        (void)digest_base64(bytes, n, text, sizeof text);
        while (strlen(text) % 4)
            (void)snprintf(text + strlen(text), 2, "=");
        assert_true(digest_base64_decode(text, back, sizeof back, &len));
        assert_int_equal(n, len);
        assert_memory_equal(bytes, back, n);
    }
    assert_string_equal("Zm9vYmE", digest_base64("fooba", 5, text, sizeof text)); /* RFC 4648 */
    assert_false(digest_base64_decode("AAAA", back, 2, &len));
    assert_true(digest_base64_decode("aA==", back, 2, &len));
    assert_false(digest_base64_decode("aF==", back, 2, &len)); /* bits of no byte */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_is_known_by_its_host_and_port),
        cmocka_unit_test(patterns_name_hosts_and_an_exclamation_mark_takes_one_back),
        cmocka_unit_test(a_hashed_name_is_found_as_ssh_keygen_hashes_it),
        cmocka_unit_test(one_revoked_line_outweighs_all_that_trust_the_key),
        cmocka_unit_test(lines_that_make_no_sense_trust_nothing),
        cmocka_unit_test(a_type_counts_when_a_line_that_is_not_revoked_has_it),
        cmocka_unit_test(base64_goes_both_ways_for_every_length),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
