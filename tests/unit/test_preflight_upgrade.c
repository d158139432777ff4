/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "preflight_fixture.h"

static void test_collations_must_be_known_on_the_other_side(void **state UNUSED)
{
    well();
    plant(SIDE_OLD, SURVEY_COLLATIONS_USED, "utf8mb4_0900_ai_ci", "");
    assert_finding("upgrade.collations", SEVERITY_BLOCK, "unknown to NEW");
    well();
    plant(SIDE_NEW, SURVEY_COLLATIONS_USED, "utf8mb4_uca1400_ai_ci", "");
    assert_finding("upgrade.collations", SEVERITY_WARN, "unknown to OLD");
    plant(SIDE_OLD, SURVEY_COLLATIONS_KNOWN, "uca1400_ai_ci", "");
    assert_finding("upgrade.collations", SEVERITY_OK, "every collation");
    plant(SIDE_OLD, SURVEY_COLLATIONS_USED, "utf8_general_ci", "");
    plant(SIDE_NEW, SURVEY_COLLATIONS_KNOWN, "utf8mb3_general_ci", "");
    assert_finding("upgrade.collations", SEVERITY_OK, "every collation");
    assert_finding("upgrade.utf8mb3", SEVERITY_NOTE, "three bytes");
    plant_variable(SIDE_NEW, "collation_server", "utf8mb4_0900_ai_ci");
    assert_finding("upgrade.default_collations", SEVERITY_WARN, "utf8mb4_0900_ai_ci");
    well();
    plant_variable(SIDE_NEW, "character_set_collations",
                   "utf8mb3=utf8mb3_general_ci,utf8mb4=utf8mb4_uca1400_ai_ci,ucs2=x");
    assert_finding("upgrade.default_collations", SEVERITY_WARN, "makes utf8mb4_uca1400_ai_ci the");
    plant(SIDE_OLD, SURVEY_COLLATIONS_KNOWN, "uca1400_ai_ci", "");
    assert_finding("upgrade.default_collations", SEVERITY_OK, "each side");
}

static void test_words_of_sql_mode_must_be_known_on_the_other_side(void **state UNUSED)
{
    well();
    make_mysql(mysql_of(5, 7, 44), mysql_of(8, 0, 36));
    plant_variable(SIDE_OLD, "sql_mode", "STRICT_TRANS_TABLES,NO_AUTO_CREATE_USER");
    assert_finding("upgrade.sql_mode_words", SEVERITY_WARN, "NO_AUTO_CREATE_USER");
    well();
    make_mysql(mysql_of(8, 0, 36), mysql_of(8, 4, 3));
    plant_variable(SIDE_OLD, "sql_mode", "STRICT_TRANS_TABLES");
    assert_finding("upgrade.sql_mode_words", SEVERITY_OK, "every word");
}

static void test_variables_that_were_set_and_are_gone_are_named(void **state UNUSED)
{
    well();
    make_mysql(mysql_of(5, 7, 44), mysql_of(8, 0, 36));
    plant(SIDE_OLD, SURVEY_EXPLICIT, "query_cache_size", "not the default");
    plant_variable(SIDE_OLD, "query_cache_size", "67108864");
    assert_finding("upgrade.variables", SEVERITY_WARN, "67108864");
    assert_non_null(strstr(worst_of("upgrade.variables")->fix, "no query cache"));
    plant_variable(SIDE_NEW, "query_cache_size", "0");
    assert_finding("upgrade.variables", SEVERITY_OK, "every variable");
    plant(SIDE_OLD, SURVEY_EXPLICIT, "validate_password_length", "CONFIG");
    assert_finding("upgrade.variables", SEVERITY_OK, "every variable"); /* its plugin is gone */
    plant_variable(SIDE_OLD, "validate_password_length", "8");
    assert_finding("upgrade.variables", SEVERITY_NOTE, "no such variable");
}

static void test_accounts_need_their_plugin_on_the_other_side(void **state UNUSED)
{
    well();
    make_mysql(mysql_of(8, 4, 3), mysql_of(9, 7, 4));
    survey_list_release(&survey.side[SIDE_NEW].topics[SURVEY_PLUGINS_KNOWN]);
    survey.side[SIDE_NEW].topics[SURVEY_PLUGINS_KNOWN].is_read = TRI_YES;
    plant(SIDE_NEW, SURVEY_PLUGINS_KNOWN, "caching_sha2_password", "ACTIVE");
    assert_finding("upgrade.account_plugins", SEVERITY_WARN, "cannot log in there");
    assert_non_null(strstr(worst_of("upgrade.account_plugins")->fix, "caching_sha2_password"));
}

