/* SPDX-License-Identifier: MIT */
/* `cutover report`: the story of a run, from the journal alone. */
#include "engine/report.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/exit_code.h"
#include "cli/options.h"
#include "cli/render.h"
#include "playbook/read.h"

#define REPORT_CAP_BYTES (64 << 20)

static int report_text(const json_t *report, enum cli_format format, struct buf *out,
                       struct err *err)
{
    if (format == CLI_JSON) {
        char *text = json_dumps(report, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
        if (!text)
            return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for the report");
        buf_puts(out, text);
        buf_putc(out, '\n');
        free(text);
        return buf_check(out, err);
    }
    if (format == CLI_HTML)
        return report_html(report, out, err);
    return report_render(report, format == CLI_MARKDOWN ? REPORT_MARKDOWN : REPORT_TEXT, out, err);
}

static int deliver(const struct buf *text, const char *path, struct err *err)
{
    if (!path) {
        (void)fwrite(text->data, 1, text->len, stdout); /* main asks the stream */
        return 0;
    }
    FILE *file = fopen(path, "we");
    if (!file)
        return err_set(err, ERR_IO, EFFECT_NONE, "cannot write %s: %s", path, strerror(errno));
    bool is_whole = fwrite(text->data, 1, text->len, file) == text->len;
    if (fclose(file) != 0 || !is_whole)
        return err_set(err, ERR_IO, EFFECT_UNKNOWN, "cannot write %s: %s", path, strerror(errno));
    return 0;
}

int cmd_report(const struct cli_options *options, struct err *err)
{
    struct service service = {0};
    CLEANUP(journal_freep) struct journal *journal = NULL;
    CLEANUP(json_release) json_t *report = NULL;
    CLEANUP(buf_release) struct buf text = {0};

    buf_init(&text, REPORT_CAP_BYTES);
    int rc = service_read(options->config_path, &service, err);
    if (!rc)
        rc = journal_open_reader(service.journal_path, &journal, err);
    if (!rc)
        rc = report_build(journal, service.name, options->arg_count ? options->args[0] : NULL,
                          &report, err);
    if (!rc && options->format == CLI_HTML)
        rc = report_add_story(journal, report, err);
    if (!rc)
        rc = report_text(report, options->format, &text, err);
    if (!rc)
        rc = deliver(&text, options->out_path, err);
    service_release(&service);
    return rc ? rc : EXIT_DONE;
}
