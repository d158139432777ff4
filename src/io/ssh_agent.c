/* SPDX-License-Identifier: MIT */
/* Two questions of the agent's protocol: which keys are there, and sign this. */
#include "io/ssh_agent.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"

#define REPLY_CAP (256U << 10) /* OpenSSH's own limit */
#define KEY_CAP 64
enum { ASK_KEYS = 11, TELL_KEYS = 12, ASK_SIGNATURE = 13, TELL_SIGNATURE = 14 };

struct span {
    const unsigned char *at;
    size_t len;
};

struct ssh_agent {
    int fd;
    int64_t deadline_ms;
    unsigned char reply[REPLY_CAP];
    unsigned char keys[REPLY_CAP]; /* the answer that `key` points into */
    struct span key[KEY_CAP];
    size_t key_count, selected;
};

static void put_u32(unsigned char *out, size_t value)
{
    for (int i = 0; i < 4; i++)
        out[i] = (unsigned char)(value >> (24 - 8 * i));
}

/* False: there is not that much. */
static bool take_u32(struct span *rest, size_t *out)
{
    if (rest->len < 4)
        return false;
    *out = (size_t)rest->at[0] << 24 | (size_t)rest->at[1] << 16 | (size_t)rest->at[2] << 8 |
           rest->at[3];
    rest->at += 4;
    rest->len -= 4;
    return true;
}

static bool take_string(struct span *rest, struct span *out)
{
    size_t len;

    if (!take_u32(rest, &len) || len > rest->len)
        return false;
    *out = (struct span){rest->at, len};
    rest->at += len;
    rest->len -= len;
    return true;
}

static bool wait_for(const struct ssh_agent *agent, short events)
{
    int64_t left_ms = agent->deadline_ms - clock_mono_ms();
    struct pollfd wanted = {.fd = agent->fd, .events = events};

    return left_ms > 0 &&
           poll(&wanted, 1, (int)left_ms) != 0; /* a signal: the caller tries again */
}

static bool transfer(const struct ssh_agent *agent, bool is_sending, void *bytes, size_t len)
{
    char *at = bytes;

    while (len) {
        ssize_t done = is_sending ? send(agent->fd, at, len, MSG_NOSIGNAL | MSG_DONTWAIT)
                                  : recv(agent->fd, at, len, MSG_DONTWAIT);
        if (done == 0 || (done < 0 && errno != EAGAIN && errno != EINTR))
            return false;
        if (done > 0) {
            at += done;
            len -= (size_t)done;
        } else if (!wait_for(agent, is_sending ? POLLOUT : POLLIN)) {
            return false;
        }
    }
    return true;
}

/* One question, one answer of the wanted kind. False: it did not come. */
static bool ask(struct ssh_agent *agent, struct buf *question, unsigned char wanted,
                struct span *out)
{
    unsigned char head[4];
    struct span length = {head, sizeof head};
    size_t len = 0;

    if (buf_check(question, NULL) != 0)
        return false;
    put_u32(head, question->len);
    if (!transfer(agent, true, head, sizeof head) ||
        !transfer(agent, true, question->data, question->len) ||
        !transfer(agent, false, head, sizeof head) || !take_u32(&length, &len) || len == 0 ||
        len > REPLY_CAP || !transfer(agent, false, agent->reply, len) || agent->reply[0] != wanted)
        return false;
    *out = (struct span){agent->reply + 1, len - 1};
    return true;
}

static bool list_keys(struct ssh_agent *agent)
{
    CLEANUP(buf_release) struct buf question;
    struct span rest, comment;
    size_t count;

    buf_init(&question, REPLY_CAP);
    buf_putc(&question, ASK_KEYS);
    if (!ask(agent, &question, TELL_KEYS, &rest))
        return false;
    memcpy(agent->keys, rest.at, rest.len);
    rest.at = agent->keys;
    if (!take_u32(&rest, &count))
        return false;
    while (agent->key_count < count && agent->key_count < KEY_CAP) {
        if (!take_string(&rest, &agent->key[agent->key_count]) || !take_string(&rest, &comment))
            return false;
        agent->key_count++;
    }
    return true;
}

int ssh_agent_open(struct ssh_agent **out, int64_t deadline_ms, struct err *err)
{
    const char *path = getenv("SSH_AUTH_SOCK");
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    if (!path || strlen(path) >= sizeof address.sun_path) {
        (void)err_set(err, ERR_CONFIG, EFFECT_NONE,
                      "agent = true, but there is no SSH agent: SSH_AUTH_SOCK is not set");
        return err_hint(err, "eval $(ssh-agent); ssh-add, in the shell that starts cutover");
    }
    CLEANUP(ssh_agent_closep) struct ssh_agent *agent = calloc(1, sizeof *agent);
    if (!agent)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory to ask an SSH agent");
    agent->deadline_ms = deadline_ms;
    agent->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    if (agent->fd < 0 || connect(agent->fd, (void *)&address, sizeof address) != 0)
        return err_set(err, ERR_CONFIG, EFFECT_NONE, "no SSH agent answers at %s: %m", path);
    if (!list_keys(agent)) {
        bool is_late = clock_mono_ms() >= deadline_ms;
        return err_set(err, is_late ? ERR_TIMEOUT : ERR_PROTOCOL, EFFECT_NONE,
                       "the SSH agent at %s does not tell its keys%s", path,
                       is_late ? " in time" : "");
    }
    *out = agent;
    agent = NULL;
    return 0;
}

void ssh_agent_closep(struct ssh_agent **agent)
{
    if (!*agent)
        return;
    if ((*agent)->fd >= 0)
        (void)close((*agent)->fd);
    free(*agent);
}

size_t ssh_agent_count(const struct ssh_agent *agent)
{
    return agent->key_count;
}

const unsigned char *ssh_agent_select(struct ssh_agent *agent, size_t index, size_t *out_len)
{
    agent->selected = index;
    *out_len = agent->key[index].len;
    return agent->key[index].at;
}

static void put_string(struct buf *out, const void *bytes, size_t len)
{
    unsigned char head[4];

    put_u32(head, len);
    buf_add(out, head, sizeof head);
    buf_add(out, bytes, len);
}

LIBSSH2_USERAUTH_PUBLICKEY_SIGN_FUNC(ssh_agent_sign)
{
    struct ssh_agent *agent = *abstract;
    static const unsigned char no_flags[4] = {0};
    CLEANUP(buf_release) struct buf question;
    struct span rest, whole, method, signature;

    (void)session; /* its allocator is malloc() */
    buf_init(&question, REPLY_CAP);
    buf_putc(&question, ASK_SIGNATURE);
    put_string(&question, agent->key[agent->selected].at, agent->key[agent->selected].len);
    put_string(&question, data, data_len);
    buf_add(&question, no_flags, sizeof no_flags);
    if (!ask(agent, &question, TELL_SIGNATURE, &rest) || !take_string(&rest, &whole) ||
        !take_string(&whole, &method) || !take_string(&whole, &signature))
        return -1;
    *sig = malloc(signature.len ? signature.len : 1);
    if (!*sig)
        return -1;
    memcpy(*sig, signature.at, signature.len);
    *sig_len = signature.len;
    return 0;
}
