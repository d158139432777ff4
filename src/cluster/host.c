/* SPDX-License-Identifier: MIT */
/* From the configuration of a node to a session on its host. */
#include "cluster/host.h"

#include <pthread.h>
#include <string.h>

#include "base/clock.h"

#define WORDS_CAP 16
#define REFUSAL_STATUS 3
#define TASK_CAP 8

static void fill(const struct node_ssh *ssh, struct ssh_settings *out)
{
    *out = (struct ssh_settings){
        .host = ssh->host,
        .port = ssh->port,
        .user = ssh->user,
        .identity = ssh->identity,
        .passphrase = ssh->has_passphrase ? &ssh->passphrase : NULL,
        .agent = ssh->agent,
        .known_hosts = ssh->known_hosts,
        .transport = ssh->is_program ? SSH_PROGRAM : SSH_LIBRARY,
    };
}

void host_settings(struct host *host, const struct node *node)
{
    const struct node_ssh *ssh = node->ssh;

    *host = (struct host){.node = node};
    fill(ssh, &host->settings);
    if (ssh->jump_host[0] == '\0')
        return;
    fill(ssh, &host->jump);
    host->jump.host = ssh->jump_host;
    host->jump.port = ssh->jump_port;
    if (ssh->jump_user[0] != '\0')
        host->jump.user = ssh->jump_user;
    host->settings.jump = &host->jump;
}

int host_open(struct host *host, const struct node *node, int64_t deadline_ms, struct err *err)
{
    *host = (struct host){.node = node};
    if (node->ssh == NULL) {
        (void)err_set(err, ERR_CONFIG, EFFECT_NONE, "the host of %s has no group ssh", node->name);
        return err_hint(err, "ssh = { user = \"cutover\"; identity = \"ssh/id_ed25519\"; } in its "
                             "cluster or its node: docs/hosts.md");
    }
    host_settings(host, node);
    return ssh_open(&host->ssh, &host->settings, deadline_ms, err);
}

void host_release(struct host *host)
{
    ssh_close(host->ssh);
    *host = (struct host){0};
}

int host_run(struct host *host, const struct host_script *script, struct ssh_result *out,
             struct err *err)
{
    const char *argv[WORDS_CAP + 7];
    size_t count = 0;

    if (host->node->ssh->sudo) {
        argv[count++] = "sudo";
        argv[count++] = "-n"; /* nobody is there to type a password */
    }
    argv[count++] = "sh";
    argv[count++] = "-c";
    argv[count++] = script->text;
    argv[count++] = "sh";
    for (size_t i = 0; i < WORDS_CAP && script->words != NULL && script->words[i] != NULL; i++)
        argv[count++] = script->words[i];
    argv[count] = NULL;
    const struct ssh_command command = {
        .argv = argv,
        .input = script->input,
        .input_len = script->input != NULL ? strlen(script->input) : 0,
        .take = script->take,
        .context = script->context,
        .deadline_ms = script->deadline_ms,
    };
    CLEANUP(ssh_result_release) struct ssh_result result = {0};
    int rc = ssh_exec(host->ssh, &command, &result, err);
    if (rc != 0)
        return rc;
    rc = ssh_check(host->ssh, &result, script->what, err);
    if (rc != 0 && result.signal_name[0] == '\0' && result.exit_status == REFUSAL_STATUS)
        return err_set(err, ERR_REFUSED, EFFECT_NONE, "%s: %.*s", script->what,
                       (int)strcspn(buf_text(&result.errors), "\n"), buf_text(&result.errors));
    if (rc != 0)
        return rc;
    *out = result;
    result = (struct ssh_result){0};
    return 0;
}

struct running {
    struct host_task task;
    int64_t deadline_ms;
    pthread_t thread;
    bool is_running;
};

static void *run_task(void *context)
{
    const struct running *running = context;

    running->task.run(running->task.context, running->deadline_ms);
    return NULL;
}

void host_together(const struct host_task *tasks, size_t count)
{
    struct running all[TASK_CAP];
    int64_t deadline_ms = clock_mono_ms() + HOST_LOOK_MS;

    for (size_t i = 0; i < count; i++) {
        if (i >= TASK_CAP) {
            tasks[i].run(tasks[i].context, deadline_ms);
            continue;
        }
        all[i] = (struct running){.task = tasks[i], .deadline_ms = deadline_ms};
        all[i].is_running = pthread_create(&all[i].thread, NULL, run_task, &all[i]) == 0;
        if (!all[i].is_running) /* no thread to be had: the same answer, later */
            (void)run_task(&all[i]);
    }
    for (size_t i = 0; i < count && i < TASK_CAP; i++)
        if (all[i].is_running)
            (void)pthread_join(all[i].thread, NULL);
}
