/* SPDX-License-Identifier: MIT */
/* `cutover actions`: what a playbook's steps may do, from the action table. */
#include <stdio.h>

#include "cli/exit_code.h"
#include "cli/options.h"
#include "cli/render.h"
#include "domain/action.h"

static const char *const type_names[] = {[PARAM_TEXT] = "text",
                                         [PARAM_INT] = "number",
                                         [PARAM_BOOL] = "true|false",
                                         [PARAM_DURATION] = "duration",
                                         [PARAM_SIDE] = "old|new",
                                         [PARAM_MODE] = "shared|fenced",
                                         [PARAM_METHOD] = "copy|clone|physical",
                                         [PARAM_RECORDS] = "[records]",
                                         [PARAM_REQUIRE] = "[requirements]",
                                         [PARAM_TABLES] = "[tables]"};

/* Every situation it may start from, over all the joins that make a difference. */
static void starts_text(const struct action *action, char *out, size_t out_size)
{
    struct action_join joins[ACTION_JOIN_CAP];
    size_t count = action_joins(action->id, joins);
    situation_mask mask = 0;

    for (size_t i = 0; i < count; i++)
        mask |= action_starts_from(action->id, &joins[i]);
    situation_mask_text(mask, out, out_size);
}

static void print_action(const struct action *action)
{
    char starts[256];

    starts_text(action, starts, sizeof starts);
    (void)printf("%s\n", action->name);
    render_wrapped(stdout, 2, action->does);
    (void)printf("  starts from: %s\n", starts);
    (void)printf("  abort:       %s%s\n", action->undo,
                 action->commits ? " (holds the commit step)" : "");
    for (size_t i = 0; i < ACTION_PARAM_CAP && action->params[i].name; i++) {
        const struct action_param *param = &action->params[i];
        (void)printf("  %-12s %-15s %s%s%s%s\n", param->name, type_names[param->type], param->help,
                     param->is_required ? " (required)" : "", param->fallback ? "; default " : "",
                     param->fallback ? param->fallback : "");
    }
}

static json_t *action_json(const struct action *action)
{
    char starts[256];
    json_t *params = json_array();

    starts_text(action, starts, sizeof starts);
    for (size_t i = 0; i < ACTION_PARAM_CAP && action->params[i].name; i++) {
        const struct action_param *param = &action->params[i];
        (void)json_array_append_new(params, json_pack("{s:s,s:s,s:b,s:s?,s:s}", "name", param->name,
                                                      "type", type_names[param->type], "required",
                                                      (int)param->is_required, "default",
                                                      param->fallback, "help", param->help));
    }
    return json_pack("{s:s,s:s,s:s,s:s,s:b,s:o}", "name", action->name, "does", action->does,
                     "starts_from", starts, "abort", action->undo, "commits", (int)action->commits,
                     "params", params);
}

int cmd_actions(const struct cli_options *options, struct err *err)
{
    size_t count;
    const struct action *table = action_table(&count);
    const struct action *wanted = options->arg_count ? action_find(options->args[0]) : NULL;
    CLEANUP(json_release) json_t *list = json_array();
    bool is_first = true;

    if (options->arg_count && !wanted) {
        err_set(err, ERR_USAGE, EFFECT_NONE, "there is no action \"%s\"", options->args[0]);
        return err_hint(err, "\"cutover actions\" lists them");
    }
    for (size_t i = 0; i < count; i++) {
        if (wanted && wanted != &table[i])
            continue;
        (void)json_array_append_new(list, action_json(&table[i]));
        if (!options->is_json) {
            (void)printf("%s", is_first ? "" : "\n");
            print_action(&table[i]);
        }
        is_first = false;
    }
    return options->is_json ? render_json(list, err) : EXIT_DONE;
}
