/* SPDX-License-Identifier: MIT */
/* What a check is, without asking any server: for a person, a program, and docs/checks.md. */
#include "cli/check_explain.h"

#include <stdio.h>
#include <string.h>

#include "cli/exit_code.h"
#include "cli/help.h"
#include "cli/render.h"
#include "domain/preflight.h"

static const char *way_text(enum check_way way)
{
    switch (way) {
    case CHECK_BOTH_WAYS:
        return "there and back";
    case CHECK_WAY_THERE:
        return "there";
    case CHECK_WAY_BACK:
        return "back";
    }
    return "there and back";
}

static bool is_wanted(const struct check_row *row, const char *id)
{
    return !id || strcmp(row->id, id) == 0;
}

static void print_row(const struct check_row *row)
{
    (void)printf("%s\n", row->id);
    render_labelled(stdout, 2, "why:      ", row->why);
    render_labelled(stdout, 2, "mend it:  ", row->how);
    render_labelled(stdout, 2, "source:   ", row->source);
    (void)printf("  at worst: %s%s\n  concerns: the way %s\n", severity_name(row->worst),
                 row->is_final                  ? ", and cannot be waived"
                 : row->worst == SEVERITY_BLOCK ? ", unless it is waived"
                                                : "",
                 way_text(row->way));
}

static json_t *row_json(const struct check_row *row)
{
    return json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:b,s:b}", "check", row->id, "why", row->why, "how",
                     row->how, "source", row->source, "worst", severity_name(row->worst), "way",
                     check_way_name(row->way), "can_be_waived", !row->is_final, "bars_every_plan",
                     row->is_bar);
}

int check_known(const char *id, struct err *err)
{
    if (!id || preflight_find(id))
        return 0;
    (void)err_set(err, ERR_USAGE, EFFECT_NONE, "there is no check \"%s\"", id);
    return err_hint(err, "\"cutover check --explain\" has all of them; see also \"cutover help "
                         "check\" or --help");
}

int check_explain(const struct cli_options *options, struct err *err)
{
    const char *id = options->args[0];
    const struct check_row *row;
    CLEANUP(json_release) json_t *list = json_array();

    for (size_t i = 0; (row = preflight_at(i)); i++) {
        if (!is_wanted(row, id))
            continue;
        if (options->is_json) {
            (void)json_array_append_new(list, row_json(row)); /* render_json() looks at it */
            continue;
        }
        print_row(row);
        if (!id)
            (void)puts("");
    }
    if (!options->is_json)
        return EXIT_DONE;
    CLEANUP(json_release) json_t *all = json_pack("{s:O}", "checks", list);
    return render_json(all, err);
}

static void reference_section(const struct check_section *section, struct buf *out)
{
    buf_printf(out,
               "\n### %s\n\n"
               "| check | at worst | way | why it matters | how to mend it | source |\n"
               "|---|---|---|---|---|---|\n",
               section->title);
    for (size_t i = 0; i < section->count; i++) {
        const struct check_row *row = &section->rows[i];
        buf_printf(out, "| `%s` | %s%s | %s | %s | %s | %s |\n", row->id, severity_name(row->worst),
                   row->is_final ? " (no waiver)" : "", way_text(row->way), row->why, row->how,
                   row->source);
    }
}

void reference_checks(struct buf *out)
{
    const struct check_section *section;

    buf_printf(out, "%zu checks.\n", preflight_count());
    for (size_t i = 0; (section = preflight_section(i)); i++)
        reference_section(section, out);
}
