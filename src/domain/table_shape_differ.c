/* SPDX-License-Identifier: MIT */
/* In what two tables differ as a schema, beyond what is only written in another way. */
#include "domain/table_shape.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

struct telling {
    shape_difference_fn *tell;
    void *context;
};

static void note(const struct telling *telling, const char *what, const char *name, const char *a,
                 const char *b, bool is_in_rows)
{
    struct shape_difference difference = {.is_in_rows = is_in_rows};
    (void)snprintf(difference.what, sizeof(difference.what), "%s%s%s", what, *name ? " " : "",
                   name);
    (void)snprintf(difference.a, sizeof(difference.a), "%s", a);
    (void)snprintf(difference.b, sizeof(difference.b), "%s", b);
    telling->tell(telling->context, &difference);
}

/* MySQL from 8.0.28 and MariaDB from 10.6 say utf8mb3 where older ones said utf8. */
static const char *past_utf8(const char *name)
{
    if (!strncmp(name, "utf8mb3", 7))
        return name + 7;
    return !strncmp(name, "utf8", 4) && name[4] != 'm' ? name + 4 : NULL;
}

bool is_same_charset(const char *a, const char *b)
{
    const char *rest_a = past_utf8(a), *rest_b = past_utf8(b);
    return rest_a && rest_b ? !strcmp(rest_a, rest_b) : !strcmp(a, b);
}

/* Past "int(11)" or "int": a number, of which MySQL from 8.0.19 no longer tells the width. */
static bool split_width(const char *type, size_t *out_word, const char **out_rest)
{
    *out_word = strcspn(type, "( ");
    *out_rest = type + *out_word;
    if (**out_rest != '(')
        return false;
    *out_rest += strspn(*out_rest, "(0123456789");
    *out_rest += **out_rest == ')';
    return true;
}

bool is_same_type(const char *a, const char *b)
{
    size_t word_a, word_b;
    const char *rest_a, *rest_b;

    if (!strcmp(a, b))
        return true;
    bool has_a = split_width(a, &word_a, &rest_a), has_b = split_width(b, &word_b, &rest_b);
    bool is_number = word_a >= 3 && (!strncmp(a + word_a - 3, "int", 3) || !strncmp(a, "year", 4));
    return is_number && has_a != has_b && word_a == word_b && !strncmp(a, b, word_a) &&
           !strcmp(rest_a, rest_b);
}

static bool is_same_text(const char *a, const char *b)
{
    return !strcmp(a, b);
}

/* current_timestamp() and CURRENT_TIMESTAMP: a default or an attribute in words. */
static bool is_same_word(const char *a, const char *b)
{
    for (;; a++, b++) {
        a += !strncmp(a, "()", 2) ? 2 : 0;
        b += !strncmp(b, "()", 2) ? 2 : 0;
        if (tolower((unsigned char)*a) != tolower((unsigned char)*b))
            return false;
        if (!*a)
            return true;
    }
}

static bool is_same_default(const char *a, const char *b)
{
    return !strncasecmp(a, "current_timestamp", 17) ? is_same_word(a, b) : !strcmp(a, b);
}

static void compare_column(const struct telling *telling, const struct column_shape *a,
                           const struct column_shape *b)
{
    const struct {
        const char *what, *a, *b;
        bool (*is_same)(const char *, const char *);
        bool is_in_rows;
    } traits[] = {
        {"type of", a->type, b->type, is_same_type, true},
        {"character set of", a->charset, b->charset, is_same_charset, false},
        {"collation of", a->collation, b->collation, is_same_charset, false},
        {"nullability of", a->is_nullable ? "NULL" : "NOT NULL",
         b->is_nullable ? "NULL" : "NOT NULL", is_same_text, false},
        {"default of", a->default_text, b->default_text, is_same_default, false},
        {"attributes of", a->extra, b->extra, is_same_word, false},
        {"expression of", a->expression, b->expression, is_same_text, false},
    };
    for (size_t i = 0; i < ARRAY_LEN(traits); i++)
        if (!traits[i].is_same(traits[i].a, traits[i].b))
            note(telling, traits[i].what, a->name, traits[i].a, traits[i].b, traits[i].is_in_rows);
}

static const struct column_shape *column_named(const struct table_shape *table, const char *name)
{
    for (size_t i = 0; i < table->column_count; i++)
        if (!strcmp(table->columns[i].name, name))
            return &table->columns[i];
    return NULL;
}

static void list_columns(const struct table_shape *table, char *out, size_t out_size)
{
    size_t len = 0;
    for (size_t i = 0; i < table->column_count && len < out_size; i++)
        len += (size_t)snprintf(out + len, out_size - len, "%s%s", i ? "," : "",
                                table->columns[i].name);
}

