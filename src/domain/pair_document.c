/* SPDX-License-Identifier: MIT */
/* docs/servers.md: the tables of servers, pairs, features and traps of an upgrade as Markdown. */
#include <string.h>

#include "domain/pairs.h"
#include "domain/support.h"

static void put_support(struct buf *out)
{
    size_t count = 0;
    const struct support_row *rows = support_table(&count);
    buf_puts(out, "## Servers\n\n| server | support | why | source |\n|---|---|---|---|\n");
    for (size_t i = 0; i < count; i++)
        buf_printf(out, "| %s | %s | %s | %s |\n", rows[i].name, support_name(rows[i].support),
                   rows[i].why, rows[i].source);
}

static void put_kinds(struct buf *out)
{
    size_t count = 0;
    const struct support_kind *rows = support_kind_table(&count);
    buf_puts(out, "\n## Relatives\n\n| server | recognised by | support | why | source "
                  "|\n|---|---|---|---|---|\n");
    for (size_t i = 0; i < count; i++)
        buf_printf(out, "| %s | `%s` %s%s%s | %s | %s | %s |\n", rows[i].name, rows[i].variable,
                   rows[i].mark[0] == '\0' ? "is set" : "has \"", rows[i].mark,
                   rows[i].mark[0] == '\0' ? "" : "\"", support_name(rows[i].support), rows[i].why,
                   rows[i].source);
}

static void put_pairs(struct buf *out)
{
    size_t count = 0;
    const struct pair_row *rows = pair_table(&count);
    buf_puts(out, "\n## Pairs\n\n| source to replica | verdict | may be waived | why | source "
                  "|\n|---|---|---|---|---|\n");
    for (size_t i = 0; i < count; i++)
        buf_printf(out, "| %s | %s | %s | %s | %s |\n", rows[i].name,
                   pair_verdict_name(rows[i].verdict),
                   rows[i].verdict != PAIR_REFUSED ? ""
                   : rows[i].has_link              ? "yes"
                                                   : "no",
                   rows[i].reason, rows[i].source_text);
}

static void put_features(struct buf *out)
{
    size_t count = 0;
    const struct pair_feature *rows = pair_features(&count);
    buf_puts(out, "\n## Conditions\n\n| feature | since | on an older replica | check | source "
                  "|\n|---|---|---|---|---|\n");
    for (size_t i = 0; i < count; i++)
        buf_printf(out, "| %s | %s %u.%u.%u | %s | `%s` | %s |\n", rows[i].name,
                   flavour_name(rows[i].flavour), rows[i].since / 10000, rows[i].since / 100 % 100,
                   rows[i].since % 100, rows[i].effect, rows[i].check, rows[i].source);
}

void pair_document(struct buf *out)
{
    put_support(out);
    put_kinds(out);
    put_pairs(out);
    put_features(out);
}
