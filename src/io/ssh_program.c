/* SPDX-License-Identifier: MIT */
/*
 * The same session by the `ssh` program of this host, which signs with whatever OpenSSH knows. Each
 * command is a connection of its own. Nobody is asked anything; of a person's own files only
 * ~/.ssh/config counts.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/child.h"
#include "io/ssh_inner.h"
#include "io/ssh_quote.h"

#define COMMAND_LINE_CAP (256U << 10)
#define OPTION_SIZE 4200
#define WORDS_CAP 48
#define LOST_STATUS 255 /* of ssh itself, or of a command that exits so */
#define CHUNK_BYTES 65536

struct words {
    const char *argv[WORDS_CAP];
    size_t count;
    char known_hosts[OPTION_SIZE], port[16];
    struct buf proxy;
};

static void release_words(struct words *words)
{
    buf_release(&words->proxy);
}

static void say(struct words *words, const char *word)
{
    if (words->count + 1 < WORDS_CAP)
        words->argv[words->count++] = word;
}

static void say_option(struct words *words, const char *text)
{
    say(words, "-o");
    say(words, text);
}

static void say_login(struct words *words, const struct ssh_settings *settings)
{
    static const char *const fixed[] = {
        "BatchMode=yes",         "StrictHostKeyChecking=yes", "GlobalKnownHostsFile=/dev/null",
        "UpdateHostKeys=no",     "ControlPath=none",          "ConnectTimeout=10",
        "ServerAliveInterval=5", "ServerAliveCountMax=3",     "ForwardAgent=no",
        "ForwardX11=no"};

    say(words, "ssh");
    say(words, "-T");
    for (size_t i = 0; i < ARRAY_LEN(fixed); i++)
        say_option(words, fixed[i]);
    (void)snprintf(words->known_hosts, sizeof words->known_hosts, "UserKnownHostsFile=\"%s\"",
                   settings->known_hosts);
    say_option(words, words->known_hosts);
    say_option(words, settings->agent ? "IdentitiesOnly=no" : "IdentitiesOnly=yes");
    if (!settings->agent)
        say_option(words, "IdentityAgent=none");
    if (settings->identity && *settings->identity) {
        say(words, "-i");
        say(words, settings->identity);
    }
    (void)snprintf(words->port, sizeof words->port, "%u", ssh_port(settings));
    say(words, "-p");
    say(words, words->port);
    say(words, "-l");
    say(words, settings->user);
}

/* ssh replaces % by its own values, and hands "exec " and this to a shell. */
static void say_jump(struct words *words, const struct ssh_settings *jump)
{
    CLEANUP(release_words) struct words first = {0};
    CLEANUP(buf_release) struct buf quoted;

    buf_init(&first.proxy, 1);
    buf_init(&quoted, COMMAND_LINE_CAP);
    say_login(&first, jump);
    for (size_t i = 0; i < first.count; i++) {
        ssh_quote(&quoted, first.argv[i]);
        buf_putc(&quoted, ' ');
    }
    buf_puts(&words->proxy, "ProxyCommand=");
    for (const char *c = buf_text(&quoted); *c; c++)
        buf_puts(&words->proxy, *c == '%' ? "%%" : (char[]){*c, '\0'});
    buf_puts(&words->proxy, "-W '[%h]:%p' -- ");
    ssh_quote(&words->proxy, jump->host);
    say_option(words, buf_text(&words->proxy));
}

struct pipes {
    int in, out, errors; /* our ends; -1: closed */
    size_t sent;
};

static void close_end(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd); /* a pipe: nothing is lost by it */
    *fd = -1;
}

static void close_pipes(struct pipes *pipes)
{
    close_end(&pipes->in);
    close_end(&pipes->out);
    close_end(&pipes->errors);
}

static int start(struct ssh *ssh, const struct ssh_command *command, struct child *child,
                 struct pipes *pipes, struct err *err)
{
    CLEANUP(release_words) struct words words = {0};
    CLEANUP(buf_release) struct buf line;

    buf_init(&words.proxy, COMMAND_LINE_CAP);
    buf_init(&line, COMMAND_LINE_CAP);
    say_login(&words, ssh->settings);
    if (ssh->settings->jump)
        say_jump(&words, ssh->settings->jump);
    ssh_quote_guarded(&line, command->argv, command->input_len, ssh_limit_s(command));
    int rc = buf_check(&words.proxy, err);
    rc = rc ? rc : buf_check(&line, err);
    if (rc)
        return rc;
    say(&words, "--");
    say(&words, ssh->settings->host);
    say(&words, buf_text(&line));
    return child_start_piped(child, words.argv, &pipes->in, &pipes->out, &pipes->errors, err);
}

int ssh_program_forward(const struct ssh_settings *settings, const struct ssh_forward *forward,
                        struct child *child, int streams[3], struct err *err)
{
    CLEANUP(release_words) struct words words = {0};
    bool is_six = strchr(forward->host, ':');
    char way[OPTION_SIZE];

    buf_init(&words.proxy, COMMAND_LINE_CAP);
    say_login(&words, settings);
    if (settings->jump)
        say_jump(&words, settings->jump);
    int rc = buf_check(&words.proxy, err);
    if (rc)
        return rc;
    say_option(&words, "ExitOnForwardFailure=yes");
    say_option(&words, "StreamLocalBindMask=0177");
    (void)snprintf(way, sizeof way, is_six ? "%s:[%s]:%u" : "%s:%s:%u", forward->socket_path,
                   forward->host, forward->port);
    say(&words, "-L");
    say(&words, way);
    say(&words, "--");
    say(&words, settings->host);
    say(&words, "exec cat >/dev/null"); /* ends with us, which -N would not */
    return child_start_piped(child, words.argv, &streams[0], &streams[1], &streams[2], err);
}

