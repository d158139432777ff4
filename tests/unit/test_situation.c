/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "domain/situation.h"
#include "facts_fixture.h"

static struct service service;
static struct facts facts;
static struct verdict verdict;

static void apart(void)
{
    fixture_service(&service);
    fixture_facts(&service, &facts);
}

static void mirrored(void)
{
    apart();
    fixture_link(&facts, SIDE_NEW);
    fixture_link(&facts, SIDE_OLD);
}

static enum situation judge(void)
{
    situation_judge(&facts, &verdict);
    return verdict.situation;
}

/* Unsafe, for a reason that contains this text, and never without something safe to do. */
static void assert_unsafe(const char *because)
{
    assert_int_equal(judge(), SITUATION_UNSAFE);
    if (strstr(verdict.because, because) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", because, verdict.because);
    assert_true(verdict.next[0] != '\0');
    assert_non_null(strstr(verdict.way_back, "not known"));
}

static void assert_good(enum situation expected)
{
    if (judge() != expected)
        fail_msg("%s, expected %s: %s", situation_name(verdict.situation), situation_name(expected),
                 verdict.because);
    assert_true(verdict.because[0] != '\0');
    assert_true(verdict.next[0] != '\0');
    assert_true(verdict.way_back[0] != '\0');
}

/* --- all combinations, against the table of the design written a second time ------------------ */

enum link_state { LINK_NONE, LINK_RUNS, LINK_STOPPED, LINK_STATES };
enum open_state { IS_OPEN, IS_CLOSED, IS_UNREAD, IS_UNREACHED, OPEN_STATES };

struct combination {
    enum link_state forward, reverse;
    enum open_state old_state, new_state;
    enum tri data;
    enum dns_points dns;
    bool is_staggered;
};

static void set_link(enum side side, enum link_state link)
{
    if (link == LINK_NONE)
        return;
    struct channel_facts *channel = fixture_link(&facts, side);
    if (link == LINK_STOPPED)
        channel->is_applying = TRI_NO;
}

static void set_openness(unsigned node, enum open_state openness)
{
    facts.nodes[node].is_read_only = openness == IS_OPEN     ? TRI_NO
                                     : openness == IS_CLOSED ? TRI_YES
                                                             : TRI_UNKNOWN;
    if (openness == IS_UNREACHED)
        facts.nodes[node].is_reached = TRI_NO;
}

static void arrange(const struct combination *c)
{
    fixture_facts(&service, &facts);
    set_link(SIDE_NEW, c->forward);
    set_link(SIDE_OLD, c->reverse);
    set_openness(OLD_PRIMARY, c->old_state);
    set_openness(NEW_PRIMARY, c->new_state);
    facts.nodes[NEW_PRIMARY].has_data = c->data;
    facts.dns = c->dns;
    if (c->is_staggered)
        fixture_stagger(&facts, 2, 1, 2);
}

static unsigned expected_mask(const struct combination *c)
{
    bool none = c->forward == LINK_NONE && c->reverse == LINK_NONE;
    bool follows = c->forward == LINK_RUNS && c->reverse == LINK_NONE;
    bool both = c->forward == LINK_RUNS && c->reverse == LINK_RUNS;
    bool oo = c->old_state == IS_OPEN && c->new_state == IS_OPEN;
    bool oc = c->old_state == IS_OPEN && c->new_state == IS_CLOSED;
    bool co = c->old_state == IS_CLOSED && c->new_state == IS_OPEN;
    bool cc = c->old_state == IS_CLOSED && c->new_state == IS_CLOSED;
    bool dns_old = c->dns == DNS_OLD || c->dns == DNS_NONE;
    bool dns_new = c->dns == DNS_NEW || c->dns == DNS_NONE;
    bool dns_any = c->dns != DNS_UNKNOWN;
    unsigned mask = 0;
    mask |= none && oc && dns_old ? SITUATION_BIT(SITUATION_APART) : 0;
    mask |= none && oo && dns_old && c->data == TRI_NO ? SITUATION_BIT(SITUATION_APART) : 0;
    mask |= none && oo && dns_old && c->data == TRI_YES ? SITUATION_BIT(SITUATION_REHEARSING) : 0;
    mask |= follows && oc && dns_old ? SITUATION_BIT(SITUATION_FOLLOWING) : 0;
    mask |= both && oc && dns_old ? SITUATION_BIT(SITUATION_MIRRORED) : 0;
    mask |= both && oo && dns_any && c->is_staggered ? SITUATION_BIT(SITUATION_SHARED) : 0;
    mask |= both && cc && dns_any ? SITUATION_BIT(SITUATION_FENCED) : 0;
    mask |= both && co && dns_new ? SITUATION_BIT(SITUATION_SWITCHED) : 0;
    bool elsewhere = c->dns == DNS_MIXED || (co && c->dns == DNS_OLD) || (oc && c->dns == DNS_NEW);
    mask |= both && (oc || co) && elsewhere ? SITUATION_BIT(SITUATION_FLIPPING) : 0;
    mask |= none && co && dns_new ? SITUATION_BIT(SITUATION_RETIRED) : 0;
    return mask;
}

/* The n-th combination, counting like an odometer. */
static bool combination_at(unsigned n, struct combination *out)
{
    out->forward = (enum link_state)(n % LINK_STATES);
    n /= LINK_STATES;
    out->reverse = (enum link_state)(n % LINK_STATES);
    n /= LINK_STATES;
    out->old_state = (enum open_state)(n % OPEN_STATES);
    n /= OPEN_STATES;
    out->new_state = (enum open_state)(n % OPEN_STATES);
    n /= OPEN_STATES;
    out->data = (enum tri)(n % 3);
    n /= 3;
    out->dns = (enum dns_points)(n % (DNS_MIXED + 1));
    n /= DNS_MIXED + 1;
    out->is_staggered = n % 2 == 1;
    return n < 2;
}

static void test_every_combination_has_the_one_situation_of_the_design(void **state UNUSED)
{
    unsigned seen = 0;
    struct combination c;
    fixture_service(&service);
    for (unsigned n = 0; combination_at(n, &c); n++) {
        arrange(&c);
        unsigned mask = expected_mask(&c);
        assert_true(__builtin_popcount(mask) <= 1);
        unsigned expected = mask == 0 ? SITUATION_BIT(SITUATION_UNSAFE) : mask;
        situation_judge(&facts, &verdict);
        if (SITUATION_BIT(verdict.situation) != expected)
            fail_msg("combination %u is %s: %s", n, situation_name(verdict.situation),
                     verdict.because);
        assert_true(verdict.because[0] != '\0' && verdict.next[0] != '\0' &&
                    verdict.way_back[0] != '\0');
        seen |= expected;
    }
    assert_int_equal(seen, SITUATION_ANY);
}

/* --- what is unknown or strange is unsafe, and says so ---------------------------------------- */

static void test_no_facts_at_all_are_unsafe(void **state UNUSED)
{
    memset(&facts, 0, sizeof(facts));
    assert_unsafe("OLD primary OLD was not reached: no answer");
}

static void test_an_unreached_primary_is_unsafe_with_its_error(void **state UNUSED)
{
    mirrored();
    facts.nodes[NEW_PRIMARY].is_reached = TRI_NO;
    snprintf(facts.nodes[NEW_PRIMARY].error, sizeof(facts.nodes[NEW_PRIMARY].error),
             "Connection refused (111)");
    assert_unsafe("NEW primary db2:3308 was not reached: Connection refused (111)");
    facts.nodes[NEW_PRIMARY].is_reached = TRI_UNKNOWN;
    assert_unsafe("db2:3308");
}

static void test_an_unreached_replica_decides_nothing(void **state UNUSED)
{
    mirrored();
    facts.nodes[NEW_REPLICA].is_reached = TRI_NO;
    assert_good(SITUATION_MIRRORED);
}

static void test_an_unknown_read_only_is_unsafe(void **state UNUSED)
{
    mirrored();
    facts.nodes[OLD_PRIMARY].is_read_only = TRI_UNKNOWN;
    assert_unsafe("db0:3306 did not say whether it is read_only");
}

static void test_a_stopped_link_is_unsafe_with_the_servers_error(void **state UNUSED)
{
    mirrored();
    struct channel_facts *link = &facts.nodes[OLD_PRIMARY].channels[0];
    link->is_applying = TRI_NO;
    link->apply_errno = 1062;
    snprintf(link->apply_error, sizeof(link->apply_error), "Duplicate entry '7'");
    assert_unsafe("the reverse link (channel cutover_reverse on db0:3306) does not run");
    assert_non_null(strstr(verdict.because, "1062: Duplicate entry '7'"));
}

static void test_a_receive_error_is_told_too(void **state UNUSED)
{
    mirrored();
    struct channel_facts *link = &facts.nodes[NEW_PRIMARY].channels[0];
    link->is_receiving = TRI_NO;
    link->receive_errno = 1236;
    snprintf(link->receive_error, sizeof(link->receive_error), "Could not find GTID state");
    assert_unsafe("1236: Could not find GTID state");
}

static void test_a_link_that_did_not_tell_its_state_is_unsafe(void **state UNUSED)
{
    mirrored();
    facts.nodes[NEW_PRIMARY].channels[0].is_applying = TRI_UNKNOWN;
    assert_unsafe("applying unknown");
}

static void test_a_link_without_gtid_is_unsafe(void **state UNUSED)
{
    mirrored();
    facts.nodes[NEW_PRIMARY].channels[0].uses_gtid = TRI_NO;
    assert_unsafe("does not use GTID");
    facts.nodes[NEW_PRIMARY].channels[0].uses_gtid = TRI_UNKNOWN;
    assert_unsafe("does not use GTID");
}

static void test_a_link_to_somewhere_else_is_unsafe(void **state UNUSED)
{
    mirrored();
    snprintf(facts.nodes[NEW_PRIMARY].channels[0].source_host, 256, "elsewhere");
    assert_unsafe(
        "cutover_forward on db2:3308 reads from elsewhere:3306, not from the OLD primary");
}

static void test_a_link_to_a_replica_of_the_other_side_is_unsafe(void **state UNUSED)
{
    apart();
    fixture_channel(&facts.nodes[NEW_PRIMARY], "cutover_forward", &service.nodes[OLD_REPLICA]);
    assert_unsafe("not from the OLD primary");
}

static void test_a_foreign_channel_from_the_other_cluster_is_unsafe(void **state UNUSED)
{
    mirrored();
    fixture_channel(&facts.nodes[NEW_PRIMARY], "", &service.nodes[OLD_REPLICA]);
    assert_unsafe("channel \"\" on db2:3308 reads from db1:3307 in the other cluster");
}

static void test_a_foreign_channel_from_outside_is_only_mentioned(void **state UNUSED)
{
    static const struct node outside = {.host = "warehouse", .port = 3306};
    mirrored();
    fixture_channel(&facts.nodes[OLD_PRIMARY], "etl", &outside);
    assert_good(SITUATION_MIRRORED);
    assert_non_null(strstr(verdict.because, "channel \"etl\" on db0:3306 from warehouse:3306"));
}

static void test_unknown_dns_is_unsafe_with_its_error(void **state UNUSED)
{
    mirrored();
    facts.dns = DNS_UNKNOWN;
    snprintf(facts.dns_error, sizeof(facts.dns_error), "HTTP 403: Authentication error");
    assert_unsafe("HTTP 403: Authentication error");
}

static void test_an_open_new_that_hides_its_data_is_unsafe(void **state UNUSED)
{
    apart();
    fixture_open(&facts, SIDE_NEW, true);
    facts.nodes[NEW_PRIMARY].has_data = TRI_UNKNOWN;
    assert_unsafe("did not say whether it holds data");
}

/* --- two open primaries (safety law 1) -------------------------------------------------------- */

static void two_open(unsigned increment, unsigned old_offset, unsigned new_offset)
{
    mirrored();
    fixture_open(&facts, SIDE_NEW, true);
    fixture_stagger(&facts, increment, old_offset, new_offset);
}

static void test_two_open_primaries_need_proven_staggering(void **state UNUSED)
{
    two_open(2, 1, 2);
    assert_good(SITUATION_SHARED);
    two_open(10, 3, 7);
    assert_good(SITUATION_SHARED);
    const unsigned wrong[][3] = {{1, 1, 1}, {2, 1, 1}, {2, 2, 2}, {0, 0, 0},
                                 {0, 1, 2}, {2, 0, 1}, {2, 1, 3}, {1, 1, 2}};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        two_open(wrong[i][0], wrong[i][1], wrong[i][2]);
        assert_unsafe("two open primaries without staggered auto_increment");
    }
    two_open(2, 1, 2);
    facts.nodes[NEW_PRIMARY].increment = 3;
    assert_unsafe("two open primaries without staggered auto_increment");
}

