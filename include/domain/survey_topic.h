/* SPDX-License-Identifier: MIT */
/*
 * domain/survey_topic.h - what a server was asked about its settings and its schema, by topics.
 * Every topic has the same form: a list of names with a value, a number of uses and an example.
 * Invariant: a topic that was not read is not YES and has no items; a topic may be missing while
 *            the others are there (a privilege, a table that this version lacks).
 * Owns:      its texts; survey_list_release() frees.
 * Threads:   pure.
 */
#ifndef CUTOVER_DOMAIN_SURVEY_TOPIC_H
#define CUTOVER_DOMAIN_SURVEY_TOPIC_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "domain/service.h"

enum survey_topic {
    SURVEY_VARIABLES,        /* global variables: name, value */
    SURVEY_EXPLICIT,         /* those that somebody set: name, where */
    SURVEY_COLLATIONS_USED,  /* by schemas, tables and columns of the configured databases */
    SURVEY_COLLATIONS_KNOWN, /* to the server */
    SURVEY_PLUGINS_USED,     /* authentication plugins of accounts */
    SURVEY_PLUGINS_KNOWN,    /* authentication plugins that are loaded */
    SURVEY_NAMES,            /* tables, columns, routines that are a word of server_words */
    SURVEY_FEATURES,         /* marks of pair_features, and of other odd things in the schema */
    SURVEY_LOOSE_KEYS,       /* foreign keys to something that is not a unique key: name, parent */
    SURVEY_TIME_ZONES,       /* one item: how many time zones have a name */
    SURVEY_SEMISYNC,         /* how semi-sync stands: name, value */
    SURVEY_AGENTS,           /* what other agents left: see domain/agents.h */
    SURVEY_PROGRAMS,         /* what connected programs say of themselves, and have said */
    SURVEY_STATUS,           /* global status: name, value */
    SURVEY_SESSIONS,         /* who is at work: kind, first words, user@host, seconds */
    SURVEY_LOADED,           /* plugins and functions that were loaded from a file: name, kind */
    SURVEY_IDS,              /* AUTO_INCREMENT columns: name, type, uses is the next number */
    SURVEY_STATISTICS,       /* of tables and columns: name, value is rows or column, uses rows */
    SURVEY_TOPIC_COUNT
};

struct survey_item {
    char *name, *value, *example; /* never NULL */
    uint64_t uses;
};

struct survey_list {
    enum tri is_read;
    char error[256]; /* why not */
    struct survey_item *items;
    size_t count;
};

/* The texts are copied. ERR_MEMORY/NONE. */
MUST_CHECK int survey_list_add(struct survey_list *list, const struct survey_item *item,
                               struct err *err);
void survey_list_release(struct survey_list *list);

/* By name, whatever the case; NULL when absent. */
const struct survey_item *survey_list_find(const struct survey_list *list, const char *name);

const char *survey_topic_name(enum survey_topic topic); /* "variables" */

#endif
