/* SPDX-License-Identifier: MIT */
/* Processes of our own. */
#include "io/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

#define LOOK_EVERY_MS 10

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

static void close_fd(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
}

/* Its end stays in fds[0] or fds[1], ours becomes one that does not block. */
static int make_pipe(int fds[2], int ours)
{
    if (pipe2(fds, O_CLOEXEC) != 0)
        return errno;
    int flags = fcntl(fds[ours], F_GETFL);
    return flags < 0 || fcntl(fds[ours], F_SETFL, flags | O_NONBLOCK) != 0 ? errno : 0;
}

static int spawn_piped(const char *const *argv, const int streams[3], pid_t *out)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    int why = 0;

    (void)sigemptyset(&none);
    (void)sigfillset(&all);
    (void)posix_spawn_file_actions_init(&files);
    (void)posix_spawnattr_init(&attributes);
    for (int i = 0; i < 3 && !why; i++)
        why = posix_spawn_file_actions_adddup2(&files, streams[i], i);
    if (!why)
        why = posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
    (void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    (void)posix_spawnattr_setsigmask(&attributes, &none);
    (void)posix_spawnattr_setsigdefault(&attributes, &all);
    if (!why)
        why = posix_spawnp(out, argv[0], &files, &attributes, (char *const *)(uintptr_t)argv,
                           environ);
    (void)posix_spawnattr_destroy(&attributes);
    (void)posix_spawn_file_actions_destroy(&files);
    return why;
}

int child_start_piped(struct child *child, const char *const *argv, int *out_input, int *out_output,
                      int *out_errors, struct err *err)
{
    int pipes[3][2] = {{-1, -1}, {-1, -1}, {-1, -1}};
    pid_t pid = 0;
    int why = make_pipe(pipes[0], 1);

    for (int i = 1; i < 3 && !why; i++)
        why = make_pipe(pipes[i], 0);
    if (!why)
        why = spawn_piped(argv, (const int[]){pipes[0][0], pipes[1][1], pipes[2][1]}, &pid);
    close_fd(&pipes[0][0]);
    close_fd(&pipes[1][1]);
    close_fd(&pipes[2][1]);
    if (why) {
        close_fd(&pipes[0][1]);
        close_fd(&pipes[1][0]);
        close_fd(&pipes[2][0]);
        return err_set(err, ERR_IO, EFFECT_NONE, "cannot start %s: %s", argv[0], strerror(why));
    }
    *out_input = pipes[0][1];
    *out_output = pipes[1][0];
    *out_errors = pipes[2][0];
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

int child_wait(struct child *child, int64_t deadline_ms, struct err *err)
{
    while (child_look(child), !has_ended(child)) {
        if (clock_mono_ms() >= deadline_ms)
            return err_set(err, ERR_TIMEOUT, EFFECT_UNKNOWN, "process %d does not end",
                           (int)child->pid);
        (void)poll(NULL, 0, LOOK_EVERY_MS);
    }
    return 0;
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