static void test_two_open_primaries_tell_which_one_to_close(void **state UNUSED)
{
    two_open(1, 1, 1);
    facts.dns = DNS_OLD;
    assert_unsafe("two open primaries");
    assert_non_null(strstr(verdict.next, "on db2:3308 (NEW), SET GLOBAL read_only = 1"));
    facts.dns = DNS_NEW;
    assert_unsafe("two open primaries");
    assert_non_null(strstr(verdict.next, "on db0:3306 (OLD), SET GLOBAL read_only = 1"));
    facts.dns = DNS_MIXED;
    assert_unsafe("two open primaries");
    assert_non_null(strstr(verdict.next, "that users are not on"));
}

static void test_an_open_new_that_follows_is_unsafe(void **state UNUSED)
{
    apart();
    fixture_link(&facts, SIDE_NEW);
    fixture_open(&facts, SIDE_NEW, true);
    fixture_stagger(&facts, 2, 1, 2);
    assert_unsafe("two open primaries that are not linked both ways");
}

/* A primary that restarts with read_only in its my.cnf: no run closed it, so none opens it. */
static void test_where_nobody_can_write_the_way_out_by_hand_is_told_in_full(void **state UNUSED)
{

    arrange(&(struct combination){.forward = LINK_RUNS,
                                  .reverse = LINK_RUNS,
                                  .old_state = IS_CLOSED,
                                  .new_state = IS_CLOSED,
                                  .data = TRI_YES,
                                  .dns = DNS_NEW});
    situation_judge(&facts, &verdict);
    assert_int_equal(verdict.situation, SITUATION_FENCED);
    assert_non_null(strstr(verdict.next, "cutover run --resume"));
    assert_non_null(strstr(verdict.next, "SET GLOBAL read_only = 0"));
}

