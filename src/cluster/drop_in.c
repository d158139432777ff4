/* SPDX-License-Identifier: MIT */
/*
 * What is written under another name becomes the file by rename(), once its length is that of the
 * text: a connection that died in the middle leaves no half of it. The folder is synced, because a
 * file that a power cut takes away again keeps nothing closed.
 */
#include "cluster/drop_in.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cluster/host.h"
#include "domain/hold.h"

#define TIME_MS 20000
#define LOOK_MS 5000 /* for a person who waits, or who ends the program */
#define TEXT_CAP 4096
#define MARK_SIZE 128
#define INCREMENT "auto_increment_increment = "
#define OFFSET "auto_increment_offset = "

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
static const char READ[] = "set -e; cd \"$1\"; [ -e \"$2\" ] || exit 0; "
                           "head -n 1 \"$2\" | grep -qF -- \"$3\" || exit 0; exec cat \"$2\"";
static const char TRY[] =
    "[ -d \"$1\" ] || { echo \"there is no folder $1\" >&2; exit 3; }; "
    "[ -w \"$1\" ] || { echo \"$(id -un) may not write to $1\" >&2; exit 3; }; "
    "command -v my_print_defaults >/dev/null || { echo 'no my_print_defaults' >&2; exit 3; }";
static const char LOOK[] = "if [ -n \"$1\" ]; then set -- --defaults-file=\"$1\"; else set --; fi; "
                           "exec my_print_defaults \"$@\" --mysqld";

static const char *const names[] = {
    [DROP_IN_CLOSED] = "zz-cutover.cnf",
    [DROP_IN_COUNTING] = "zz-cutover-counting.cnf",
};

char *drop_in_where(enum drop_in which, const struct node *node, char out[DROP_IN_WHERE_SIZE])
{
    (void)snprintf(out, DROP_IN_WHERE_SIZE, "%s/%s on the host of %s",
                   node->ssh != NULL ? node->ssh->drop_in : "", names[which], node->name);
    return out;
}

bool drop_in_is_possible(const struct node *node)
{
    return node->ssh != NULL && node->ssh->drop_in[0] != '\0';
}

static int need_drop_in(const struct node *node, struct err *err)
{
    if (drop_in_is_possible(node))
        return 0;
    (void)err_set(err, ERR_CONFIG, EFFECT_NONE,
                  "a file on the host of %s is wanted, but its ssh group names no drop_in",
                  node->name);
    return err_hint(err,
                    "ssh = { ...; drop_in = \"/etc/mysql/mariadb.conf.d\"; }: a folder of *.cnf "
                    "files that its my.cnf includes last");
}

/* Run a text there, with what it prints. */
static int ask(const struct node *node, const char *what, const char *text,
               const char *const *words, const char *input, struct ssh_result *out, struct err *err)
{
    CLEANUP(host_release) struct host host = {0};
    int64_t deadline_ms = clock_mono_ms() + TIME_MS;

    int rc = host_open(&host, node, deadline_ms, err);
    return rc != 0 ? rc
                   : host_run(&host,
                              &(struct host_script){.what = what,
                                                    .text = text,
                                                    .words = words,
                                                    .input = input,
                                                    .deadline_ms = deadline_ms},
                              out, err);
}

static void mark_of(const struct service *service, char out[MARK_SIZE])
{
    (void)snprintf(out, MARK_SIZE, "# cutover, service %s:", service->name);
}

/* Write it; `out` has the options with which that server would start then. */
static int put(enum drop_in which, const struct service *service, const struct node *node,
               const struct buf *text, struct ssh_result *out, struct err *err)
{
    CLEANUP(ssh_result_release) struct ssh_result written = {0};
    char mark[MARK_SIZE], bytes[24], what[80];

    int rc = need_drop_in(node, err);
    rc = rc != 0 ? rc : buf_check(text, err);
    if (rc != 0)
        return rc;
    mark_of(service, mark);
    (void)snprintf(bytes, sizeof bytes, "%zu", text->len);
    (void)snprintf(what, sizeof what, "writing %s", names[which]);
    const char *const words[] = {node->ssh->drop_in, names[which], bytes, mark, NULL};
    rc = ask(node, what, PUT, words, buf_text(text), &written, err);
    if (rc != 0)
        return rc;
    const char *const files[] = {node->ssh->defaults_file, NULL};
    return ask(node, "my_print_defaults", LOOK, files, NULL, out, err);
}

static int not_read(enum drop_in which, const struct node *node, const char *what, struct err *err)
{
    char where[DROP_IN_WHERE_SIZE];

    (void)err_set(err, ERR_REFUSED, EFFECT_APPLIED, "%.300s is written, but a restart would %s",
                  drop_in_where(which, node, where), what);
    return err_hint(err,
                    "does its my.cnf include that folder, last? Options that it is started with: "
                    "my_print_defaults --mysqld, with ssh.defaults_file");
}

static void begin_text(const struct service *service, const char *run, struct buf *text)
{
    char mark[MARK_SIZE], when[32];

    mark_of(service, mark);
    buf_init(text, TEXT_CAP);
    buf_printf(text, "%s run %s, %s\n", mark, run, clock_iso8601(clock_wall_us(), when));
}

