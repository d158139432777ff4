/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <regex.h>
#include <string.h>

#include "domain/agents.h"
#include "domain/preflight.h"

static const char *who(const char *kind, const char *trace, const char *value)
{
    const struct survey_item item = {
        .name = (char *)kind, .example = (char *)trace, .value = (char *)value};
    const struct agent *agent = agent_of(&item);
    return agent == NULL ? "nobody" : agent->name;
}

static void test_traces_are_told_apart_by_kind_and_name(void **state UNUSED)
{
    assert_string_equal(who("database", "orchestrator", ""), "orchestrator");
    assert_string_equal(who("table", "meta.cluster", ""), "orchestrator");
    assert_string_equal(who("session", "orc_topology@10.1.2.3", "0"), "orchestrator");
    assert_string_equal(who("session", "mha@db1.example.org", "0"), "MHA");
    assert_string_equal(who("account", "maxscale-monitor@%", ""), "MaxScale");
    assert_string_equal(who("program", "app@10.0.0.1", "replication-manager"),
                        "replication-manager");
    assert_string_equal(who("table", "percona.heartbeat", ""), "pt-heartbeat");
}

static void test_names_that_only_begin_alike_are_somebody_else(void **state UNUSED)
{
    assert_string_equal(who("database", "orchestrator_blog", ""), "nobody");
    assert_string_equal(who("session", "orca@10.0.0.1", "0"), "nobody");
    assert_string_equal(who("account", "monitoring@%", ""), "nobody");
    assert_string_equal(who("account", "blog@mha", ""), "nobody");
    assert_string_equal(who("table", "orchestrator", ""), "nobody");
    assert_string_equal(who("something", "orchestrator", ""), "nobody");
}

/* What a server is asked with finds what agent_of() knows, and nothing it does not. */
static void test_the_pattern_and_the_table_say_the_same(void **state UNUSED)
{
    static const char *const users[] = {"orc_x",    "orca",     "orchestrator",
                                        "monitor",  "monitors", "mha-m",
                                        "proxysql", "blog",     "replication-manager"};
    CLEANUP(buf_release) struct buf pattern;
    regex_t regex;
    buf_init(&pattern, 4096);
    agent_accounts(&pattern);
    assert_int_equal(regcomp(&regex, buf_text(&pattern), REG_EXTENDED | REG_NOSUB), 0);
    for (size_t i = 0; i < ARRAY_LEN(users); i++) {
        bool is_known = strcmp(who("account", users[i], ""), "nobody") != 0;
        assert_int_equal(regexec(&regex, users[i], 0, NULL, 0) == 0, is_known);
    }
    regfree(&regex);
}

static void test_every_agent_has_a_check_that_can_be_waived(void **state UNUSED)
{
    size_t count = 0;
    const struct agent *agents = agent_table(&count);
    for (size_t i = 0; i < count; i++) {
        const struct check_row *row = preflight_find(agents[i].check);
        assert_true(row != NULL && !row->is_final);
        assert_true(agents[i].pause[0] != '\0' && agents[i].does[0] != '\0');
        assert_int_equal(agents[i].is_acting, strcmp(agents[i].check, "agent.others") != 0);
    }
}

static void test_keepers_of_records_leave_their_marks(void **state UNUSED)
{
    assert_string_equal(agent_of_record("TXT", "a-www.example.com",
                                        "\"heritage=external-dns,external-dns/owner=k8s\"", "", ""),
                        "external-dns");
    assert_string_equal(agent_of_record("TXT", "_owner.a.www.example.com", "*octodns*", "", ""),
                        "octoDNS");
    assert_string_equal(
        agent_of_record("A", "www.example.com", "1.2.3.4", "Managed by Terraform", ""),
        "Terraform");
    assert_string_equal(agent_of_record("A", "www.example.com", "1.2.3.4", "", "owner:pulumi"),
                        "Pulumi");
    assert_null(agent_of_record("A", "www.example.com", "1.2.3.4", "the shop", "team:web"));
    assert_null(agent_of_record("TXT", "www.example.com", "v=spf1 -all", "", ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_traces_are_told_apart_by_kind_and_name),
        cmocka_unit_test(test_names_that_only_begin_alike_are_somebody_else),
        cmocka_unit_test(test_the_pattern_and_the_table_say_the_same),
        cmocka_unit_test(test_every_agent_has_a_check_that_can_be_waived),
        cmocka_unit_test(test_keepers_of_records_leave_their_marks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