static void test_records_that_point_to_the_closed_side_are_flipping_with_both_links(
    void **state UNUSED)
{
    const char *const because = "takes the writes, but not every DNS record points there";
    const enum dns_points astray[] = {DNS_NEW, DNS_MIXED};
    for (size_t i = 0; i < ARRAY_LEN(astray); i++) {
        mirrored();
        facts.dns = astray[i];
        assert_good(SITUATION_FLIPPING);
        assert_non_null(strstr(verdict.because, because));
        assert_non_null(strstr(verdict.way_back, "nothing to go back from"));
    }
    mirrored();
    fixture_open(&facts, SIDE_OLD, false);
    fixture_open(&facts, SIDE_NEW, true);
    facts.dns = DNS_OLD;
    assert_good(SITUATION_FLIPPING);
    assert_non_null(strstr(verdict.way_back, "yes: `cutover rollback`"));
    facts.dns = DNS_NEW;
    assert_good(SITUATION_SWITCHED);
    facts.dns = DNS_NONE;
    assert_good(SITUATION_SWITCHED);
}

static void test_records_that_point_to_the_closed_side_are_unsafe_without_a_link(
    void **state UNUSED)
{
    apart();
    fixture_link(&facts, SIDE_NEW);
    facts.dns = DNS_NEW;
    assert_unsafe("OLD takes the writes, but not every DNS record points there");
}

