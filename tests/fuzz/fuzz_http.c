/* SPDX-License-Identifier: MIT */
/*
 * The dashboard as whoever reaches its port finds it: the input goes over a real connection to a
 * real server of ours. Its seeds know a token that may watch; nobody may act, and no secret is in
 * any answer, whatever is asked and however.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ctl/server.h"
#include "io/db.h"
#include "playbook/read.h"

#define ANSWER_CAP (1 << 20)
#define SILENCE_MS 10 /* nothing more comes: it waits for the rest of a request */
#define PASSWORD "swordfish-of-the-database"
#define OPERATES "only-who-operates-knows-this-one"
#define WATCHES "whoever-watches-has-this-one"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct service service;
static struct server *server;
static struct sockaddr_in place = {.sin_family = AF_INET};
static char folder[] = "/tmp/cutover-fuzz-XXXXXX";

static void must(bool is_true)
{
    if (!is_true)
        abort();
}

static void write_file(const char *name, const char *text)
{
    char path[128];

    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    must(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text) && close(fd) == 0);
}

/* Of servers that do not answer: nothing is known, and all of it is asked for all the same. */
static const char config[] =
    "service = \"blog\"; journal = \"journal.db\"; databases = [ \"blog\" ];\n"
    "old = { primary = { host = \"127.0.0.1\"; port = 1; }; };\n"
    "new = { primary = { host = \"127.0.0.1\"; port = 2; }; };\n"
    "accounts = { controller = { user = \"c\"; password = \"file:password\"; };\n"
    "  monitor = { user = \"m\"; password = \"file:password\"; };\n"
    "  replication = { user = \"r\"; password = \"file:password\"; }; };\n"
    "tls = { mode = \"off\"; };\n"
    "serve = { tokens = \"file:tokens\"; };\n";

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    struct err err = {0};
    char path[128];

    (void)argc;
    (void)argv;
    must(mkdtemp(folder) != NULL);
    write_file("password", PASSWORD "\n");
    write_file("tokens", "anna operate " OPERATES "\nben watch " WATCHES "\n");
    write_file("cutover.cfg", config);
    (void)snprintf(path, sizeof path, "%s/cutover.cfg", folder);
    int rc = db_library_init(&err);
    if (!rc)
        rc = service_read(path, &service, &err);
    if (!rc)
        rc = server_start(&service, "127.0.0.1:0", &server, &err);
    if (rc)
        (void)fprintf(stderr, "%s\n", err.msg);
    must(rc == 0);
    const char *port = strrchr(server_url(server), ':');
    place.sin_port = htons((uint16_t)strtoul(port + 1, NULL, 10));
    return inet_pton(AF_INET, "127.0.0.1", &place.sin_addr) == 1 ? 0 : -1;
}

/* The connection is kept for the next request: its length says where an answer ends. Of a stream,
 * the beginning does. */
static bool is_whole(const char *answer, size_t len)
{
    const char *end = strstr(answer, "\r\n\r\n"),
               *field = strcasestr(answer, "\r\ncontent-length:");

    if (end && strstr(answer, "text/event-stream"))
        return true;
    return end && field && field < end &&
           len - (size_t)(end + 4 - answer) >=
               strtoul(field + strlen("\r\ncontent-length:"), NULL, 10);
}

/* What comes back, until it ends, pauses or is more than anybody wants. */
static size_t answer_of(const uint8_t *data, size_t size, char *out)
{
    const struct timeval silence = {.tv_usec = SILENCE_MS * 1000L};
    const struct linger gone = {.l_onoff = 1}; /* thousands a second would use up all ports */
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    size_t len = 0;
    ssize_t got;

    must(fd >= 0 && connect(fd, (struct sockaddr *)&place, sizeof place) == 0);
    must(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &silence, sizeof silence) == 0);
    must(setsockopt(fd, SOL_SOCKET, SO_LINGER, &gone, sizeof gone) == 0);
    (void)!send(fd, data, size, MSG_NOSIGNAL); /* it may have seen enough before the end */
    (void)shutdown(fd, SHUT_WR);
    out[0] = '\0';
    while (len < ANSWER_CAP && !is_whole(out, len) &&
           (got = recv(fd, out + len, ANSWER_CAP - len, 0)) > 0) {
        len += (size_t)got;
        out[len] = '\0';
    }
    (void)close(fd);
    return len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char answer[ANSWER_CAP + 1];
    size_t len = answer_of(data, size, answer);

    must(len == 0 || strncmp(answer, "HTTP/1.", 7) == 0);
    must(strncmp(answer, "HTTP/1.1 202", 12) != 0);
    must(!memmem(answer, len, PASSWORD, strlen(PASSWORD)));
    must(!memmem(answer, len, OPERATES, strlen(OPERATES)));
    return 0;
}
