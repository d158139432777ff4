/* SPDX-License-Identifier: MIT */
/* What foreign keys reach, by rows where that can be told, as whole tables where it cannot. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "verify/cascade.h"

/* authors (id, slug) <- posts (id, author) <- comments (id, post); tags (slug of an author) */
static char word_blog[] = "blog", word_id[] = "id", word_slug[] = "slug", word_ref[] = "ref",
            word_primary[] = "PRIMARY", word_by_ref[] = "by_ref";
static char name_authors[] = "authors", name_posts[] = "posts", name_comments[] = "comments",
            name_tags[] = "tags";
static char key_posts[] = "posts_author", key_comments[] = "comments_post",
            key_tags[] = "tags_slug";

struct world {
    struct table_shape tables[4];
    struct column_shape columns[4][3];
    struct index_shape primary[4];
    struct foreign_key_shape keys[4];
    struct table_catalog catalog;
    char told[512];
};

enum { AUTHORS, POSTS, COMMENTS, TAGS };

static void add_table(struct world *world, size_t at, char *name)
{
    char *const names[3] = {word_id, word_slug, word_ref};
    for (size_t i = 0; i < 3; i++)
        world->columns[at][i] =
            (struct column_shape){.name = names[i], .class = i == 1 ? COLUMN_TEXT : COLUMN_INTEGER};
    world->primary[at] = (struct index_shape){.name = word_primary,
                                              .is_unique = true,
                                              .is_key_worthy = true,
                                              .columns = {0},
                                              .column_count = 1};
    world->tables[at] = (struct table_shape){.database = word_blog,
                                             .name = name,
                                             .columns = world->columns[at],
                                             .column_count = 3,
                                             .indexes = &world->primary[at],
                                             .index_count = 1};
}

static void refer(struct world *world, size_t child, size_t parent, char *name, char *parent_column,
                  enum foreign_key_rule on_delete, enum foreign_key_rule on_update)
{
    world->keys[child] = (struct foreign_key_shape){
        .name = name,
        .parent_database = word_blog,
        .parent_name = world->tables[parent].name,
        .parent_columns = {parent_column},
        .child = {.name = word_by_ref,
                  .columns = {parent_column == word_slug ? 1U : 2U},
                  .column_count = 1},
        .on_delete = on_delete,
        .on_update = on_update,
    };
    world->tables[child].foreign_keys = &world->keys[child];
    world->tables[child].foreign_key_count = 1;
}

static void build(struct world *world)
{
    *world = (struct world){.catalog = {.tables = world->tables, .count = 4}};
    add_table(world, AUTHORS, name_authors);
    add_table(world, POSTS, name_posts);
    add_table(world, COMMENTS, name_comments);
    add_table(world, TAGS, name_tags);
}

static int reach(void *context, const struct table_shape *child,
                 const struct foreign_key_shape *key, const struct key_point *point,
                 struct err *err)
{
    struct world *world = context;
    size_t len = strlen(world->told);
    (void)err;
    (void)snprintf(world->told + len, sizeof(world->told) - len, "%s%s%s%s", len ? " " : "",
                   child->name, key ? "=" : "", key ? buf_text(&point->parts[0]) : "");
    return 0;
}

/* A change of the row 7 of `table`. */
static const char *follow(struct world *world, size_t table, enum change_action action)
{
    struct err err = {0};
    struct cascades cascades;
    struct key_point point = {0};
    const char *const values[] = {"7"};
    const unsigned long lengths[] = {1};
    const struct change change = {
        .kind = CHANGE_ROW, .action = action, .table = &world->tables[table], .key = &point};

    world->told[0] = '\0';
    assert_int_equal(key_point_set(&point, values, lengths, 1, &err), 0);
    assert_int_equal(cascades_init(&cascades, &world->catalog, &err), 0);
    assert_int_equal(cascades_follow(&cascades, &change, reach, world, &err), 0);
    cascades_release(&cascades);
    key_point_release(&point);
    return world->told;
}

static void test_rows_of_a_child_are_told_by_the_parents_key(void **state)
{
    (void)state;
    struct world world;
    build(&world);
    refer(&world, POSTS, AUTHORS, key_posts, word_id, RULE_CASCADE, RULE_REFUSE);
    assert_string_equal(follow(&world, AUTHORS, CHANGE_DELETE), "posts=7");
    assert_string_equal(follow(&world, AUTHORS, CHANGE_UPDATE), "");
    assert_string_equal(follow(&world, AUTHORS, CHANGE_INSERT), "");
    assert_string_equal(follow(&world, POSTS, CHANGE_DELETE), "");
}