/* --- words ------------------------------------------------------------------------------------ */

static void test_the_way_back_is_told_for_each_situation(void **state UNUSED)
{
    mirrored();
    assert_good(SITUATION_MIRRORED);
    assert_string_equal(verdict.way_back, "nothing to go back from: users are on OLD");
    assert_string_equal(verdict.because, "forward runs, reverse runs, OLD open, NEW closed, "
                                         "DNS not configured");
    two_open(2, 1, 2);
    assert_good(SITUATION_SHARED);
    assert_string_equal(verdict.way_back, "yes: `cutover rollback`, no write pause");

    mirrored();
    fixture_open(&facts, SIDE_OLD, false);
    assert_good(SITUATION_FENCED);
    assert_non_null(strstr(verdict.way_back, "`cutover abort`"));

    apart();
    fixture_open(&facts, SIDE_OLD, false);
    fixture_open(&facts, SIDE_NEW, true);
    assert_good(SITUATION_RETIRED);
    assert_string_equal(verdict.way_back, "no: the links are gone");
}

static void test_the_way_back_of_switched_tells_how_far_old_is_behind(void **state UNUSED)
{
    mirrored();
    fixture_open(&facts, SIDE_OLD, false);
    fixture_open(&facts, SIDE_NEW, true);
    assert_good(SITUATION_SWITCHED);
    assert_non_null(strstr(verdict.way_back, "is not known"));
    facts.nodes[OLD_PRIMARY].channels[0].has_delay = true;
    assert_good(SITUATION_SWITCHED);
    assert_string_equal(verdict.way_back,
                        "yes: `cutover rollback`; writes on NEW are on OLD within 1000 ms");
}

