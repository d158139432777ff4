/* SPDX-License-Identifier: MIT */
/* Where the names lead, whether the data is the same, and what the way back is worth. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ctl/screen_panels.h"

/* --- names ------------------------------------------------------------------------------------ */

static void draw_record(struct sheet *sheet, const json_t *record)
{
    const char *content = json_text_or(record, "content", "");
    const char *points = json_text_or(record, "points_to", "unknown");
    bool is_known = strcmp(points, "unknown") != 0;

    sheet_row(sheet);
    sheet_put(sheet, STYLE_PLAIN, "%s %s ", json_text_or(record, "name", ""),
              json_text_or(record, "type", ""));
    sheet_put(sheet, is_known ? STYLE_STRONG : STYLE_BAD, "leads to %s",
              strcmp(points, "mixed") == 0 ? "elsewhere" : words_side(points));
    sheet_put(sheet, STYLE_FAINT, "  %s, %" JSON_INTEGER_FORMAT " s%s", *content ? content : "?",
              json_int_or(record, "ttl_s", 0),
              json_bool_or(record, "is_proxied", 0) ? ", proxied" : "");
}

static const char *const leads[] = {"OLD", "NEW", "edge", "elsewhere", "no answer"};

/* "7 of 8 answers lead to NEW, 1 to OLD" in one row: who still goes the other way. */
static void draw_count(struct sheet *sheet, const char *points, const json_t *answers)
{
    size_t total = json_array_size(answers), counted = 0;

    sheet_row(sheet);
    sheet_put(sheet, STYLE_STRONG, "the names lead to %s; ",
              strcmp(points, "mixed") == 0 ? "different places" : words_side(points));
    if (total == 0)
        sheet_put(sheet, STYLE_FAINT, "no name server was asked yet");
    else
        sheet_put(sheet, STYLE_PLAIN, "of %zu answers:", total);
    for (size_t k = 0; k < ARRAY_LEN(leads); k++) {
        size_t count = 0;
        for (size_t i = 0; i < total; i++)
            count +=
                strcmp(json_text_or(json_array_get(answers, i), "leads_to", ""), leads[k]) == 0;
        if (count)
            sheet_put(sheet, strcmp(leads[k], "no answer") == 0 ? STYLE_BAD : STYLE_STRONG,
                      "%s %s %zu", counted ? "," : "", leads[k], count);
        counted += count;
    }
    if (counted < total)
        sheet_put(sheet, STYLE_BAD, "%s unknown %zu", counted ? "," : "", total - counted);
}

static void draw_answer(struct sheet *sheet, const json_t *answer)
{
    const char *error = json_text_or(answer, "error", "");

    sheet_row(sheet);
    sheet_put(sheet, STYLE_PLAIN, "%s%s", json_text_or(answer, "server", ""),
              json_bool_or(answer, "is_authoritative", 0) ? "" : " (resolver)");
    sheet_at(sheet, 30);
    sheet_put(sheet, STYLE_FAINT, "%s ", json_text_or(answer, "name", ""));
    sheet_put(sheet, *error ? STYLE_BAD : STYLE_STRONG, "%s",
              *error ? error : json_text_or(answer, "leads_to", "unknown"));
    if (json_int_or(answer, "ttl_s", 0) > 0)
        sheet_put(sheet, STYLE_FAINT, "  %" JSON_INTEGER_FORMAT " s",
                  json_int_or(answer, "ttl_s", 0));
}

void panel_names(const struct panel_call *call, struct sheet *sheet)
{
    const json_t *dns = json_object_get(call->facts->names, "dns");
    const json_t *records = json_object_get(dns, "records");
    const json_t *answers = json_object_get(dns, "answers");
    static const char *const errors[] = {"error", "answers_error"};

    if (!dns || json_array_size(records) == 0) {
        sheet_row(sheet);
        sheet_put(sheet, STYLE_FAINT, dns ? "no names are configured" : "asking ...");
    } else {
        draw_count(sheet, json_text_or(dns, "points_to", "unknown"), answers);
    }
    for (size_t i = 0; i < json_array_size(records); i++)
        draw_record(sheet, json_array_get(records, i));
    for (size_t i = 0; i < ARRAY_LEN(errors); i++) {
        const char *error = json_text_or(dns, errors[i], "");
        if (!*error)
            continue;
        sheet_row(sheet);
        sheet_wrap(sheet, STYLE_BAD, 2, 3, error);
    }
    for (size_t i = 0; i < json_array_size(answers); i++)
        draw_answer(sheet, json_array_get(answers, i));
}

