/* SPDX-License-Identifier: MIT */
/*
 * domain/agents.h - other programs that decide about primaries, links or records, and what each of
 * them leaves behind where we can see it.
 * Invariant: nothing found is no proof that nothing is there: see agents_unseen().
 * Threads:   pure.
 */
#ifndef CUTOVER_DOMAIN_AGENTS_H
#define CUTOVER_DOMAIN_AGENTS_H

#include <stdbool.h>

#include "base/buf.h"
#include "domain/survey_topic.h"

struct agent {
    const char *name;  /* "orchestrator" */
    const char *check; /* the row of domain/preflight.h that is about it, and that is waived */
    bool is_acting;    /* opens, closes or repoints servers by itself */
    const char *does;  /* and why that matters */
    const char *pause; /* how it is told to keep its hands off, in its own words */
    /* words in lower case, apart by a space; a last '*' stands for whatever follows */
    const char *databases, *tables, *accounts, *programs;
};

const struct agent *agent_table(size_t *out_count);

/*
 * Who left that? item is of SURVEY_AGENTS or SURVEY_PROGRAMS: its name is the kind of trace
 * ("database", "table", "account", "session", "program"), its example the trace. NULL: nobody
 * known.
 */
const struct agent *agent_of(const struct survey_item *item);

/* What is asked for: all databases as literals for IN, all accounts or programs as one REGEXP. */
void agent_databases(struct buf *out);
void agent_accounts(struct buf *out);
void agent_programs(struct buf *out);

/*
 * Who keeps that record? By what a TXT record next to it says, or its own comment and tags; NULL:
 * nothing tells.
 */
const char *agent_of_record(const char *type, const char *name, const char *content,
                            const char *comment, const char *tags);

/* What leaves no trace on a server: a sentence. */
const char *agents_unseen(void);

#endif