static void test_names_can_be_read_back(void **state UNUSED)
{
    for (unsigned i = 0; i < SITUATION_COUNT; i++) {
        enum situation back = SITUATION_UNSAFE;
        assert_int_equal(situation_parse(situation_name((enum situation)i), &back, NULL), 0);
        assert_int_equal(back, i);
    }
    struct err err = {0};
    enum situation untouched = SITUATION_SHARED;
    assert_int_equal(situation_parse("Mirrored", &untouched, &err), ERR_CONFIG);
    assert_int_equal(untouched, SITUATION_SHARED);
    assert_non_null(strstr(err.msg, "following, rehearsing, mirrored"));
}

static void test_a_mask_reads_like_a_sentence(void **state UNUSED)
{
    char text[160];
    situation_mask_text(SITUATION_BIT(SITUATION_MIRRORED), text, sizeof(text));
    assert_string_equal(text, "mirrored");
    situation_mask_text(SITUATION_BIT(SITUATION_MIRRORED) | SITUATION_BIT(SITUATION_SHARED), text,
                        sizeof(text));
    assert_string_equal(text, "mirrored or shared");
    situation_mask_text(SITUATION_BIT(SITUATION_APART) | SITUATION_BIT(SITUATION_MIRRORED) |
                            SITUATION_BIT(SITUATION_SHARED),
                        text, sizeof(text));
    assert_string_equal(text, "apart, mirrored or shared");
    situation_mask_text(0, text, sizeof(text));
    assert_string_equal(text, "nothing");
    char small[8];
    situation_mask_text(SITUATION_ANY, small, sizeof(small));
    assert_string_equal(small, "unsafe,");
}

static void test_the_diagram_is_made_from_the_tables_and_always_the_same(void **state UNUSED)
{
    CLEANUP(buf_release) struct buf once = {0}, again = {0};
    buf_init(&once, 65536);
    buf_init(&again, 65536);
    situation_mermaid(&once);
    situation_mermaid(&again);
    const char *text = buf_text(&once);
    assert_string_equal(text, buf_text(&again));
    const char *const lines[] = {
        "stateDiagram-v2\n",
        "    [*] --> apart\n",
        "    apart --> following : follow\n",
        "    following --> mirrored : mirror\n",
        "    mirrored --> shared : cutover shared to new\n",
        "    mirrored --> fenced : cutover fenced to new\n",
        "    fenced --> switched : cutover fenced to new\n",
        "    fenced --> mirrored : cutover fenced to old\n",
        "    switched --> fenced : cutover fenced to old\n",
        "    shared --> switched : settle to new\n",
        "    switched --> retired : retire\n",
        "    retired --> [*]\n",
        "    following : forward runs, reverse none, OLD open, NEW closed, DNS OLD\n",
    };
    for (size_t i = 0; i < ARRAY_LEN(lines); i++)
        if (strstr(text, lines[i]) == NULL)
            fail_msg("no line %s in\n%s", lines[i], text);
    assert_null(strstr(text, "unsafe"));
    assert_null(strstr(text, "gate"));
}

