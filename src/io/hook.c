/* SPDX-License-Identifier: MIT */
/*
 * A program that hangs must not keep what is ours: an inherited connection would hold the lease of
 * a controller that has died.
 */
#include "io/hook.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

#define LOOK_EVERY_MS 20
#define GRACE_MS 2000 /* between SIGTERM and SIGKILL */

static void close_fd(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd); /* only read from */
}

static int make_input(const struct hook *hook, int *out, struct err *err)
{
    CLEANUP(close_fd) int fd = memfd_create("event", MFD_CLOEXEC);
    size_t done = 0;

    while (fd >= 0 && done < hook->input_len) {
        ssize_t written = write(fd, hook->input + done, hook->input_len - done);
        if (written <= 0)
            break;
        done += (size_t)written;
    }
    if (fd < 0 || done < hook->input_len || lseek(fd, 0, SEEK_SET) != 0)
        return err_set(err, ERR_IO, EFFECT_NONE, "no room for the input of a program: %s",
                       strerror(errno));
    *out = fd;
    fd = -1;
    return 0;
}

static int prepare_files(posix_spawn_file_actions_t *files, int input)
{
    int why = posix_spawn_file_actions_adddup2(files, input, STDIN_FILENO);

    if (!why)
        why = posix_spawn_file_actions_addopen(files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    if (!why)
        why = posix_spawn_file_actions_addopen(files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    return why ? why : posix_spawn_file_actions_addclosefrom_np(files, STDERR_FILENO + 1);
}

/* A group of its own, and signals as a shell would leave them. */
static int prepare_attributes(posix_spawnattr_t *attributes)
{
    sigset_t none, all;

    (void)sigemptyset(&none);
    (void)sigfillset(&all);
    int why = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                                       POSIX_SPAWN_SETSIGDEF);
    if (!why)
        why = posix_spawnattr_setpgroup(attributes, 0);
    if (!why)
        why = posix_spawnattr_setsigmask(attributes, &none);
    return why ? why : posix_spawnattr_setsigdefault(attributes, &all);
}

static int start(const struct hook *hook, int input, pid_t *out, struct err *err)
{
    char *const argv[] = {(char *)(uintptr_t)hook->path, NULL};
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;

    (void)posix_spawn_file_actions_init(&files);
    (void)posix_spawnattr_init(&attributes);
    int why = prepare_files(&files, input);
    if (!why)
        why = prepare_attributes(&attributes);
    if (!why)
        why = posix_spawn(out, hook->path, &files, &attributes, argv,
                          (char *const *)(uintptr_t)hook->environment);
    (void)posix_spawnattr_destroy(&attributes);
    (void)posix_spawn_file_actions_destroy(&files);
    return why ? err_set(err, ERR_IO, EFFECT_NONE, "it cannot be started: %s", strerror(why)) : 0;
}

/* Has it ended by then? It is not waited for, so that its group keeps its number. */
static bool has_ended(pid_t pid, const struct hook *hook, int64_t until_ms)
{
    siginfo_t what = {0};

    for (;;) {
        int rc = waitid(P_PID, (id_t)pid, &what, WEXITED | WNOHANG | WNOWAIT);
        if (rc == 0 && what.si_pid == pid)
            return true;
        if (clock_mono_ms() >= until_ms)
            return false;
        if (hook && hook->is_unwanted && hook->is_unwanted(hook->context))
            return false;
        (void)poll(NULL, 0, LOOK_EVERY_MS);
    }
}

static int judge(int status, struct err *err)
{
    if (WIFSIGNALED(status))
        return err_set(err, ERR_REFUSED, EFFECT_APPLIED, "it was killed by signal %d",
                       WTERMSIG(status));
    if (WEXITSTATUS(status) == 0)
        return 0;
    return err_set(err, ERR_REFUSED, EFFECT_APPLIED, "it ended with exit status %d",
                   WEXITSTATUS(status));
}

int hook_run(const struct hook *hook, struct err *err)
{
    CLEANUP(close_fd) int input = -1;
    pid_t pid;
    int status = 0;

    int rc = make_input(hook, &input, err);
    if (!rc)
        rc = start(hook, input, &pid, err);
    if (rc)
        return rc;
    bool is_in_time = has_ended(pid, hook, clock_mono_ms() + hook->timeout_ms);
    if (!is_in_time) {
        (void)kill(-pid, SIGTERM);
        (void)has_ended(pid, NULL, clock_mono_ms() + GRACE_MS);
    }
    (void)kill(-pid,
               SIGKILL); /* what it left behind; the number is its own until it is waited for */
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    if (is_in_time)
        return judge(status, err);
    if (hook->is_unwanted && hook->is_unwanted(hook->context))
        return err_set(err, ERR_STOPPED, EFFECT_UNKNOWN, "it was killed: nobody waits any more");
    return err_set(err, ERR_TIMEOUT, EFFECT_UNKNOWN, "it was killed after %lld ms",
                   (long long)hook->timeout_ms);
}