/* --- is the data the same --------------------------------------------------------------------- */

static void draw_verified(struct sheet *sheet, const json_t *sum)
{
    json_int_t differences = json_int_or(sum, "differences", -1);
    char age[32];

    if (!json_is_object(sum)) {
        sheet_put(sheet, STYLE_WARN, "never compared: cutover verify");
        return;
    }
    sheet_put(sheet, differences ? STYLE_BAD : STYLE_GOOD,
              "%" JSON_INTEGER_FORMAT " of %" JSON_INTEGER_FORMAT
              " tables the same, %" JSON_INTEGER_FORMAT " differences",
              json_int_or(sum, "tables_equal", 0), json_int_or(sum, "tables", 0), differences);
    sheet_put(sheet, STYLE_PLAIN, ", %s, %s old",
              json_bool_or(sum, "is_complete", 0) ? "complete" : "NOT COMPLETE",
              words_ms(json_object_get(sum, "age_ms"), age));
}

static void draw_pass(struct sheet *sheet, const json_t *pass)
{
    if (!json_is_object(pass) || json_bool_or(pass, "is_complete", 0))
        return;
    sheet_row(sheet);
    sheet_put(sheet, STYLE_NOTE,
              "comparing: %" JSON_INTEGER_FORMAT " of %" JSON_INTEGER_FORMAT
              " spans, %" JSON_INTEGER_FORMAT " rows",
              json_int_or(pass, "spans_done", 0), json_int_or(pass, "spans", 0),
              json_int_or(pass, "rows", 0));
}

static void draw_proof(struct sheet *sheet, const json_t *proof)
{
    const char *problem = json_text_or(proof, "problem", "");
    char age[32];

    if (!json_is_object(proof))
        return;
    bool is_covering = json_bool_or(proof, "is_covering", 0);
    sheet_row(sheet);
    sheet_put(sheet, is_covering ? STYLE_GOOD : STYLE_WARN, "kept proven: %s",
              is_covering ? "yes" : "no");
    sheet_put(sheet, STYLE_PLAIN, "; to prove again: %" JSON_INTEGER_FORMAT " rows, oldest %s",
              json_int_or(proof, "rows_touched", 0),
              words_ms(json_object_get(proof, "oldest_ms"), age));
    sheet_put(sheet, STYLE_FAINT, " (%s ago)", words_ms(json_object_get(proof, "age_ms"), age));
    if (*problem) {
        sheet_row(sheet);
        sheet_wrap(sheet, STYLE_WARN, 2, 3, problem);
    }
}

void panel_proof(const struct panel_call *call, struct sheet *sheet)
{
    const json_t *state = call->facts->state;

    sheet_row(sheet);
    if (!state) {
        sheet_put(sheet, STYLE_FAINT, "asking ...");
        return;
    }
    draw_verified(sheet, json_object_get(state, "verification"));
    draw_pass(sheet, json_object_get(state, "pass"));
    draw_proof(sheet, json_object_get(state, "proof"));
}

/* --- the way back ----------------------------------------------------------------------------- */

void panel_back(const struct panel_call *call, struct sheet *sheet)
{
    const json_t *back = json_object_get(call->facts->state, "going_back");
    const json_t *ends = json_object_get(back, "ends");

    sheet_row(sheet);
    sheet_wrap(sheet, STYLE_PLAIN, 0, 4,
               back ? json_text_or(back, "text", "unknown") : "asking ...");
    for (size_t i = 0; i < json_array_size(ends); i++) {
        const json_t *end = json_array_get(ends, i);
        bool is_over = json_is_true(json_object_get(end, "has_happened"));
        bool is_near = json_bool_or(end, "is_near", 0);
        sheet_row(sheet);
        sheet_put(sheet,
                  is_over   ? STYLE_BAD
                  : is_near ? STYLE_WARN
                            : STYLE_FAINT,
                  "%s ",
                  is_over   ? "ENDED BY"
                  : is_near ? "NEAR ITS END:"
                            : "ends with");
        sheet_wrap(sheet,
                   is_over   ? STYLE_BAD
                   : is_near ? STYLE_WARN
                             : STYLE_FAINT,
                   2, 2, json_text_or(end, "text", ""));
    }
}
