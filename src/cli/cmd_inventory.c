/* SPDX-License-Identifier: MIT */
/* `cutover inventory`: take one and record it, list them, tell what differs. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "cli/exit_code.h"
#include "cli/inventory_text.h"
#include "cli/options.h"
#include "cli/render.h"
#include "cli/service_open.h"
#include "cluster/inventory.h"
#include "cluster/paths.h"
#include "domain/inventory.h"
#include "engine/journal_inventory.h"
#include "engine/observe.h"

struct asking {
    const struct cli_options *options;
    struct render *render;
    const struct service *service;
    enum cli_format format;
};

/* Or are there recorded ones only? */
static bool takes_one(const struct cli_options *options)
{
    return !options->is_list && options->arg_count < (options->is_diff ? 2U : 1U);
}

static int check_usage(const struct cli_options *options, struct err *err)
{
    if (options->is_list && (options->is_diff || options->arg_count > 0))
        return err_set(err, ERR_USAGE, EFFECT_NONE, "--list goes with nothing else");
    if (!options->is_diff && options->arg_count > 1)
        return err_set(err, ERR_USAGE, EFFECT_NONE, "two inventories are compared with --diff");
    if (options->format == CLI_HTML)
        return err_set(err, ERR_USAGE, EFFECT_NONE, "an inventory is text, markdown or json");
    if (options->measures_paths && !takes_one(options))
        return err_set(err, ERR_USAGE, EFFECT_NONE,
                       "--measure-paths goes with an inventory that is being taken");
    return 0;
}

static int parse_number(const char *text, int64_t *out, struct err *err)
{
    char *end = NULL;

    errno = 0;
    *out = strtoll(text, &end, 10);
    if (errno || end == text || *end || *out <= 0)
        return err_set(err, ERR_USAGE, EFFECT_NONE, "\"%.60s\" is no number of an inventory", text);
    return 0;
}

/* --- where documents come from ---------------------------------------------------------------- */

static void warn_unread(const json_t *document)
{
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++)
        if (!inventory_is_read(document, side))
            log_warn("%s is not in this inventory: %s, continuing", side_title(side),
                     json_text_or(inventory_side(document, side), "error", "?"));
}

static void show_path(void *context, const struct survey_path *path)
{
    progress_show(context, "measuring the way from %s to %s", path->from->name, path->to->name);
}

static int take_paths(struct asking *a, json_t *document, struct err *err)
{
    CLEANUP(survey_release) struct survey survey = {0};

    int rc = paths_measure(a->service, &survey, show_path, a->render, err);
    return rc ? rc : inventory_put_paths(document, &survey, err);
}

static int take(struct asking *a, json_t **out, int64_t *out_id, struct err *err)
{
    CLEANUP(facts_release) struct facts facts = {0};
    CLEANUP(journal_freep) struct journal *journal = NULL;
    CLEANUP(json_release) json_t *document = NULL;

    progress_show(a->render, "reading what both sides are made of");
    int rc = journal_open(a->service->journal_path, &journal, err);
    if (!rc)
        rc = observe(a->service, &facts, NULL, err);
    if (!rc)
        rc = inventory_take(a->service, &facts, &document, err);
    if (!rc && a->options->measures_paths)
        rc = take_paths(a, document, err);
    if (!rc)
        rc = journal_inventory_add(journal, document, out_id, err);
    progress_clear(a->render);
    if (rc)
        return rc;
    warn_unread(document);
    *out = json_incref(document);
    return 0;
}

static int recorded(const struct asking *a, size_t arg, json_t **out, int64_t *out_id,
                    struct err *err)
{
    CLEANUP(journal_freep) struct journal *journal = NULL;

    int rc = parse_number(a->options->args[arg], out_id, err);
    if (!rc)
        rc = journal_open_reader(a->service->journal_path, &journal, err);
    return rc ? rc : journal_inventory_get(journal, a->service->name, *out_id, out, err);
}

/* --- what is printed -------------------------------------------------------------------------- */

static int print(const struct asking *a, json_t *value, inventory_writer *text,
                 inventory_writer *markdown, struct err *err)
{
    CLEANUP(buf_release) struct buf out;

    buf_init(&out, INVENTORY_TEXT_CAP_BYTES);
    if (a->format == CLI_JSON)
        return render_json(value, err);
    (a->format == CLI_MARKDOWN ? markdown : text)(value, &out);
    int rc = buf_check(&out, err);
    if (rc)
        return rc;
    (void)fwrite(out.data, 1, out.len, stdout); /* main asks the stream whether it arrived */
    return EXIT_DONE;
}

static int list(struct asking *a, struct err *err)
{
    CLEANUP(journal_freep) struct journal *journal = NULL;
    CLEANUP(json_release) json_t *items = NULL;
    CLEANUP(json_release) json_t *all = NULL;

    int rc = journal_open_reader(a->service->journal_path, &journal, err);
    if (!rc)
        rc = journal_inventory_list(journal, a->service->name, &items, err);
    if (rc)
        return rc;
    all = json_pack("{s:O}", "inventories", items);
    return print(a, all, inventory_list_text, inventory_list_markdown, err);
}

static int show(struct asking *a, struct err *err)
{
    CLEANUP(json_release) json_t *document = NULL;
    int64_t id = 0;

    int rc = a->options->arg_count > 0 ? recorded(a, 0, &document, &id, err)
                                       : take(a, &document, &id, err);
    if (!rc && json_object_set_new(document, "id", json_integer(id)))
        rc = err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for the inventory");
    return rc ? rc : print(a, document, inventory_text, inventory_markdown, err);
}

static int diff(struct asking *a, struct err *err)
{
    CLEANUP(json_release) json_t *before = NULL;
    CLEANUP(json_release) json_t *after = NULL;
    CLEANUP(json_release) json_t *found = NULL;
    int64_t before_id = 0, after_id = 0;
    size_t given = a->options->arg_count;
    int rc = 0;

    if (given > 0)
        rc = recorded(a, 0, &before, &before_id, err);
    if (!rc)
        rc = given > 1 ? recorded(a, 1, &after, &after_id, err) : take(a, &after, &after_id, err);
    if (!rc)
        rc = given > 0 ? inventory_diff_days(before, after, &found, err)
                       : inventory_diff_sides(after, &found, err);
    if (rc)
        return rc;
    CLEANUP(json_release)
    json_t *between = given > 0 ? json_pack("[I,I]", (json_int_t)before_id, (json_int_t)after_id)
                                : json_pack("[s,s]", "old", "new");
    if (json_object_set(found, "between", between))
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for what differs");
    return print(a, found, inventory_diff_text, inventory_diff_markdown, err);
}

int cmd_inventory(const struct cli_options *options, struct err *err)
{
    CLEANUP(render_release) struct render render;
    CLEANUP(service_release) struct service service = {0};

    render_init(&render, options);
    int rc = check_usage(options, err);
    if (!rc)
        rc = service_open(options->config_path, &service, err);
    if (rc)
        return rc;
    struct asking a = {.options = options, .render = &render, .service = &service};
    a.format = options->is_json ? CLI_JSON : options->format;
    if (options->is_list)
        return list(&a, err);
    return options->is_diff ? diff(&a, err) : show(&a, err);
}