static void test_names_that_become_keywords_are_named(void **state UNUSED)
{
    well();
    make_mysql(mysql_of(5, 7, 44), mysql_of(8, 0, 36));
    plant(SIDE_OLD, SURVEY_NAMES, "RANK", "column");
    assert_finding("upgrade.reserved_words", SEVERITY_WARN, "RANK is reserved on NEW");
    make_mysql(mysql_of(8, 0, 36), mysql_of(8, 4, 3)); /* reserved on both: they live with it */
    assert_finding("upgrade.reserved_words", SEVERITY_OK, "no name");
}

static void test_cascades_that_are_logged_break_an_older_side(void **state UNUSED)
{
    well();
    make_mysql(mysql_of(8, 4, 3), mysql_of(9, 7, 4));
    plant_variable(SIDE_NEW, "innodb_native_foreign_keys", "OFF");
    assert_finding("upgrade.fk_cascades", SEVERITY_OK, "or there are none");
    plant(SIDE_NEW, SURVEY_FEATURES, "foreign key cascade", "");
    assert_finding("upgrade.fk_cascades", SEVERITY_WARN, "1032");
    make_mysql(mysql_of(9, 7, 4), mysql_of(9, 7, 4));
    assert_finding("upgrade.fk_cascades", SEVERITY_OK, "the same way");
}

static void test_what_an_older_reader_cannot_read_is_named(void **state UNUSED)
{
    well();
    make_mysql(mysql_of(5, 7, 44), mysql_of(8, 0, 36));
    plant_variable(SIDE_NEW, "binlog_transaction_compression", "ON");
    plant_variable(SIDE_NEW, "binlog_row_value_options", "PARTIAL_JSON");
    plant_gtids(NEW_PRIMARY, "aaaaaaaa-0000-0000-0000-000000000001:1-7:app:1-3");
    assert_finding("upgrade.binlog_compression", SEVERITY_WARN, "OLD cannot read that");
    assert_finding("upgrade.partial_json", SEVERITY_WARN, "cannot read");
    assert_finding("upgrade.tagged_gtids", SEVERITY_WARN, "OLD does not know");
    make_mysql(mysql_of(8, 4, 3), mysql_of(8, 4, 3));
    assert_finding("upgrade.binlog_compression", SEVERITY_NOTE, "compresses");
    assert_finding("upgrade.partial_json", SEVERITY_WARN, "goes unnoticed");
    assert_finding("upgrade.tagged_gtids", SEVERITY_NOTE, "tagged");
    well();
    make_mysql(mysql_of(8, 4, 3), mysql_of(8, 4, 3));
    plant_gtids(NEW_PRIMARY, "aaaaaaaa-0000-0000-0000-000000000001:1-7:9-12");
    assert_finding("upgrade.tagged_gtids", SEVERITY_OK, "no GTID has a tag");
    plant_variable(SIDE_OLD, "binlog_row_metadata", "FULL");
    plant_variable(SIDE_NEW, "binlog_row_metadata", "MINIMAL");
    assert_finding("upgrade.row_metadata", SEVERITY_WARN, "NEW has MINIMAL");
}

static void test_half_an_alter_is_not_sent_to_a_server_that_knows_only_whole_ones(
    void **state UNUSED)
{
    well();
    make_mariadb(5, 10, 11);
    plant_variable(SIDE_NEW, "binlog_alter_two_phase", "ON");
    assert_finding("upgrade.two_phase_alter", SEVERITY_WARN, "OLD knows only whole ones");
    plant_variable(SIDE_OLD, "binlog_alter_two_phase", "OFF");
    assert_finding("upgrade.two_phase_alter", SEVERITY_OK, "or both know");
}

static void test_a_side_that_refuses_newer_sources_is_told(void **state UNUSED)
{
    well();
    make_mysql(mysql_of(9, 7, 4), mysql_of(26, 7, 0));
    plant_variable(SIDE_OLD, "replica_allow_higher_version_source", "OFF");
    assert_finding("upgrade.higher_source", SEVERITY_WARN, "would not start");
    make_mysql(mysql_of(9, 7, 4), mysql_of(9, 7, 4));
    assert_finding("upgrade.higher_source", SEVERITY_OK, "neither");
}

