/* SPDX-License-Identifier: MIT */
/*
 * verify/objects_inner.h - what the parts of verify/objects.h share: a list of objects, as both
 *           sides answered it, compared trait by trait.
 * Caller:  the files of objects, nobody else.
 */
#ifndef CUTOVER_VERIFY_OBJECTS_INNER_H
#define CUTOVER_VERIFY_OBJECTS_INNER_H

#include "verify/objects.h"
#include "verify/objects_same.h"

#define OBJECT_TRAIT_CAP 18
#define OBJECTS_PATIENCE_MS 60000

struct object_trait {
    const char *column; /* of the answer; NULL ends the row */
    const char *what;   /* as a person reads it */
    same_fn *same;
    bool is_secret; /* never shown */
    bool is_needed; /* NULL or "" means that it is kept from us */
};

struct objects_look;

/* What an answer lists, and what of it is compared. */
struct object_list {
    const char *kind; /* "trigger"; NULL: the answer's column KIND says it */
    enum sql_id id;
    const char *of;      /* the column with the table, view or routine; NULL: no such */
    const char *name[2]; /* columns that tell objects of one kind apart; may be NULL */
    const char *joint;   /* between the two */
    bool is_of_table;    /* not told apart from a table that one side lacks */
    bool is_of_both;     /* an object that one side lacks is told elsewhere */
    /* What an object that is not there has instead of its only trait: "none". NULL: it is told as
     * absent. */
    const char *absent;
    /* What looks different, asked again of the replica by the object's name and its row in the
     * answer: is it harmless? NULL: no. */
    int (*is_harmless)(struct objects_look *look, const char *database, const char *of,
                       const struct db_result *replica, size_t row, bool *out, struct err *err);
    struct object_trait traits[OBJECT_TRAIT_CAP];
};

/* What was found in one look; told once it is the last one. */
struct objects_found {
    struct finding {
        struct difference difference;
        bool is_unsure; /* not compared, and why is in column */
        bool is_harmless;
    } * items;
    size_t count, differences;
};
void objects_found_release(struct objects_found *found);

struct objects_look {
    const struct objects_compare *options;
    struct pair *pair;
    struct same_context same;
    struct objects_found *found;
    bool is_waiting; /* the replica is read once it has applied what the source had */
};

/* The answers of both sides to one statement. */
struct both {
    struct db_result source, replica;
};
void both_release(struct both *both);

/* Which objects of an answer are compared; NULL: all. */
struct object_filter {
    bool (*is_wanted)(const void *context, const struct db_result *result, size_t row);
    const void *context;
};

/* database  what a difference names before the object: "blog", or "accounts" */
MUST_CHECK int objects_compare_list(struct objects_look *look, const struct object_list *list,
                                    const char *database, const struct both *both,
                                    const struct object_filter *filter, struct err *err);

/* All lists of one database. */
MUST_CHECK int objects_compare_database(struct objects_look *look, const char *database,
                                        struct err *err);
/* Sequences, and the algorithms of views of MySQL: those of both sides are asked one by one. */
MUST_CHECK int objects_compare_singles(struct objects_look *look, const char *database,
                                       struct err *err);
MUST_CHECK int objects_compare_accounts(struct objects_look *look, struct err *err);

MUST_CHECK int objects_note(struct objects_look *look, const struct finding *finding,
                            struct err *err);
MUST_CHECK int objects_wait(struct objects_look *look, struct err *err);

#endif
