/* SPDX-License-Identifier: MIT */
/*
 * domain/table_shape.h - what tables look like: columns, indexes, and the key by which one can walk
 * through them. Built from rows of information_schema that are handed in one by one, through a
 * reader, because domain knows no database.
 * Owns:      all strings and arrays; table_catalog_release() frees.
 * Invariant: tables are in the order they were added (by database and name); a key column is never
 *            NULL, never a prefix.
 * Threads:   built by one thread, then read only.
 */
#ifndef CUTOVER_DOMAIN_TABLE_SHAPE_H
#define CUTOVER_DOMAIN_TABLE_SHAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"

#define INDEX_COLUMN_CAP 32

/* How a column's values are read, compared and written. */
enum column_class {
    COLUMN_INTEGER,
    COLUMN_DECIMAL,
    COLUMN_FLOAT,
    COLUMN_DOUBLE,
    COLUMN_TEXT,   /* has a character set */
    COLUMN_LISTED, /* ENUM, SET: text outside, a number inside, and ordered by that number */
    COLUMN_BIT,    /* bytes outside, ordered by number */
    COLUMN_BINARY,
    COLUMN_TIME, /* dates, times, years */
    COLUMN_GEOMETRY,
    COLUMN_OTHER, /* INET6, UUID: has a text form that is read back */
};

struct column_shape {
    char *name;
    char *type;                              /* "varchar(64)" */
    char *charset, *collation;               /* "" when it has none */
    char *default_text, *extra, *expression; /* "" when absent */
    enum column_class class;
    bool is_nullable, is_generated;
};

struct index_shape {
    char *name;
    /* key-worthy: could be walked; unique, never NULL, no prefix, no FLOAT, no leading ENUM */
    bool is_unique, is_key_worthy;
    /* into table_shape.columns; an expression's part is not here */
    size_t columns[INDEX_COLUMN_CAP];
    size_t column_count;
    char *text; /* "UNIQUE BTREE (a,b(10))": what is compared and shown */
};

/* What the server does to the rows of a child table when the row they refer to changes. */
enum foreign_key_rule { RULE_REFUSE, RULE_CASCADE, RULE_SET_NULL, RULE_SET_DEFAULT };

/* A foreign key, kept with its child table. */
struct foreign_key_shape {
    char *name;
    char *parent_database, *parent_name;
    char *parent_columns[INDEX_COLUMN_CAP]; /* names; as many as the child has */
    /*
     * The child's columns, in the order of the parent's; its name is that of the index of the child
     * that begins with them, "" when there is none.
     */
    struct index_shape child;
    enum foreign_key_rule on_delete, on_update;
};

struct table_shape {
    char *database, *name;
    char label[160]; /* database.name */
    char *kind;      /* "BASE TABLE", "SYSTEM VERSIONED", "SEQUENCE" */
    char *engine, *collation;
    uint64_t rows_estimate, bytes_estimate;
    struct column_shape *columns;
    size_t column_count;
    struct index_shape *indexes;
    size_t index_count;
    struct foreign_key_shape *foreign_keys; /* of which this table is the child */
    size_t foreign_key_count;
};

struct table_catalog {
    struct table_shape *tables;
    size_t count;
    size_t last_found; /* where the next row most likely belongs */
};

/* One row of an answer: the text of the named column, NULL for SQL NULL. */
struct row_reader {
    const char *(*get)(const void *context, const char *column);
    const void *context;
};

/*
 * Add what a row of shape_tables, shape_columns or shape_indexes says. Rows of tables that were not
 * added are skipped, so a table created between two queries does no harm. Errors  ERR_MEMORY/NONE;
 * ERR_PROTOCOL/NONE a column is missing in the answer.
 */
MUST_CHECK int table_catalog_add_table(struct table_catalog *catalog, const struct row_reader *row,
                                       struct err *err);
MUST_CHECK int table_catalog_add_column(struct table_catalog *catalog, const struct row_reader *row,
                                        struct err *err);
MUST_CHECK int table_catalog_add_index_part(struct table_catalog *catalog,
                                            const struct row_reader *row, struct err *err);
/* Of shape_foreign_keys, then of shape_foreign_key_parts, after the indexes. */
MUST_CHECK int table_catalog_add_foreign_key(struct table_catalog *catalog,
                                             const struct row_reader *row, struct err *err);
MUST_CHECK int table_catalog_add_foreign_key_part(struct table_catalog *catalog,
                                                  const struct row_reader *row, struct err *err);
void table_catalog_release(struct table_catalog *catalog);

/* All rows of an answer, each with one of the above. Errors  those of `add` */
typedef int table_catalog_add_fn(struct table_catalog *catalog, const struct row_reader *row,
                                 struct err *err);
struct rows_reader {
    const char *(*get)(const void *context, size_t row, const char *column);
    const void *context;
    size_t count;
};
MUST_CHECK int table_catalog_add_rows(struct table_catalog *catalog, const struct rows_reader *rows,
                                      table_catalog_add_fn *add, struct err *err);

struct table_shape *table_catalog_find(const struct table_catalog *catalog, const char *database,
                                       const char *name);

/* The index to walk by: the primary key, else the worthy unique one with the fewest columns; NULL
 * when there is none. */
const struct index_shape *table_shape_key(const struct table_shape *table);

/* Does a change of `parent`'s rows reach rows of the key's table, unseen by the binary log? */
bool foreign_key_cascades(const struct foreign_key_shape *key, const struct table_shape *parent);

enum column_class column_class_of(const char *data_type, bool has_charset);

/*
 * All in which two tables differ, as a schema: what, and both texts, shortened. Estimates, the
 * order of indexes and what only versions print in different ways do not count.
 */
struct shape_difference {
    char what[80]; /* "type of price" */
    char a[128], b[128];
    bool is_in_rows; /* rows cannot be compared either */
};
typedef void shape_difference_fn(void *context, const struct shape_difference *difference);
void table_shape_differences(const struct table_shape *a, const struct table_shape *b,
                             shape_difference_fn *tell, void *context);
/* The first of them. */
bool table_shape_differ(const struct table_shape *a, const struct table_shape *b,
                        struct shape_difference *out);

/* All that makes a table what it is, as one text; estimates and data do not count. */
void table_shape_text(const struct table_shape *table, struct buf *out);

/* The same type, character set or collation, whatever the version calls it: int(11) and int, utf8
 * and utf8mb3. */
bool is_same_type(const char *a, const char *b);
bool is_same_charset(const char *a, const char *b);

#endif
