/* SPDX-License-Identifier: MIT */
/* One script for all probes, and one word for the clock. */
#include "cluster/host_look.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "cluster/host.h"
#include "cluster/scripts.h"

#define ANSWER_CAP_BYTES (8U << 20)
#define WORD_CAP_BYTES 16384

#define RUN_SCRIPT "exec sh -c \"$@\""

static int ask_clock(struct host *host, int64_t deadline_ms, struct host_clock *out,
                     struct err *err)
{
    CLEANUP(ssh_result_release) struct ssh_result result = {0};
    const struct host_script script = {
        .what = "date", .text = "date +%s%N", .deadline_ms = deadline_ms};
    int64_t before_us = clock_wall_us(), before_mono_us = clock_mono_us();
    int rc = host_run(host, &script, &result, err);
    if (rc == 0)
        host_clock_read(buf_text(&result.out), before_us,
                        before_us + clock_mono_us() - before_mono_us, out);
    return rc;
}

static int keep(void *context, const char *bytes, size_t len, struct err *err)
{
    buf_add(context, bytes, len);
    return buf_check(context, err);
}

static int ask_all(struct host *host, host_setting *setting, const void *context,
                   int64_t deadline_ms, struct buf *out, struct err *err)
{
    CLEANUP(buf_release) struct buf certificates;
    CLEANUP(buf_release) struct buf series;
    CLEANUP(ssh_result_release) struct ssh_result result = {0};
    const char *version = setting(context, "version");
    buf_init(&certificates, WORD_CAP_BYTES);
    buf_init(&series, WORD_CAP_BYTES);
    buf_printf(&certificates, "%s\n%s", setting(context, "ssl_cert"), setting(context, "ssl_ca"));
    buf_printf(&series, "%.*s", (int)strspn(version, "0123456789"), version);
    version += series.len;
    if (version[0] == '.')
        buf_printf(&series, ".%.*s", (int)strspn(version + 1, "0123456789"), version + 1);
    int rc = buf_check(&certificates, err);
    if (rc == 0)
        rc = buf_check(&series, err);
    if (rc != 0)
        return rc;
    const char *const words[] = {script_inventory,
                                 "cutover",
                                 setting(context, "datadir"),
                                 setting(context, "tmpdir"),
                                 setting(context, "log_bin_basename"),
                                 setting(context, "pid_file"),
                                 host->node->ssh->defaults_file,
                                 buf_text(&series),
                                 buf_text(&certificates),
                                 NULL};
    const struct host_script script = {.what = "a look at the host",
                                       .text = RUN_SCRIPT,
                                       .words = words,
                                       .take = keep,
                                       .context = out,
                                       .deadline_ms = deadline_ms};
    return host_run(host, &script, &result, err);
}

static int look(const struct node *node, host_setting *setting, const void *context,
                int64_t deadline_ms, struct host_report *out, struct err *err)
{
    CLEANUP(host_release) struct host host = {0};
    CLEANUP(buf_release) struct buf answer;
    buf_init(&answer, ANSWER_CAP_BYTES);
    int rc = host_open(&host, node, deadline_ms, err);
    if (rc == 0)
        rc = ask_clock(&host, deadline_ms, &out->clock, err);
    if (rc == 0)
        rc = ask_all(&host, setting, context, deadline_ms, &answer, err);
    if (rc != 0)
        return rc;
    char *text = buf_take(&answer);
    if (text == NULL)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for what a host said");
    rc = host_report_read(text, out, err);
    free(text);
    return rc;
}

int host_look(const struct node *node, host_setting *setting, const void *context,
              int64_t deadline_ms, struct host_report *out, struct err *err)
{
    struct err why = {0};
    if (node->ssh == NULL) {
        host_report_fail(out, "not looked at: no ssh group in the configuration");
        return 0;
    }
    int rc = look(node, setting, context, deadline_ms, out, &why);
    if (rc == ERR_MEMORY) {
        *err = why;
        return rc;
    }
    if (rc != 0) {
        if (rc == ERR_TIMEOUT)
            (void)err_wrap(&why, "a host has %d s for all it is asked", HOST_LOOK_MS / 1000);
        host_report_release(out);
        host_report_fail(out, why.msg);
    }
    return 0;
}

void host_look_task(void *context, int64_t deadline_ms)
{
    struct host_question *q = context;

    q->rc = host_look(q->node, q->setting, q->context, deadline_ms, q->out, &q->err);
}
