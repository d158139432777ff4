/* SPDX-License-Identifier: MIT */
/*
 * domain/server_words.h - words that one version of a server knows and another does not: reserved
 * words, SQL modes, variables, authentication plugins.
 * Threads: static const data; pure.
 */
#ifndef CUTOVER_DOMAIN_SERVER_WORDS_H
#define CUTOVER_DOMAIN_SERVER_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "domain/version.h"

struct server_word {
    const char *word;
    enum flavour flavour;
    unsigned from, below; /* version_number(); below 0: to this day */
    const char *instead;  /* what to use where it is gone; NULL when there is nothing */
};

/* Words that some supported server reserves and another does not. */
const struct server_word *reserved_words(size_t *out_count);
bool word_is_reserved(const char *word, const struct server_version *version);

/* YES, NO; UNKNOWN for a mode that the table does not have. */
enum tri sql_mode_is_known(const char *mode, const struct server_version *version);

/* What became of a variable that this server lacks; NULL when nothing is known of it. */
const char *variable_instead(const char *name, const struct server_version *version);

/* What to do with accounts of this plugin on a server that lacks it; NULL when nothing is known. */
const char *plugin_instead(const char *plugin, const struct server_version *version);

#endif