static void compare_columns(const struct telling *telling, const struct table_shape *a,
                            const struct table_shape *b)
{
    bool is_in_order = true, is_complete = a->column_count == b->column_count;
    for (size_t i = 0; i < a->column_count; i++) {
        const struct column_shape *mine = &a->columns[i];
        const struct column_shape *theirs = column_named(b, mine->name);
        if (theirs)
            compare_column(telling, mine, theirs);
        else
            note(telling, "column", mine->name, "present", "absent", true);
        is_complete = is_complete && theirs;
        is_in_order = is_in_order && theirs == &b->columns[i];
    }
    for (size_t i = 0; i < b->column_count; i++)
        if (!column_named(a, b->columns[i].name))
            note(telling, "column", b->columns[i].name, "absent", "present", true);
    if (is_complete && !is_in_order) {
        char here[128], there[128];
        list_columns(a, here, sizeof(here));
        list_columns(b, there, sizeof(there));
        note(telling, "order of columns", "", here, there, false);
    }
}

static const struct index_shape *index_named(const struct table_shape *table, const char *name)
{
    for (size_t i = 0; i < table->index_count; i++)
        if (!strcmp(table->indexes[i].name, name))
            return &table->indexes[i];
    return NULL;
}

static void compare_indexes(const struct telling *telling, const struct table_shape *a,
                            const struct table_shape *b)
{
    for (size_t i = 0; i < a->index_count; i++) {
        const struct index_shape *mine = &a->indexes[i];
        const struct index_shape *theirs = index_named(b, mine->name);
        if (!theirs || strcmp(mine->text, theirs->text) != 0)
            note(telling, "index", mine->name, mine->text, theirs ? theirs->text : "absent", false);
    }
    for (size_t i = 0; i < b->index_count; i++)
        if (!index_named(a, b->indexes[i].name))
            note(telling, "index", b->indexes[i].name, "absent", b->indexes[i].text, false);
}

void table_shape_differences(const struct table_shape *a, const struct table_shape *b,
                             shape_difference_fn *tell, void *context)
{
    const struct telling telling = {.tell = tell, .context = context};
    bool is_kind_same = !strcmp(a->kind, b->kind);

    if (!is_kind_same)
        note(&telling, "kind", "", a->kind, b->kind,
             !strcmp(a->kind, "SEQUENCE") || !strcmp(b->kind, "SEQUENCE"));
    compare_columns(&telling, a, b);
    if (strcasecmp(a->engine, b->engine) != 0)
        note(&telling, "engine", "", a->engine, b->engine, false);
    if (!is_same_charset(a->collation, b->collation))
        note(&telling, "default collation", "", a->collation, b->collation, false);
    compare_indexes(&telling, a, b);
}

static void keep_first(void *context, const struct shape_difference *difference)
{
    struct shape_difference *out = context;
    if (!out->what[0])
        *out = *difference;
}

bool table_shape_differ(const struct table_shape *a, const struct table_shape *b,
                        struct shape_difference *out)
{
    *out = (struct shape_difference){0};
    table_shape_differences(a, b, keep_first, out);
    return out->what[0] != '\0';
}

static void column_text(const struct column_shape *column, struct buf *out)
{
    buf_printf(out, "column %s\n%s\n%s\n%s\n%s\n%s\n%s\n%d %d\n", column->name, column->type,
               column->charset, column->collation, column->default_text, column->extra,
               column->expression, column->is_nullable, column->is_generated);
}

static void foreign_key_text(const struct foreign_key_shape *key, struct buf *out)
{
    buf_printf(out, "foreign key %s\n%s.%s %d %d\n", key->name, key->parent_database,
               key->parent_name, (int)key->on_delete, (int)key->on_update);
    for (size_t i = 0; i < key->child.column_count; i++)
        buf_printf(out, "%zu %s\n", key->child.columns[i],
                   key->parent_columns[i] ? key->parent_columns[i] : "");
}

void table_shape_text(const struct table_shape *table, struct buf *out)
{
    buf_printf(out, "%s\n%s\n%s\n%s\n", table->label, table->kind, table->engine, table->collation);
    for (size_t i = 0; i < table->column_count; i++)
        column_text(&table->columns[i], out);
    for (size_t i = 0; i < table->index_count; i++)
        buf_printf(out, "index %s %s\n", table->indexes[i].name, table->indexes[i].text);
    for (size_t i = 0; i < table->foreign_key_count; i++)
        foreign_key_text(&table->foreign_keys[i], out);
}
