/* SPDX-License-Identifier: MIT */
/*
 * One command on a session: both of its streams are read while its input is written, since a window
 * that nobody empties stops all three.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "io/ssh_inner.h"
#include "io/ssh_quote.h"

#define OUTPUT_CAP_BYTES (1U << 20)
#define READ_BYTES 65536
#define COMMAND_LINE_CAP (256U << 10)
#define LIMIT_MARGIN_S 5
#define KEEPALIVE_MS 5000

/* Bytes of libssh2's own, freed by its session. */
struct stream {
    LIBSSH2_CHANNEL *channel;
    size_t sent;
    int64_t keepalive_ms;
};

static void close_stream(struct stream *stream)
{
    if (stream->channel)
        (void)libssh2_channel_free(stream->channel); /* EAGAIN: the session frees it with itself */
}

void ssh_result_release(struct ssh_result *result)
{
    buf_release(&result->out);
    buf_release(&result->errors);
    *result = (struct ssh_result){0};
}

void ssh_take_status(int status, struct ssh_result *result)
{
    const char *name = status > 128 ? sigabbrev_np(status - 128) : NULL;

    result->exit_status = status;
    (void)snprintf(result->signal_name, sizeof result->signal_name, "%s", name ? name : "");
}

int64_t ssh_limit_s(const struct ssh_command *command)
{
    int64_t left_ms = command->deadline_ms - clock_mono_ms();

    return (left_ms > 0 ? left_ms / 1000 : 0) + LIMIT_MARGIN_S;
}

int ssh_keep_output(const struct ssh *ssh, const struct ssh_command *command, bool is_errors,
                    const char *bytes, size_t len, struct ssh_result *result, struct err *err)
{
    struct buf *kept = is_errors ? &result->errors : &result->out;

    if (!is_errors && command->take)
        return command->take(command->context, bytes, len, err);
    buf_add(kept, bytes, len);
    if (!kept->is_failed)
        return 0;
    (void)err_set(err, ERR_MEMORY, EFFECT_UNKNOWN, "%s said more than %zu bytes and was ended",
                  command->argv[0], kept->cap_bytes);
    return err_where(err, "%s", ssh->where);
}

static int fail(struct ssh *ssh, const struct ssh_command *command, int answer, struct err *err)
{
    char doing[160];

    if (answer == LIBSSH2_ERROR_EAGAIN) {
        ssh->is_dead = true;
        (void)err_set(err, ERR_TIMEOUT, EFFECT_UNKNOWN,
                      "%s did not end in its time; it is ended there, and the connection given up",
                      command->argv[0]);
        return err_where(err, "%s", ssh->where);
    }
    (void)snprintf(doing, sizeof doing, "see %.100s to its end", command->argv[0]);
    return ssh_fail(ssh, answer, EFFECT_UNKNOWN, doing, err);
}

static int start(struct ssh *ssh, const struct ssh_command *command, struct stream *stream,
                 struct err *err)
{
    CLEANUP(buf_release) struct buf line;
    int answer = 0;

    buf_init(&line, COMMAND_LINE_CAP);
    ssh_quote_guarded(&line, command->argv, command->input_len, ssh_limit_s(command));
    int rc = buf_check(&line, err);
    if (rc)
        return rc;
    do
        stream->channel = libssh2_channel_open_session(ssh->session);
    while (!stream->channel &&
           (answer = libssh2_session_last_errno(ssh->session)) == LIBSSH2_ERROR_EAGAIN &&
           ssh_wait(ssh, command->deadline_ms));
    if (!stream->channel)
        return ssh_fail(ssh, answer, EFFECT_NONE, "start a command", err);
    while ((answer = libssh2_channel_exec(stream->channel, buf_text(&line))) ==
               LIBSSH2_ERROR_EAGAIN &&
           ssh_wait(ssh, command->deadline_ms))
        continue;
    return answer ? fail(ssh, command, answer, err) : 0;
}

/* Everything there is on one stream. 1: something came. */
static int read_stream(struct ssh *ssh, const struct ssh_command *command, struct stream *stream,
                       int id, struct ssh_result *result, struct err *err)
{
    char bytes[READ_BYTES];
    bool has_come = false;

    for (;;) {
        ssize_t len = libssh2_channel_read_ex(stream->channel, id, bytes, sizeof bytes);
        if (len == 0 || len == LIBSSH2_ERROR_EAGAIN)
            return has_come;
        if (len < 0)
            return fail(ssh, command, (int)len, err);
        has_come = true;
        int rc = ssh_keep_output(ssh, command, id != 0, bytes, (size_t)len, result, err);
        if (rc) {
            ssh->is_dead = true; /* the leash ends the command with the session */
            return rc;
        }
        if (clock_mono_ms() >= command->deadline_ms)
            return fail(ssh, command, LIBSSH2_ERROR_EAGAIN, err);
    }
}