int drop_in_put(const struct service *service, const struct node *node, const char *run,
                const char *more, struct err *err)
{
    CLEANUP(ssh_result_release) struct ssh_result options = {0};
    CLEANUP(buf_release) struct buf text = {0};
    char what[NODE_NAME_SIZE + 40];

    begin_text(service, run, &text);
    buf_printf(
        &text,
        "# %s is closed, or about to be: users are on the other side, and a restart must not\n"
        "# make a second writer of it. cutover removes this file when it opens this server again.\n"
        "[mysqld]\n"
        "read_only = 1\n"
        "%s",
        node->name, more);
    int rc = put(DROP_IN_CLOSED, service, node, &text, &options, err);
    if (rc != 0 || hold_options_close(buf_text(&options.out)))
        return rc;
    (void)snprintf(what, sizeof what, "open %s all the same", node->name);
    return not_read(DROP_IN_CLOSED, node, what, err);
}

int drop_in_count(const struct service *service, const struct node *node, const char *run,
                  const struct counting *counting, struct err *err)
{
    CLEANUP(ssh_result_release) struct ssh_result options = {0};
    CLEANUP(buf_release) struct buf text = {0};
    char what[120];

    begin_text(service, run, &text);
    buf_printf(
        &text,
        "# %s hands out other AUTO_INCREMENT values than the other side: a restart must not\n"
        "# make both hand out the same. cutover removes this file when that is over.\n"
        "[mysqld]\n" INCREMENT "%u\n" OFFSET "%u\n",
        node->name, counting->increment, counting->offset);
    int rc = put(DROP_IN_COUNTING, service, node, &text, &options, err);
    if (rc != 0)
        return rc;
    const char *says = buf_text(&options.out);
    unsigned increment = hold_option_number(says, "--auto-increment-increment", 1);
    unsigned offset = hold_option_number(says, "--auto-increment-offset", 1);
    if (increment == counting->increment && offset == counting->offset)
        return 0;
    (void)snprintf(what, sizeof what, "let it count by %u from %u instead of by %u from %u",
                   increment, offset, counting->increment, counting->offset);
    return not_read(DROP_IN_COUNTING, node, what, err);
}

static unsigned number_after(const char *text, const char *words)
{
    const char *found = strstr(text, words);

    return found != NULL ? (unsigned)strtoul(found + strlen(words), NULL, 10) : 0;
}

int drop_in_counting(const struct service *service, const struct node *node, struct counting *out,
                     struct err *err)
{
    CLEANUP(ssh_result_release) struct ssh_result result = {0};
    char mark[MARK_SIZE];

    int rc = need_drop_in(node, err);
    if (rc != 0)
        return rc;
    mark_of(service, mark);
    const char *const words[] = {node->ssh->drop_in, names[DROP_IN_COUNTING], mark, NULL};
    rc = ask(node, "reading the file", READ, words, NULL, &result, err);
    if (rc != 0)
        return rc;
    *out = (struct counting){.increment = number_after(buf_text(&result.out), INCREMENT),
                             .offset = number_after(buf_text(&result.out), OFFSET)};
    return 0;
}

int drop_in_remove(const struct service *service, const struct node *node, enum drop_in which,
                   struct err *err)
{
    CLEANUP(ssh_result_release) struct ssh_result result = {0};
    char mark[MARK_SIZE], what[80];

    int rc = need_drop_in(node, err);
    if (rc != 0)
        return rc;
    mark_of(service, mark);
    (void)snprintf(what, sizeof what, "removing %s", names[which]);
    const char *const words[] = {node->ssh->drop_in, names[which], mark, NULL};
    return ask(node, what, REMOVE, words, NULL, &result, err);
}

int drop_in_try(const struct node *node, struct err *err)
{
    CLEANUP(ssh_result_release) struct ssh_result result = {0};

    int rc = need_drop_in(node, err);
    if (rc != 0)
        return rc;
    const char *const words[] = {node->ssh->drop_in, NULL};
    return ask(node, "a look at the folder", TRY, words, NULL, &result, err);
}

int drop_in_is_there(const struct service *service, const struct node *node, bool *out_is_there,
                     struct err *err)
{
    CLEANUP(ssh_result_release) struct ssh_result result = {0};
    CLEANUP(host_release) struct host host = {0};
    int64_t deadline_ms = clock_mono_ms() + LOOK_MS;
    char mark[MARK_SIZE];

    int rc = need_drop_in(node, err);
    if (rc != 0)
        return rc;
    mark_of(service, mark);
    const char *const words[] = {node->ssh->drop_in, names[DROP_IN_CLOSED], mark, NULL};
    rc = host_open(&host, node, deadline_ms, err);
    if (rc == 0)
        rc = host_run(&host,
                      &(struct host_script){.what = "looking for our file",
                                            .text = READ,
                                            .words = words,
                                            .deadline_ms = deadline_ms},
                      &result, err);
    if (rc == 0)
        *out_is_there = result.out.len > 0;
    return rc;
}