static void write_input(const struct ssh_command *command, struct pipes *pipes)
{
    while (pipes->sent < command->input_len) {
        ssize_t len = write(pipes->in, (const char *)command->input + pipes->sent,
                            command->input_len - pipes->sent);
        if (len < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        pipes->sent =
            len < 0 ? command->input_len : pipes->sent + (size_t)len; /* nobody reads on */
    }
}

static int read_end(struct ssh *ssh, const struct ssh_command *command, int *fd, bool is_errors,
                    struct ssh_result *result, struct err *err)
{
    char bytes[CHUNK_BYTES];
    ssize_t len = read(*fd, bytes, sizeof bytes);

    if (len > 0)
        return ssh_keep_output(ssh, command, is_errors, bytes, (size_t)len, result, err);
    if (len == 0 || (errno != EAGAIN && errno != EINTR))
        close_end(fd);
    return 0;
}

/* poll() passes over a descriptor of -1. */
static int pump(struct ssh *ssh, const struct ssh_command *command, struct pipes *pipes,
                struct ssh_result *result, struct err *err)
{
    int rc = 0;

    while (rc == 0 && (pipes->out >= 0 || pipes->errors >= 0)) {
        bool has_input = pipes->sent < command->input_len;
        struct pollfd wanted[] = {{.fd = pipes->out, .events = POLLIN},
                                  {.fd = pipes->errors, .events = POLLIN},
                                  {.fd = has_input ? pipes->in : -1, .events = POLLOUT}};
        int64_t left_ms = command->deadline_ms - clock_mono_ms();
        if (left_ms <= 0) {
            (void)err_set(err, ERR_TIMEOUT, EFFECT_UNKNOWN,
                          "%s did not end in its time; it is ended there", command->argv[0]);
            return err_where(err, "%s", ssh->where);
        }
        if (poll(wanted, ARRAY_LEN(wanted), (int)left_ms) <= 0)
            continue;
        if (wanted[2].revents)
            write_input(command, pipes);
        if (wanted[0].revents)
            rc = read_end(ssh, command, &pipes->out, false, result, err);
        if (rc == 0 && wanted[1].revents)
            rc = read_end(ssh, command, &pipes->errors, true, result, err);
    }
    return rc;
}

/* What ssh itself says before anything runs there, in words that it has had for years. */
static int judge_lost(struct ssh *ssh, const struct ssh_result *result, struct err *err)
{
    static const char *const before[] = {
        "Host key verification failed", "Permission denied", "Could not resolve", "connect to host",
        "Connection closed by",         "kex_exchange"};
    const char *said = buf_text(&result->errors);
    enum err_effect effect = EFFECT_UNKNOWN;
    char text[200];

    ssh->is_dead = true;
    for (size_t i = 0; i < ARRAY_LEN(before); i++)
        if (strstr(said, before[i]))
            effect = EFFECT_NONE;
    size_t len = result->errors.len;
    while (len && said[len - 1] == '\n')
        len--;
    size_t from = len > sizeof text - 1 ? len - (sizeof text - 1) : 0;
    (void)snprintf(text, sizeof text, "%.*s", (int)(len - from), said + from);
    for (char *c = text; *c; c++)
        *c = *c == '\n' || *c == '\r' ? ' ' : *c;
    bool is_host = strstr(said, "Host key verification failed");
    bool is_refused = is_host || strstr(said, "Permission denied");
    (void)err_set(err, is_refused ? ERR_REFUSED : ERR_LOST, effect, "ssh gave up: %s",
                  *text ? text : "without a word");
    if (is_host)
        (void)err_hint(err, "%s the host key; compare it, then see %s",
                       strstr(said, "HAS CHANGED") ? "another machine may be answering: it CHANGED"
                                                   : "known_hosts does not have",
                       ssh->settings->known_hosts);
    return err_where(err, "%s", ssh->where);
}

int ssh_program_exec(struct ssh *ssh, const struct ssh_command *command, struct ssh_result *out,
                     struct err *err)
{
    CLEANUP(child_release) struct child child = {0};
    CLEANUP(close_pipes) struct pipes pipes = {-1, -1, -1, 0};

    int rc = start(ssh, command, &child, &pipes, err);
    if (rc)
        return rc;
    rc = pump(ssh, command, &pipes, out, err);
    if (rc == 0)
        rc = child_wait(&child, command->deadline_ms, err);
    if (rc) {
        ssh->is_dead = true;
        child_signal(&child, SIGKILL); /* one that is stopped, or waits for the network */
        return rc;
    }
    if (child.state == CHILD_KILLED || child.exit_code == LOST_STATUS)
        return judge_lost(ssh, out, err);
    ssh_take_status(child.exit_code, out);
    return 0;
}

int ssh_program_open(struct ssh *ssh, int64_t deadline_ms, struct err *err)
{
    static const char *const nothing[] = {"true", NULL};
    const struct ssh_settings *settings = ssh->settings;
    CLEANUP(ssh_result_release) struct ssh_result result = {0};

    if (settings->passphrase || (settings->jump && settings->jump->passphrase)) {
        (void)err_set(err, ERR_REFUSED, EFFECT_NONE,
                      "the ssh program cannot be handed a passphrase, as transport = \"program\"");
        (void)err_hint(err, "load the key into an agent (ssh-add) and set agent = true");
        return err_where(err, "%s", ssh->where);
    }
    const struct ssh_command command = {.argv = nothing, .deadline_ms = deadline_ms};
    int rc = ssh_exec(ssh, &command, &result, err);
    if (rc && err)
        err->effect = EFFECT_NONE; /* `true` changes nothing */
    return rc ? rc : ssh_check(ssh, &result, "the first command", err);
}
