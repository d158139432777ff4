/* SPDX-License-Identifier: MIT */
/* SIGINT and SIGTERM become a flag and a readable pipe. */
#include "base/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

static atomic_int stop_signal;
static atomic_bool is_deferred;
static int wake_pipe[2] = {-1, -1};

void signals_request_stop(int signal_number)
{
    int saved_errno = errno;

    atomic_store(&stop_signal, signal_number);
    if (wake_pipe[1] >= 0 && write(wake_pipe[1], "", 1) < 0)
        errno = 0; /* a full pipe is readable already, which is all that matters */
    errno = saved_errno;
}

int signals_install(struct err *err)
{
    struct sigaction action = {.sa_handler = signals_request_stop, .sa_flags = SA_RESTART};
    struct sigaction ignore = {.sa_handler = SIG_IGN};

    if (pipe2(wake_pipe, O_CLOEXEC | O_NONBLOCK) != 0)
        return err_set(err, ERR_IO, EFFECT_NONE, "cannot make a pipe: %s", strerror(errno));
    (void)sigemptyset(&action.sa_mask);
    if (sigaction(SIGINT, &action, NULL) != 0 || sigaction(SIGTERM, &action, NULL) != 0 ||
        sigaction(SIGHUP, &action, NULL) != 0 || sigaction(SIGPIPE, &ignore, NULL) != 0)
        return err_set(err, ERR_IO, EFFECT_NONE, "cannot install signal handlers: %s",
                       strerror(errno));
    return 0;
}

bool signals_stop_wanted(void)
{
    return !atomic_load(&is_deferred) && atomic_load(&stop_signal) != 0;
}

bool signals_forget_asked(void)
{
    int asked = SIGNALS_STOP_ASKED;
    char byte;

    if (!atomic_compare_exchange_strong(&stop_signal, &asked, 0))
        return asked == 0;
    while (read(wake_pipe[0], &byte, 1) == 1)
        continue;
    /* a signal in between has emptied nothing for good */
    if (atomic_load(&stop_signal) != 0 && write(wake_pipe[1], "", 1) < 0)
        errno = 0; /* a full pipe is readable already */
    return atomic_load(&stop_signal) == 0;
}

int signals_stop_signal(void)
{
    return atomic_load(&stop_signal);
}

int signals_wait_fd(void)
{
    return atomic_load(&is_deferred) ? -1 : wake_pipe[0];
}

void signals_defer(bool deferred)
{
    atomic_store(&is_deferred, deferred);
}
