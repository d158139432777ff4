/* SPDX-License-Identifier: MIT */
/* A thread that shuts a socket down unless it is told in time that this is not needed. */
#include "io/db_watch.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <time.h>

#include "base/clock.h"

static bool is_connected_to(int fd, unsigned port)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } peer = {0};
    socklen_t size = sizeof peer;

    if (fd < 0 || getpeername(fd, &peer.any, &size) != 0)
        return false;
    if (peer.any.sa_family == AF_UNIX)
        return port == 0;
    if (peer.any.sa_family == AF_INET6)
        return ntohs(peer.v6.sin6_port) == port;
    return peer.any.sa_family == AF_INET && ntohs(peer.v4.sin_port) == port;
}

/* The library may be closing the socket at this very moment. Should its number already belong to
 * another connection to the same port, that one is lost, as connections may be at any time. */
static void *watch_it(void *arg)
{
    struct db_watch *watch = arg;
    struct timespec until = {.tv_sec = watch->deadline_ms / 1000,
                             .tv_nsec = watch->deadline_ms % 1000 * 1000000};

    (void)pthread_mutex_lock(&watch->lock);
    while (!watch->is_over && clock_mono_ms() < watch->deadline_ms)
        (void)pthread_cond_timedwait(&watch->told, &watch->lock, &until); /* the clock decides */
    if (!watch->is_over) {
        int fd = *watch->fd;
        watch->has_struck = true;
        if (is_connected_to(fd, watch->port))
            (void)shutdown(fd, SHUT_RDWR); /* closed meanwhile is as good */
    }
    (void)pthread_mutex_unlock(&watch->lock);
    return NULL;
}

int db_watch_start(struct db_watch *watch, const volatile int *fd, unsigned port,
                   int64_t deadline_ms, struct err *err)
{
    pthread_condattr_t attributes;

    *watch = (struct db_watch){.fd = fd, .port = port, .deadline_ms = deadline_ms};
    (void)pthread_mutex_init(&watch->lock, NULL); /* neither can fail on Linux */
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&watch->told, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    if (pthread_create(&watch->thread, NULL, watch_it, watch) == 0)
        return 0;
    (void)pthread_cond_destroy(&watch->told);
    (void)pthread_mutex_destroy(&watch->lock);
    return err_set(err, ERR_MEMORY, EFFECT_NONE, "no thread to keep the time of a connection");
}

bool db_watch_stop(struct db_watch *watch)
{
    (void)pthread_mutex_lock(&watch->lock);
    watch->is_over = true;
    (void)pthread_cond_signal(&watch->told);
    (void)pthread_mutex_unlock(&watch->lock);
    (void)pthread_join(watch->thread, NULL);
    (void)pthread_cond_destroy(&watch->told);
    (void)pthread_mutex_destroy(&watch->lock);
    return watch->has_struck;
}
