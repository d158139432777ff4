/* SPDX-License-Identifier: MIT */
#include "base/manager.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* A path, or a name of the abstract kind, which begins with "@". */
static socklen_t read_address(struct sockaddr_un *out)
{
    const char *path = getenv("NOTIFY_SOCKET");
    size_t len = path ? strlen(path) : 0;

    *out = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (len < 2 || (path[0] != '/' && path[0] != '@') || len >= sizeof out->sun_path)
        return 0;
    memcpy(out->sun_path, path, len);
    if (path[0] == '@')
        out->sun_path[0] = '\0';
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
}

static void send_text(const char *text, size_t len)
{
    struct sockaddr_un address;
    socklen_t address_len = read_address(&address);
    int fd = address_len ? socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0) : -1;

    if (fd < 0)
        return;
    (void)sendto(fd, text, len, MSG_DONTWAIT | MSG_NOSIGNAL, (const struct sockaddr *)&address,
                 address_len); /* who does not listen is not told */
    (void)close(fd);
}

void manager_tell(const char *assignment)
{
    send_text(assignment, strlen(assignment));
}

void manager_status(const char *text)
{
    char line[512];
    int len = snprintf(line, sizeof line, "STATUS=%s", text);

    if (len >= (int)sizeof line)
        len = (int)sizeof line - 1;
    for (int i = 0; i < len; i++) /* a line break would begin another assignment */
        if (line[i] == '\n')
            line[i] = ' ';
    send_text(line, (size_t)len);
}

int64_t manager_watchdog_ms(void)
{
    const char *limit = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
    int64_t limit_us = limit ? strtoll(limit, NULL, 10) : 0;

    if (limit_us <= 0 || (pid && strtoll(pid, NULL, 10) != (long long)getpid()))
        return 0;
    return limit_us > 2000 ? limit_us / 2000 : 1;
}
