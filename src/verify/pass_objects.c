/* SPDX-License-Identifier: MIT */
/* What a pass compares besides tables, and which differences of definitions are meant. */
#include <stdio.h>

#include "base/clock.h"
#include "verify/objects.h"
#include "verify/pass.h"

static void accept_difference(void *context, const struct difference *difference,
                              const struct acceptance *acceptance)
{
    char text[800];
    (void)snprintf(text, sizeof(text), "%s differs, accepted by %s: %s", difference->column,
                   acceptance->by, acceptance->why);
    pass_warn(context, difference->table, text);
}

static void keep_difference(void *context, const struct difference *difference)
{
    pass_keep_difference(context, difference, 1);
}

static void warn(void *context, const char *text)
{
    pass_warn(context, "objects:", text);
}

void pass_keep_schema_difference(struct pass *pass, const struct difference *difference)
{
    const struct acceptance *acceptance =
        difference_accepted(pass->options->service, difference, clock_wall_us());
    if (acceptance)
        accept_difference(pass, difference, acceptance);
    else
        pass_keep_difference(pass, difference, 1);
}

int pass_compare_objects(struct pass *pass, struct err *err)
{
    const struct verify_options *options = pass->options;
    const struct objects_compare compare = {
        .service = options->service,
        .source = options->source,
        .is_still = options->is_still,
        .on_difference = keep_difference,
        .on_accepted = accept_difference,
        .on_warning = warn,
        .context = pass,
    };
    if (options->is_objects_skipped || options->tables || options->tail_rows)
        return 0;
    return verify_objects_compare(&compare, err);
}
