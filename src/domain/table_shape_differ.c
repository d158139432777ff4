/* SPDX-License-Identifier: MIT */
/* In what two tables differ as a schema, beyond what is only written in another way. */
#include "domain/table_shape.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool note(struct shape_difference *out, const char *what, const char *name, const char *a,
                 const char *b)
{
    (void)snprintf(out->what, sizeof(out->what), "%s%s%s", what, *name ? " " : "", name);
    (void)snprintf(out->a, sizeof(out->a), "%s", a);
    (void)snprintf(out->b, sizeof(out->b), "%s", b);
    return true;
}

static bool columns_differ(const struct column_shape *a, const struct column_shape *b,
                           struct shape_difference *out)
{
    const struct {
        const char *what, *a, *b;
    } traits[] = {
        {"column", a->name, b->name},
        {"type of", a->type, b->type},
        {"character set of", a->charset, b->charset},
        {"collation of", a->collation, b->collation},
        {"nullability of", a->is_nullable ? "NULL" : "NOT NULL",
         b->is_nullable ? "NULL" : "NOT NULL"},
        {"default of", a->default_text, b->default_text},
        {"attributes of", a->extra, b->extra},
        {"expression of", a->expression, b->expression},
    };
    for (size_t i = 0; i < ARRAY_LEN(traits); i++)
        if (strcmp(traits[i].a, traits[i].b) != 0)
            return note(out, traits[i].what, i ? a->name : "", traits[i].a, traits[i].b);
    return false;
}

static const struct index_shape *index_named(const struct table_shape *table, const char *name)
{
    for (size_t i = 0; i < table->index_count; i++)
        if (!strcmp(table->indexes[i].name, name))
            return &table->indexes[i];
    return NULL;
}

/* An index of `a` that `b` lacks or has otherwise. */
static bool indexes_differ(const struct table_shape *a, const struct table_shape *b,
                           struct shape_difference *out)
{
    for (size_t i = 0; i < a->index_count; i++) {
        const struct index_shape *mine = &a->indexes[i];
        const struct index_shape *theirs = index_named(b, mine->name);
        if (!theirs || strcmp(mine->text, theirs->text) != 0)
            return note(out, "index", mine->name, mine->text, theirs ? theirs->text : "absent");
    }
    return false;
}

bool table_shape_differ(const struct table_shape *a, const struct table_shape *b,
                        struct shape_difference *out)
{
    *out = (struct shape_difference){.is_in_columns = true};
    for (size_t i = 0; i < a->column_count && i < b->column_count; i++)
        if (columns_differ(&a->columns[i], &b->columns[i], out))
            return true;
    if (a->column_count > b->column_count)
        return note(out, "column", a->columns[b->column_count].name, "present", "absent");
    if (b->column_count > a->column_count)
        return note(out, "column", b->columns[a->column_count].name, "absent", "present");

    out->is_in_columns = false;
    if (strcasecmp(a->engine, b->engine) != 0)
        return note(out, "engine", "", a->engine, b->engine);
    if (strcmp(a->collation, b->collation) != 0)
        return note(out, "default collation", "", a->collation, b->collation);
    if (indexes_differ(a, b, out))
        return true;
    if (!indexes_differ(b, a, out))
        return false;
    char here[sizeof(out->a)];
    memcpy(here, out->a, sizeof(here)); /* found from the other side: swap the two texts */
    memcpy(out->a, out->b, sizeof(out->a));
    memcpy(out->b, here, sizeof(out->b));
    return true;
}
