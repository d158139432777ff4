/* SPDX-License-Identifier: MIT */
/*
 * io/ssh.h for test_ssh.py: one command on one host, and what became of it, as JSON.
 *
 * ssh_check [host=H] [port=N] [user=U] [key=FILE] [known=FILE] [passphrase=file:PATH] [agent]
 *           [program] [jump=H jump_port=N] [within=MS] [input=FILE] [cap=BYTES] [twice] -- WORD...
 *
 * A jump has the same user, key and known_hosts. `twice` asks once more on the same session.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/signals.h"
#include "io/ssh.h"

static struct ssh_settings settings, jump;
static struct secret passphrase;
static int64_t within_ms = 20000;
static char *input;
static size_t input_len, cap_bytes;
static bool is_twice;

static void fail(const char *what)
{
    (void)fprintf(stderr, "ssh_check: %s\n", what);
    exit(2);
}

static void read_input(const char *path)
{
    FILE *file = fopen(path, "re");

    if (!file || fseek(file, 0, SEEK_END) != 0 || (input_len = (size_t)ftell(file)) == 0)
        fail("no input");
    rewind(file);
    input = malloc(input_len);
    if (!input || fread(input, 1, input_len, file) != input_len)
        fail("cannot read the input");
    (void)fclose(file); /* only read from */
}

static void take_word(const char *word)
{
    const char *value = strchr(word, '=');
    size_t len = value ? (size_t)(value++ - word) : strlen(word);

#define IS(name) (len == strlen(name) && strncmp(word, name, len) == 0)
    if (IS("host"))
        settings.host = value;
    else if (IS("port"))
        settings.port = (unsigned)strtoul(value, NULL, 10);
    else if (IS("user"))
        settings.user = value;
    else if (IS("key"))
        settings.identity = value;
    else if (IS("known"))
        settings.known_hosts = value;
    else if (IS("passphrase")) {
        if (secret_load(&passphrase, value, "/", NULL) != 0)
            fail("no passphrase");
        settings.passphrase = &passphrase;
    } else if (IS("agent"))
        settings.agent = true;
    else if (IS("program"))
        settings.transport = SSH_PROGRAM;
    else if (IS("jump"))
        jump.host = value;
    else if (IS("jump_port"))
        jump.port = (unsigned)strtoul(value, NULL, 10);
    else if (IS("within"))
        within_ms = strtoll(value, NULL, 10);
    else if (IS("input"))
        read_input(value);
    else if (IS("cap"))
        cap_bytes = strtoul(value, NULL, 10);
    else if (IS("twice"))
        is_twice = true;
    else
        fail(word);
#undef IS
}

static json_t *text_of(const struct buf *buf)
{
    return json_stringn_nocheck(buf_text(buf), buf->len < 4096 ? buf->len : 4096);
}

static void tell_end(json_t *answer, const struct ssh_result *result)
{
    char hex[DIGEST_HEX_LEN + 1] = "";

    if (digest_sha256_hex(buf_text(&result->out), result->out.len, hex, NULL) != 0)
        fail("no digest");
    (void)json_object_set_new(answer, "exit", json_integer(result->exit_status));
    (void)json_object_set_new(answer, "signal", json_string(result->signal_name));
    (void)json_object_set_new(answer, "out", text_of(&result->out));
    (void)json_object_set_new(answer, "errors", text_of(&result->errors));
    (void)json_object_set_new(answer, "out_len", json_integer((json_int_t)result->out.len));
    (void)json_object_set_new(answer, "errors_len", json_integer((json_int_t)result->errors.len));
    (void)json_object_set_new(answer, "out_sha256", json_string(hex));
}

static int run_once(struct ssh *ssh, const char *const *argv, json_t *answer, struct err *err)
{
    CLEANUP(ssh_result_release) struct ssh_result result = {0};
    const struct ssh_command command = {.argv = argv,
                                        .input = input,
                                        .input_len = input_len,
                                        .output_cap_bytes = cap_bytes,
                                        .deadline_ms = clock_mono_ms() + within_ms};

    int rc = ssh_exec(ssh, &command, &result, err);
    if (rc == 0)
        tell_end(answer, &result);
    return rc;
}

int main(int argc, char **argv)
{
    CLEANUP(ssh_closep) struct ssh *ssh = NULL;
    json_t *answer = json_object();
    struct err err = {0};
    int64_t begun_ms = clock_mono_ms();
    int at = 1;

    while (at < argc && strcmp(argv[at], "--") != 0)
        take_word(argv[at++]);
    if (at + 1 >= argc || ssh_library_init(&err) != 0 || signals_install(&err) != 0)
        fail("see the head of ssh_check.c");
    if (jump.host) {
        struct ssh_settings behind = settings;
        behind.host = jump.host;
        behind.port = jump.port;
        jump = behind;
        settings.jump = &jump;
    }
    const char *const *words = (const char *const *)(argv + at + 1);
    int rc = ssh_open(&ssh, &settings, begun_ms + within_ms, &err);
    (void)json_object_set_new(answer, "is_open", json_boolean(rc == 0));
    if (rc == 0) {
        (void)fprintf(stderr, "open\n");
        rc = run_once(ssh, words, answer, &err);
    }
    if (ssh && is_twice)
        rc = run_once(ssh, words, answer, &err);
    (void)json_object_set_new(answer, "code", json_string(rc ? err_code_name(err.code) : ""));
    (void)json_object_set_new(answer, "effect", json_string(rc ? err_effect_name(err.effect) : ""));
    (void)json_object_set_new(answer, "where", json_string(err.where));
    (void)json_object_set_new(answer, "msg", json_string(err.msg));
    (void)json_object_set_new(answer, "hint", json_string(err.hint));
    ssh_close(ssh);
    ssh = NULL;
    (void)json_object_set_new(answer, "ms", json_integer(clock_mono_ms() - begun_ms));
    char *text = json_dumps(answer, JSON_COMPACT);
    (void)puts(text ? text : "");
    free(text);
    free(input);
    json_decref(answer);
    secret_release(&passphrase);
    ssh_library_end();
    return rc ? 1 : 0;
}
