/* SPDX-License-Identifier: MIT */
/* `cutover verify --who`: who wrote the rows that differ. */
#include <stdio.h>

#include "base/clock.h"
#include "cli/verify_repair.h"
#include "verify/author.h"

static void show_reading(void *context, enum side side, uint64_t changes)
{
    progress_show(context, "who: %llu changes in the log of %s", (unsigned long long)changes,
                  side_title(side));
}

static json_t *write_json(const struct author_write *write)
{
    char at[32];

    if (!write->is_known)
        return json_null();
    return json_pack("{s:s,s:i,s:s,s:b,s:b,s:b}", "transaction", write->transaction, "server_id",
                     (int)write->server_id, "at", clock_iso8601(write->at_ms * 1000, at), "is_own",
                     write->is_own, "is_row", write->is_row, "is_deletion", write->is_deletion);
}

static int authors_json(const struct author_report *report, json_t *out, struct err *err)
{
    for (size_t i = 0; i < report->count; i++) {
        char text[512];
        author_text(report, i, text, sizeof(text));
        json_t *author = json_pack("{s:s,s:o,s:o}", "text", text, "old",
                                   write_json(&report->authors[i].last[SIDE_OLD]), "new",
                                   write_json(&report->authors[i].last[SIDE_NEW]));
        if (json_array_append_new(out, author))
            return err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory for who wrote the rows");
    }
    return 0;
}

int verify_who(const struct verified *verified, json_t *out, struct err *err)
{
    struct author_report report = {0};
    const struct author_options options = {.service = verified->service,
                                           .source = verified->source,
                                           .differences = verified->report->differences,
                                           .count = verified->report->difference_kept,
                                           .progress = show_reading,
                                           .context = verified->render};

    int rc = author_search(&options, &report, err);
    progress_clear(verified->render);
    if (!rc)
        rc = authors_json(&report, out, err);
    author_report_release(&report);
    return rc;
}
