/* SPDX-License-Identifier: MIT */
/*
 * What is written under another name becomes the file by rename(), once its length is that of the
 * text: a connection that died in the middle leaves no half of it. The folder is synced, because a
 * file that a power cut takes away again keeps nothing closed.
 */
#include "cluster/drop_in.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "cluster/host.h"
#include "domain/hold.h"

#define TIME_MS 20000
#define TEXT_CAP 4096
#define MARK_SIZE 128

/* $1 folder, $2 name, $3 bytes, $4 our first words. Servers read *.cnf only. */
static const char PUT[] =
    "set -e; umask 022; cd \"$1\"; "
    "if [ -e \"$2\" ]; then "
    "head -n 1 \"$2\" | grep -qF -- \"$4\" || { echo \"$1/$2 is not ours\" >&2; exit 3; }; fi; "
    "new=\".$2.$$\"; trap 'rm -f \"$new\"' EXIT; cat >\"$new\"; "
    "[ \"$(wc -c <\"$new\")\" -eq \"$3\" ] || { echo \"it did not arrive whole\" >&2; exit 4; }; "
    "sync; mv -f \"$new\" \"$2\"; sync";
static const char REMOVE[] =
    "set -e; cd \"$1\"; [ -e \"$2\" ] || exit 0; "
    "head -n 1 \"$2\" | grep -qF -- \"$3\" || exit 0; " /* somebody else's keeps its place */
    "rm -f \"$2\"; sync";
static const char TRY[] =
    "[ -d \"$1\" ] || { echo \"there is no folder $1\" >&2; exit 3; }; "
    "[ -w \"$1\" ] || { echo \"$(id -un) may not write to $1\" >&2; exit 3; }; "
    "command -v my_print_defaults >/dev/null || { echo 'no my_print_defaults' >&2; exit 3; }";
static const char LOOK[] = "if [ -n \"$1\" ]; then set -- --defaults-file=\"$1\"; else set --; fi; "
                           "exec my_print_defaults \"$@\" --mysqld";

char *drop_in_where(const struct node *node, char out[DROP_IN_WHERE_SIZE])
{
    (void)snprintf(out, DROP_IN_WHERE_SIZE, "%s/" DROP_IN_NAME " on the host of %s",
                   node->ssh != NULL ? node->ssh->drop_in : "", node->name);
    return out;
}

static void mark_of(const struct service *service, char out[MARK_SIZE])
{
    (void)snprintf(out, MARK_SIZE, "# cutover, service %s:", service->name);
}

void drop_in_text(const struct service *service, const struct node *node, const char *run,
                  const char *more, int64_t wall_us, struct buf *out)
{
    char mark[MARK_SIZE], when[32];

    mark_of(service, mark);
    buf_printf(
        out,
        "%s run %s, %s\n"
        "# %s is closed, or about to be: users are on the other side, and a restart must not\n"
        "# make a second writer of it. cutover removes this file when it opens this server again.\n"
        "[mysqld]\n"
        "read_only = 1\n"
        "%s",
        mark, run, clock_iso8601(wall_us, when), node->name, more);
}

static int need_drop_in(const struct node *node, struct err *err)
{
    if (node->ssh != NULL && node->ssh->drop_in[0] != '\0')
        return 0;
    (void)err_set(err, ERR_CONFIG, EFFECT_NONE,
                  "fence.hold is \"file\", but the ssh group of %s names no drop_in", node->name);
    return err_hint(err,
                    "ssh = { ...; drop_in = \"/etc/mysql/mariadb.conf.d\"; }: a folder of *.cnf "
                    "files that its my.cnf includes last");
}

static int ask(const struct node *node, const struct host_script *script, struct ssh_result *out,
               struct err *err)
{
    CLEANUP(host_release) struct host host = {0};

    int rc = host_open(&host, node, script->deadline_ms, err);
    return rc != 0 ? rc : host_run(&host, script, out, err);
}

int drop_in_closes(const struct node *node, bool *out_closes, struct err *err)
{
    CLEANUP(ssh_result_release) struct ssh_result result = {0};

    int rc = need_drop_in(node, err);
    if (rc != 0)
        return rc;
    const char *const words[] = {node->ssh->defaults_file, NULL};
    rc = ask(node,
             &(struct host_script){.what = "my_print_defaults",
                                   .text = LOOK,
                                   .words = words,
                                   .deadline_ms = clock_mono_ms() + TIME_MS},
             &result, err);
    if (rc == 0)
        *out_closes = hold_options_close(buf_text(&result.out));
    return rc;
}

int drop_in_try(const struct node *node, struct err *err)
{
    CLEANUP(ssh_result_release) struct ssh_result result = {0};

    int rc = need_drop_in(node, err);
    if (rc != 0)
        return rc;
    const char *const words[] = {node->ssh->drop_in, NULL};
    return ask(node,
               &(struct host_script){.what = "a look at the folder",
                                     .text = TRY,
                                     .words = words,
                                     .deadline_ms = clock_mono_ms() + TIME_MS},
               &result, err);
}

int drop_in_put(const struct service *service, const struct node *node, const char *run,
                const char *more, struct err *err)
{
    CLEANUP(ssh_result_release) struct ssh_result result = {0};
    CLEANUP(buf_release) struct buf text = {0};
    char mark[MARK_SIZE], bytes[24], where[DROP_IN_WHERE_SIZE];
    bool closes = false;

    int rc = need_drop_in(node, err);
    if (rc != 0)
        return rc;
    buf_init(&text, TEXT_CAP);
    drop_in_text(service, node, run, more, clock_wall_us(), &text);
    mark_of(service, mark);
    (void)snprintf(bytes, sizeof bytes, "%zu", text.len);
    const char *const words[] = {node->ssh->drop_in, DROP_IN_NAME, bytes, mark, NULL};
    rc = buf_check(&text, err);
    rc = rc != 0 ? rc
                 : ask(node,
                       &(struct host_script){.what = "writing " DROP_IN_NAME,
                                             .text = PUT,
                                             .words = words,
                                             .input = buf_text(&text),
                                             .deadline_ms = clock_mono_ms() + TIME_MS},
                       &result, err);
    rc = rc != 0 ? rc : drop_in_closes(node, &closes, err);
    if (rc != 0 || closes)
        return rc;
    (void)err_set(err, ERR_REFUSED, EFFECT_APPLIED,
                  "%.300s is written, but a restart would open %.100s all the same",
                  drop_in_where(node, where), node->name);
    return err_hint(err,
                    "does its my.cnf include that folder, last? Options that it is started with: "
                    "my_print_defaults --mysqld, with ssh.defaults_file");
}

int drop_in_remove(const struct service *service, const struct node *node, struct err *err)
{
    CLEANUP(ssh_result_release) struct ssh_result result = {0};
    char mark[MARK_SIZE];

    int rc = need_drop_in(node, err);
    if (rc != 0)
        return rc;
    mark_of(service, mark);
    const char *const words[] = {node->ssh->drop_in, DROP_IN_NAME, mark, NULL};
    return ask(node,
               &(struct host_script){.what = "removing " DROP_IN_NAME,
                                     .text = REMOVE,
                                     .words = words,
                                     .deadline_ms = clock_mono_ms() + TIME_MS},
               &result, err);
}
