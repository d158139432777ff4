/* SPDX-License-Identifier: MIT */
/* `cutover plan`: compile a playbook against the situation of now and print it. Touches nothing. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/exit_code.h"
#include "cli/run_ui.h"
#include "cli/service_open.h"

#define PLAN_CAP_BYTES (16 << 20)

/* {"hash": ..., "plan": {...}}: the file that is reviewed and executed unchanged. */
static int plan_document(const struct plan *plan, json_t **out, struct err *err)
{
    char hash[DIGEST_HEX_LEN + 1];
    json_t *json = NULL;
    int rc = plan_hash(plan, hash, err);

    if (!rc)
        rc = plan_to_json(plan, &json, err);
    if (rc)
        return rc;
    *out = json_pack("{s:s,s:o}", "hash", hash, "plan", json);
    return *out ? 0 : err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for the plan");
}

static void close_file(FILE **file)
{
    if (*file)
        (void)fclose(*file); /* reached only after an error that is being reported */
}

static int write_document(const json_t *document, const char *path, struct err *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    CLEANUP(close_file) FILE *file = fd < 0 ? NULL : fdopen(fd, "w");

    if (!file)
        return err_set(err, ERR_IO, EFFECT_NONE, "cannot write %s: %s", path, strerror(errno));
    if (json_dumpf(document, file, JSON_INDENT(2)) != 0 || fputc('\n', file) == EOF)
        return err_set(err, ERR_IO, EFFECT_UNKNOWN, "cannot write %s: %s", path, strerror(errno));
    FILE *whole = file;
    file = NULL;
    if (fclose(whole) != 0)
        return err_set(err, ERR_IO, EFFECT_UNKNOWN, "cannot write %s: %s", path, strerror(errno));
    return 0;
}

static int show_plan(const struct cli_options *options, const struct plan *plan, struct err *err)
{
    CLEANUP(json_release) json_t *document = NULL;
    CLEANUP(buf_release) struct buf text = {0};
    int rc = plan_document(plan, &document, err);

    if (!rc && options->out_path)
        rc = write_document(document, options->out_path, err);
    if (rc)
        return rc;
    if (options->is_json)
        return render_json(document, err);
    buf_init(&text, PLAN_CAP_BYTES);
    rc = plan_print(plan, &text, err);
    if (rc)
        return rc;
    (void)fwrite(text.data, 1, text.len, stdout); /* main asks the stream whether it arrived */
    if (options->out_path)
        (void)printf("\nWritten to %s. Execute exactly this with \"cutover run --plan %s\".\n",
                     options->out_path, options->out_path);
    return EXIT_DONE;
}

int cmd_plan(const struct cli_options *options, struct err *err)
{
    struct service service = {0};
    struct plan plan = {0};
    char path[PATH_MAX];

    int rc = playbook_locate(options->args[0], path, sizeof path, err);
    if (!rc)
        rc = service_open(options->config_path, &service, err);
    if (!rc)
        rc = compile_playbook(&service, path, options->from_step, &plan, err);
    if (!rc)
        rc = show_plan(options, &plan, err);
    plan_release(&plan);
    service_release(&service);
    return rc;
}