static void test_a_moved_key_takes_its_children_along(void **state)
{
    (void)state;
    struct world world;
    build(&world);
    refer(&world, POSTS, AUTHORS, key_posts, word_id, RULE_REFUSE, RULE_CASCADE);
    assert_string_equal(follow(&world, AUTHORS, CHANGE_DELETE), "posts=7");
    assert_string_equal(follow(&world, AUTHORS, CHANGE_INSERT), "posts=7");
    assert_string_equal(follow(&world, AUTHORS, CHANGE_UPDATE), "");
}

static void test_null_in_place_of_a_key_means_the_whole_table(void **state)
{
    (void)state;
    struct world world;
    build(&world);
    refer(&world, POSTS, AUTHORS, key_posts, word_id, RULE_SET_NULL, RULE_REFUSE);
    assert_string_equal(follow(&world, AUTHORS, CHANGE_DELETE), "posts");
}

static void test_a_key_other_than_the_one_that_is_walked_means_the_whole_table(void **state)
{
    (void)state;
    struct world world;
    build(&world);
    refer(&world, TAGS, AUTHORS, key_tags, word_slug, RULE_CASCADE, RULE_CASCADE);
    assert_string_equal(follow(&world, AUTHORS, CHANGE_DELETE), "tags");
    assert_string_equal(follow(&world, AUTHORS, CHANGE_UPDATE), "tags");
}

static void test_grandchildren_are_told_as_whole_tables(void **state)
{
    (void)state;
    struct world world;
    build(&world);
    refer(&world, POSTS, AUTHORS, key_posts, word_id, RULE_CASCADE, RULE_REFUSE);
    refer(&world, COMMENTS, POSTS, key_comments, word_id, RULE_CASCADE, RULE_REFUSE);
    assert_string_equal(follow(&world, AUTHORS, CHANGE_DELETE), "posts=7 comments");
    assert_string_equal(follow(&world, POSTS, CHANGE_DELETE), "comments=7");
}

static void test_grandchildren_that_refuse_are_left_alone(void **state)
{
    (void)state;
    struct world world;
    build(&world);
    refer(&world, POSTS, AUTHORS, key_posts, word_id, RULE_CASCADE, RULE_REFUSE);
    refer(&world, COMMENTS, POSTS, key_comments, word_id, RULE_REFUSE, RULE_REFUSE);
    assert_string_equal(follow(&world, AUTHORS, CHANGE_DELETE), "posts=7");
}

static void test_a_table_that_refers_to_itself_ends(void **state)
{
    (void)state;
    struct world world;
    build(&world);
    refer(&world, COMMENTS, COMMENTS, key_comments, word_id, RULE_CASCADE, RULE_REFUSE);
    assert_string_equal(follow(&world, COMMENTS, CHANGE_DELETE), "comments=7 comments");
}

static void test_a_circle_of_tables_ends(void **state)
{
    (void)state;
    struct world world;
    build(&world);
    refer(&world, POSTS, COMMENTS, key_posts, word_id, RULE_CASCADE, RULE_REFUSE);
    refer(&world, COMMENTS, POSTS, key_comments, word_id, RULE_CASCADE, RULE_REFUSE);
    assert_non_null(strstr(follow(&world, POSTS, CHANGE_DELETE), "comments=7 posts"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_of_a_child_are_told_by_the_parents_key),
        cmocka_unit_test(test_a_moved_key_takes_its_children_along),
        cmocka_unit_test(test_null_in_place_of_a_key_means_the_whole_table),
        cmocka_unit_test(test_a_key_other_than_the_one_that_is_walked_means_the_whole_table),
        cmocka_unit_test(test_grandchildren_are_told_as_whole_tables),
        cmocka_unit_test(test_grandchildren_that_refuse_are_left_alone),
        cmocka_unit_test(test_a_table_that_refers_to_itself_ends),
        cmocka_unit_test(test_a_circle_of_tables_ends),
    };
    return cmocka_run_group_tests_name("cascade", tests, NULL, NULL);
}