static void test_what_only_warns_of_the_way_back_blocks_the_way_there(void **state UNUSED)
{
    well();
    make_mysql(mysql_of(9, 7, 4), mysql_of(8, 0, 11));
    plant_variable(SIDE_OLD, "innodb_native_foreign_keys", "OFF");
    plant_variable(SIDE_OLD, "binlog_transaction_compression", "ON");
    plant_variable(SIDE_OLD, "binlog_row_value_options", "PARTIAL_JSON");
    plant(SIDE_OLD, SURVEY_FEATURES, "foreign key cascade", "");
    plant_gtids(OLD_PRIMARY, "aaaaaaaa-0000-0000-0000-000000000001:app:1-3");
    assert_finding("upgrade.fk_cascades", SEVERITY_BLOCK, "NEW would change them once more");
    assert_finding("upgrade.binlog_compression", SEVERITY_BLOCK, "NEW cannot read that");
    assert_finding("upgrade.tagged_gtids", SEVERITY_BLOCK, "NEW does not know");
    make_mysql(mysql_of(9, 7, 4), mysql_of(5, 7, 44));
    assert_finding("upgrade.partial_json", SEVERITY_BLOCK, "the other side cannot read");
    well();
    make_mysql(mysql_of(26, 7, 0), mysql_of(9, 7, 4));
    plant_variable(SIDE_NEW, "replica_allow_higher_version_source", "OFF");
    assert_finding("upgrade.higher_source", SEVERITY_BLOCK, "would not start");
    well();
    make_mariadb(11, 10, 5);
    plant_variable(SIDE_OLD, "binlog_alter_two_phase", "ON");
    assert_finding("upgrade.two_phase_alter", SEVERITY_BLOCK, "NEW knows only whole ones");
}

static void test_tables_that_the_other_side_cannot_make_are_named(void **state UNUSED)
{
    well();
    make_mysql(mysql_of(5, 7, 44), mysql_of(8, 0, 36));
    plant(SIDE_OLD, SURVEY_FEATURES, "partitioned MyISAM", "");
    plant(SIDE_OLD, SURVEY_FEATURES, "column default zero date", "");
    plant(SIDE_OLD, SURVEY_FEATURES, "row format COMPRESSED", "");
    plant(SIDE_OLD, SURVEY_FEATURES, "column auto_increment float", "");
    assert_finding("upgrade.partitions", SEVERITY_BLOCK, "MyISAM");
    assert_finding("upgrade.row_formats", SEVERITY_WARN, "COMPRESSED");
    assert_finding("upgrade.zero_dates", SEVERITY_OK, "no default");
    assert_finding("upgrade.float_ids", SEVERITY_OK, "whole number");
    plant_variable(SIDE_NEW, "sql_mode", "STRICT_TRANS_TABLES,NO_ZERO_DATE");
    assert_finding("upgrade.zero_dates", SEVERITY_WARN, "0000-00-00");
    make_mysql(mysql_of(8, 0, 36), mysql_of(8, 4, 3));
    assert_finding("upgrade.float_ids", SEVERITY_BLOCK, "AUTO_INCREMENT");
    plant(SIDE_OLD, SURVEY_LOOSE_KEYS, "blog.c.fk1", "blog.p (a)");
    assert_finding("upgrade.loose_keys", SEVERITY_NOTE, "blog.p (a)");
    plant_variable(SIDE_NEW, "restrict_fk_on_non_standard_key", "ON");
    assert_finding("upgrade.loose_keys", SEVERITY_BLOCK, "refuses to make it");
}

static void test_what_hides_errors_or_lacks_time_zones_is_named(void **state UNUSED)
{
    well();
    plant_variable(SIDE_NEW, "slave_exec_mode", "IDEMPOTENT");
    assert_finding("upgrade.skipped_errors", SEVERITY_BLOCK, "IDEMPOTENT");
    survey.side[SIDE_NEW].topics[SURVEY_TIME_ZONES].items[0].uses = 0;
    assert_finding("upgrade.time_zone_tables", SEVERITY_WARN, "NEW 0");
}

static void test_packets_that_fit_on_old_must_fit_on_new(void **state UNUSED)
{
    assert_compared("upgrade.packet", "max_allowed_packet", "67108864", "16777216", SEVERITY_WARN);
}

static void test_every_check_was_made_to_say_its_worst(void **state UNUSED)
{
    assert_provoked("upgrade");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_collations_must_be_known_on_the_other_side),
        cmocka_unit_test(test_words_of_sql_mode_must_be_known_on_the_other_side),
        cmocka_unit_test(test_variables_that_were_set_and_are_gone_are_named),
        cmocka_unit_test(test_accounts_need_their_plugin_on_the_other_side),
        cmocka_unit_test(test_names_that_become_keywords_are_named),
        cmocka_unit_test(test_cascades_that_are_logged_break_an_older_side),
        cmocka_unit_test(test_what_an_older_reader_cannot_read_is_named),
        cmocka_unit_test(test_half_an_alter_is_not_sent_to_a_server_that_knows_only_whole_ones),
        cmocka_unit_test(test_a_side_that_refuses_newer_sources_is_told),
        cmocka_unit_test(test_what_only_warns_of_the_way_back_blocks_the_way_there),
        cmocka_unit_test(test_tables_that_the_other_side_cannot_make_are_named),
        cmocka_unit_test(test_what_hides_errors_or_lacks_time_zones_is_named),
        cmocka_unit_test(test_packets_that_fit_on_old_must_fit_on_new),
        cmocka_unit_test(test_every_check_was_made_to_say_its_worst), /* the last */
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
