/* SPDX-License-Identifier: MIT */
/*
 * io/conffile.h - a libconfig file as a tree whose every node knows its file and line.
 * Owns:    libconfig; nobody else includes its header.
 * Errors:  ERR_CONFIG/NONE with where = "file:line" and a message that says what was expected.
 * Threads: read-only after opening.
 */
#ifndef CUTOVER_IO_CONFFILE_H
#define CUTOVER_IO_CONFFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

struct conffile;
struct conf_node; /* borrowed from its conffile */

enum conf_kind { CONF_GROUP, CONF_LIST, CONF_ARRAY, CONF_TEXT, CONF_INT, CONF_FLOAT, CONF_BOOL };

/*
 * Syntax errors name the line. Refused besides: @include (a runbook is one file that one person can
 * read), whole numbers beyond 32 bits without an L (the parser would cut them without a word),
 * files above 1 MiB.
 */
MUST_CHECK int conffile_open(const char *path, struct conffile **out, struct err *err);
void conffile_free(struct conffile *file);
void conffile_freep(struct conffile **file);
const char *conffile_path(const struct conffile *file);
const struct conf_node *conffile_root(const struct conffile *file);

enum conf_kind conf_kind(const struct conf_node *node);
const char *conf_kind_name(enum conf_kind kind);
const char *conf_name(const struct conf_node *node); /* NULL for list items */
unsigned conf_line(const struct conf_node *node);
const char *conf_file(const struct conf_node *node);
size_t conf_count(const struct conf_node *node); /* members of a group, list or array */
const struct conf_node *conf_at(const struct conf_node *node, size_t index);
const struct conf_node *conf_child(const struct conf_node *group,
                                   const char *name); /* NULL when absent */

/*
 * ERR_CONFIG when the node is NULL (absent: names `name` and the group's line) or of another kind.
 * Strings live with the file.
 */
MUST_CHECK int conf_text(const struct conf_node *group, const char *name, const char **out,
                         struct err *err);
MUST_CHECK int conf_int(const struct conf_node *group, const char *name, int64_t *out,
                        struct err *err);
MUST_CHECK int conf_bool(const struct conf_node *group, const char *name, bool *out,
                         struct err *err);
const char *conf_as_text(const struct conf_node *node); /* NULL when it is not a string */
MUST_CHECK int conf_as_int(const struct conf_node *node, int64_t *out, struct err *err);

/*
 * Refuse members of `group` that are not among `known` (NULL-terminated): "unknown key "jornal";
 * did you mean "journal"?"
 */
MUST_CHECK int conf_only(const struct conf_node *group, const char *const *known, struct err *err);

/* An error at a node: where = "file:line". Returns ERR_CONFIG. */
int conf_error(const struct conf_node *node, struct err *err, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

/* The nearest of `known` by edit distance (at most 3), or NULL. Static lifetime of known. */
const char *conf_suggest(const char *word, const char *const *known);

#endif