/* A restart has switched read_only off, but nobody of the application can log in. */
static void test_a_held_side_counts_as_closed_and_is_told(void **state UNUSED)
{
    mirrored();
    fixture_stagger(&facts, 2, 1, 2);
    fixture_open(&facts, SIDE_NEW, true);
    facts.dns = DNS_NEW;
    facts.nodes[OLD_PRIMARY].held_count = 3;
    facts.nodes[OLD_PRIMARY].is_held = TRI_NO;
    assert_good(SITUATION_SHARED); /* one of them may log in */
    assert_null(strstr(verdict.because, "held"));
    facts.nodes[OLD_PRIMARY].is_held = TRI_YES;
    assert_good(SITUATION_SWITCHED);
    assert_true(verdict.is_only_held);
    assert_non_null(strstr(verdict.because, "OLD (db0:3306) is held"));
    assert_non_null(strstr(verdict.next, "SET GLOBAL read_only = 1"));
    fixture_open(&facts, SIDE_OLD, false);
    assert_good(SITUATION_SWITCHED);
    assert_null(strstr(verdict.because, "held"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_combination_has_the_one_situation_of_the_design),
        cmocka_unit_test(test_no_facts_at_all_are_unsafe),
        cmocka_unit_test(test_an_unreached_primary_is_unsafe_with_its_error),
        cmocka_unit_test(test_an_unreached_replica_decides_nothing),
        cmocka_unit_test(test_an_unknown_read_only_is_unsafe),
        cmocka_unit_test(test_a_stopped_link_is_unsafe_with_the_servers_error),
        cmocka_unit_test(test_a_receive_error_is_told_too),
        cmocka_unit_test(test_a_link_that_did_not_tell_its_state_is_unsafe),
        cmocka_unit_test(test_a_link_without_gtid_is_unsafe),
        cmocka_unit_test(test_a_link_to_somewhere_else_is_unsafe),
        cmocka_unit_test(test_a_link_to_a_replica_of_the_other_side_is_unsafe),
        cmocka_unit_test(test_a_foreign_channel_from_the_other_cluster_is_unsafe),
        cmocka_unit_test(test_a_foreign_channel_from_outside_is_only_mentioned),
        cmocka_unit_test(test_unknown_dns_is_unsafe_with_its_error),
        cmocka_unit_test(test_an_open_new_that_hides_its_data_is_unsafe),
        cmocka_unit_test(test_two_open_primaries_need_proven_staggering),
        cmocka_unit_test(test_two_open_primaries_tell_which_one_to_close),
        cmocka_unit_test(test_an_open_new_that_follows_is_unsafe),
        cmocka_unit_test(test_where_nobody_can_write_the_way_out_by_hand_is_told_in_full),
        cmocka_unit_test(test_records_that_point_to_the_closed_side_are_flipping_with_both_links),
        cmocka_unit_test(test_records_that_point_to_the_closed_side_are_unsafe_without_a_link),
        cmocka_unit_test(test_the_way_back_is_told_for_each_situation),
        cmocka_unit_test(test_the_way_back_of_switched_tells_how_far_old_is_behind),
        cmocka_unit_test(test_a_held_side_counts_as_closed_and_is_told),
        cmocka_unit_test(test_names_can_be_read_back),
        cmocka_unit_test(test_a_mask_reads_like_a_sentence),
        cmocka_unit_test(test_the_diagram_is_made_from_the_tables_and_always_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
