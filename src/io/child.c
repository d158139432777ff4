/* SPDX-License-Identifier: MIT */
/* Processes of our own. */
#include "io/child.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static char **environment_with(const char *extra)
{
    size_t count = 0, kept = 0, name_len = extra ? strcspn(extra, "=") + 1 : 0;

    while (environ[count])
        count++;
    char **list = calloc(count + 2, sizeof *list);
    if (!list)
        return NULL;
    for (size_t i = 0; i < count; i++)
        if (!extra || strncmp(environ[i], extra, name_len) != 0)
            list[kept++] = environ[i];
    list[kept] = (char *)(uintptr_t)extra; /* posix_spawn() takes what it does not write to */
    return list;
}

int child_start(struct child *child, const char *path, const char *const *argv,
                const char *extra_environment, struct err *err)
{
    char **environment = environment_with(extra_environment);
    pid_t pid;

    if (!environment)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory to start %s", path);
    int why = posix_spawn(&pid, path, NULL, NULL, (char *const *)(uintptr_t)argv, environment);
    free(environment);
    if (why)
        return err_set(err, ERR_IO, EFFECT_NONE, "cannot start %s: %s", path, strerror(why));
    *child = (struct child){.pid = pid, .state = CHILD_RUNS};
    return 0;
}

static bool has_ended(const struct child *child)
{
    return child->state == CHILD_NONE || child->state == CHILD_ENDED ||
           child->state == CHILD_KILLED;
}

static void take_status(struct child *child, int status)
{
    if (WIFEXITED(status)) {
        child->state = CHILD_ENDED;
        child->exit_code = WEXITSTATUS(status);
    } else if (WIFSIGNALED(status)) {
        child->state = CHILD_KILLED;
        child->signal_number = WTERMSIG(status);
    } else if (WIFSTOPPED(status)) {
        child->state = CHILD_PAUSED;
        child->signal_number = WSTOPSIG(status);
    } else {
        child->state = CHILD_RUNS;
    }
}

enum child_state child_look(struct child *child)
{
    int status;

    while (!has_ended(child) &&
           waitpid(child->pid, &status, WNOHANG | WUNTRACED | WCONTINUED) == child->pid)
        take_status(child, status);
    return child->state;
}

void child_signal(const struct child *child, int signal_number)
{
    if (!has_ended(child))
        (void)kill(child->pid, signal_number); /* it is ours until it was waited for */
}

void child_release(struct child *child)
{
    int status;

    (void)child_look(child);
    if (!has_ended(child)) {
        child_signal(child, SIGTERM);
        child_signal(child, SIGCONT);
        while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR)
            continue;
    }
    *child = (struct child){0};
}

void child_ends_with_parent(void)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM); /* it then only lives on by itself: no harm */
}
