/* SPDX-License-Identifier: MIT */
/*
 * playbook/member.h - read one member of a group: present, not empty, fitting.
 * Errors:  ERR_CONFIG/NONE with where = "file:line"; ERR_MEMORY/NONE. out_* only on success.
 * Threads: none of its own.
 */
#ifndef CUTOVER_PLAYBOOK_MEMBER_H
#define CUTOVER_PLAYBOOK_MEMBER_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/secret.h"
#include "io/conffile.h"

/* A string that must be there, is not empty, has no control character and fits. */
MUST_CHECK int member_text(const struct conf_node *group, const char *key, char *out,
                           size_t out_size, struct err *err);

/* The same for a node already found; `what` names it in the message. */
MUST_CHECK int node_text(const struct conf_node *node, const char *what, char *out, size_t out_size,
                         struct err *err);

/* A group that must be there; `expected` shows how to write it. */
MUST_CHECK int member_group(const struct conf_node *group, const char *key, const char *expected,
                            const struct conf_node **out, struct err *err);

/* A list or an array, borrowed; NULL when absent. */
MUST_CHECK int member_list(const struct conf_node *group, const char *key,
                           const struct conf_node **out, struct err *err);

/* "500ms", "2s": longer than nothing. Absent: *out keeps the default it came with. */
MUST_CHECK int member_duration(const struct conf_node *group, const char *key, int64_t *out,
                               struct err *err);

/* The strings of a list or array, each once. Caller frees with texts_free(). */
MUST_CHECK int node_texts(const struct conf_node *list, const char *what, char ***out,
                          size_t *out_count, struct err *err);
void texts_free(char **texts, size_t count);

/*
 * The words of a command, as [ "systemctl", "stop", "cron" ]; a word may come twice. Nothing when
 * absent; what *out had before is freed. Caller frees with texts_free().
 */
MUST_CHECK int member_words(const struct conf_node *group, const char *key, char ***out,
                            size_t *out_count, struct err *err);

/*
 * A secret by reference: "file:PATH" (relative to folder) or "env:NAME".
 * Any other text is taken for the secret itself, written by mistake: it is refused, and never
 * repeated in the message.
 */
MUST_CHECK int member_secret(const struct conf_node *group, const char *key, const char *folder,
                             struct secret *out, struct err *err);

/* Put "file:line" of the node to an error that was found below the files. Returns err->code. */
int node_blame(const struct conf_node *node, struct err *err);

#endif