/* The end of our input is not told: the leash would take it for ours. It counts the bytes. */
static int write_input(struct ssh *ssh, const struct ssh_command *command, struct stream *stream,
                       struct err *err)
{
    const char *input = command->input;

    while (stream->sent < command->input_len) {
        ssize_t len = libssh2_channel_write(stream->channel, input + stream->sent,
                                            command->input_len - stream->sent);
        if (len == 0 || len == LIBSSH2_ERROR_EAGAIN)
            return 0;
        if (len == LIBSSH2_ERROR_CHANNEL_CLOSED || len == LIBSSH2_ERROR_CHANNEL_EOF_SENT) {
            stream->sent = command->input_len; /* it ended without reading on */
            return 0;
        }
        if (len < 0)
            return fail(ssh, command, (int)len, err);
        stream->sent += (size_t)len;
    }
    return 0;
}

static void keep_alive(struct ssh *ssh, struct stream *stream)
{
    int next_s;

    if (clock_mono_ms() < stream->keepalive_ms)
        return;
    (void)libssh2_keepalive_send(ssh->session, &next_s); /* a failure shows at the next read */
    stream->keepalive_ms = clock_mono_ms() + KEEPALIVE_MS;
}

static int pump(struct ssh *ssh, const struct ssh_command *command, struct stream *stream,
                struct ssh_result *result, struct err *err)
{
    while (!libssh2_channel_eof(stream->channel)) {
        int rc = write_input(ssh, command, stream, err);
        if (rc)
            return rc;
        int out = read_stream(ssh, command, stream, 0, result, err);
        int errors =
            out < 0 ? 0 : read_stream(ssh, command, stream, SSH_EXTENDED_DATA_STDERR, result, err);
        if (out < 0 || errors < 0)
            return out < 0 ? out : errors;
        keep_alive(ssh, stream);
        if (!out && !errors && !libssh2_channel_eof(stream->channel) &&
            !ssh_wait(ssh, command->deadline_ms))
            return fail(ssh, command, LIBSSH2_ERROR_EAGAIN, err);
    }
    return 0;
}

/* A command that was killed has exit status 0: the signal has to be asked for first. */
static int take_end(struct ssh *ssh, const struct ssh_command *command, struct stream *stream,
                    struct ssh_result *result, struct err *err)
{
    char *name = NULL;
    size_t len = 0;
    int answer;

    while ((answer = libssh2_channel_wait_closed(stream->channel)) == LIBSSH2_ERROR_EAGAIN &&
           ssh_wait(ssh, command->deadline_ms))
        continue;
    if (answer)
        return fail(ssh, command, answer, err);
    ssh_take_status(libssh2_channel_get_exit_status(stream->channel), result);
    if (libssh2_channel_get_exit_signal(stream->channel, &name, &len, NULL, NULL, NULL, NULL) ==
            0 &&
        name) {
        (void)snprintf(result->signal_name, sizeof result->signal_name, "%s", name);
        libssh2_free(ssh->session, name);
    }
    return 0;
}

static int exec_by_library(struct ssh *ssh, const struct ssh_command *command,
                           struct ssh_result *out, struct err *err)
{
    CLEANUP(close_stream)
    struct stream stream = {.keepalive_ms = clock_mono_ms() + KEEPALIVE_MS};

    int rc = start(ssh, command, &stream, err);
    rc = rc ? rc : pump(ssh, command, &stream, out, err);
    return rc ? rc : take_end(ssh, command, &stream, out, err);
}

int ssh_exec(struct ssh *ssh, const struct ssh_command *command, struct ssh_result *out,
             struct err *err)
{
    CLEANUP(ssh_result_release) struct ssh_result result = {0};
    size_t cap = command->output_cap_bytes ? command->output_cap_bytes : OUTPUT_CAP_BYTES;

    if (ssh->is_dead) {
        (void)err_set(err, ERR_LOST, EFFECT_NONE, "the SSH connection was given up before");
        return err_where(err, "%s", ssh->where);
    }
    buf_init(&result.out, cap);
    buf_init(&result.errors, cap);
    int rc = ssh->settings->transport == SSH_PROGRAM ? ssh_program_exec(ssh, command, &result, err)
                                                     : exec_by_library(ssh, command, &result, err);
    if (rc)
        return rc;
    *out = result;
    result = (struct ssh_result){0};
    return 0;
}

int ssh_check(const struct ssh *ssh, const struct ssh_result *result, const char *what,
              struct err *err)
{
    const char *said = buf_text(&result->errors);
    size_t len = strcspn(said, "\n");

    if (result->signal_name[0])
        (void)err_set(err, ERR_SERVER, EFFECT_UNKNOWN, "%s was killed by SIG%s", what,
                      result->signal_name);
    else if (result->exit_status != 0)
        (void)err_set(err, ERR_SERVER, EFFECT_UNKNOWN, "%s ended with exit status %d%s%.*s", what,
                      result->exit_status, len ? ": " : "", (int)len, said);
    else
        return 0;
    return err_where(err, "%s", ssh->where);
}
