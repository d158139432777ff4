/* SPDX-License-Identifier: MIT */
/*
 * Who is there, and who are we: the host's key against known_hosts, ours by file or by agent.
 * libssh2 1.10 signs with RSA by SHA-1 only, which no sshd of today takes; wherever that may be the
 * reason, it is what the operator is told.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "io/ssh_agent.h"
#include "io/ssh_inner.h"
#include "io/ssh_known.h"

#define KEY_FILE_CAP 32768

static const char RSA_HINT[] =
    "libssh2 here signs with RSA by SHA-1 only, which a modern sshd refuses: make a key with "
    "ssh-keygen -t ed25519 and add it to authorized_keys, or set ssh = { transport = \"program\"; "
    "}";

/* Types that libssh2 verifies, the best first; of those the ones that known_hosts can confirm. */
int ssh_prefer_known(struct ssh *ssh, struct err *err)
{
    static const char *const types[] = {"ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384",
                                        "ecdsa-sha2-nistp521", "ssh-rsa"};
    CLEANUP(ssh_known_release) struct ssh_known known = {0};
    char wanted[128] = "";
    size_t len = 0;

    int rc = ssh_known_read(&known, ssh->settings->known_hosts, ssh->settings->host,
                            ssh_port(ssh->settings), err);
    if (rc)
        return rc;
    for (size_t i = 0; i < ARRAY_LEN(types); i++)
        if (ssh_known_has(&known, types[i]))
            len += (size_t)snprintf(wanted + len, sizeof wanted - len, "%s%s", len ? "," : "",
                                    types[i]);
    /* With nothing known it goes on: the refusal can then name the key that the host has. */
    if (len && libssh2_session_method_pref(ssh->session, LIBSSH2_METHOD_HOSTKEY, wanted))
        return ssh_fail(ssh, libssh2_session_last_errno(ssh->session), EFFECT_NONE,
                        "ask for the host keys that known_hosts has", err);
    return 0;
}

static int refuse_host(const struct ssh *ssh, enum ssh_known_verdict verdict, unsigned line,
                       const char *fingerprint, struct err *err)
{
    const struct ssh_settings *settings = ssh->settings;
    unsigned port = ssh_port(settings);

    if (verdict == SSH_KNOWN_NO) {
        (void)err_set(err, ERR_REFUSED, EFFECT_NONE,
                      "the host key of %s is unknown: %s is not in %s", settings->host, fingerprint,
                      settings->known_hosts);
        (void)err_hint(
            err,
            "compare it with what the host itself says (ssh-keygen -lf /etc/ssh/ssh_host_"
            "ed25519_key.pub), then: ssh-keyscan -p %u %s >>%s",
            port, settings->host, settings->known_hosts);
    } else if (verdict == SSH_KNOWN_REVOKED) {
        (void)err_set(err, ERR_REFUSED, EFFECT_NONE,
                      "the host key of %s is revoked: %s, line %u of %s", settings->host,
                      fingerprint, line, settings->known_hosts);
        (void)err_hint(err, "give the host a new key; the line says why nobody may trust this one");
    } else {
        (void)err_set(err, ERR_REFUSED, EFFECT_NONE,
                      "the host key of %s has CHANGED: %s is not what line %u of %s has",
                      settings->host, fingerprint, line, settings->known_hosts);
        (void)err_hint(
            err,
            "another machine may be answering. Only once the host's people confirm the new "
            "key: ssh-keygen -f %s -R '[%s]:%u' (or %s), then ssh-keyscan",
            settings->known_hosts, settings->host, port, settings->host);
    }
    return err_where(err, "%s", ssh->where);
}

int ssh_verify_host(struct ssh *ssh, struct err *err)
{
    CLEANUP(ssh_known_release) struct ssh_known known = {0};
    char digest[64] = "", fingerprint[80];
    size_t key_len = 0;
    unsigned line = 0;
    int type = 0;

    const char *key = libssh2_session_hostkey(ssh->session, &key_len, &type);
    const char *hash = libssh2_hostkey_hash(ssh->session, LIBSSH2_HOSTKEY_HASH_SHA256);
    if (!key || !hash)
        return ssh_fail(ssh, LIBSSH2_ERROR_HOSTKEY_INIT, EFFECT_NONE, "read the host key", err);
    (void)snprintf(fingerprint, sizeof fingerprint, "SHA256:%s",
                   digest_base64(hash, 32, digest, sizeof digest));
    int rc = ssh_known_read(&known, ssh->settings->known_hosts, ssh->settings->host,
                            ssh_port(ssh->settings), err);
    if (rc)
        return rc;
    enum ssh_known_verdict verdict = ssh_known_judge(&known, key, key_len, &line);
    return verdict == SSH_KNOWN_SAME ? 0 : refuse_host(ssh, verdict, line, fingerprint, err);
}

static void close_fd(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd); /* only read from */
}

/* For the text of a refusal only. OpenSSH's own format names the type in its first, clear part. */
static bool looks_like_rsa(const char *text, size_t len)
{
    unsigned char decoded[256];
    char head[257] = "", *out = head;
    size_t decoded_len = 0;

    if (strstr(text, "BEGIN RSA PRIVATE KEY"))
        return true;
    const char *at = strstr(text, "BEGIN OPENSSH PRIVATE KEY-----");
    for (at = at ? strchr(at, '\n') : NULL; at && at < text + len && out < head + 256; at++)
        if (*at != '\n' && *at != '\r')
            *out++ = *at;
    return at && digest_base64_decode(head, decoded, sizeof decoded, &decoded_len) &&
           memmem(decoded, decoded_len, "\0\0\0\7ssh-rsa", 11);
}

/* A key that others can read is no key; and of what kind is it? */
static int look_at_key(const struct ssh *ssh, bool *out_is_rsa, struct err *err)
{
    const char *path = ssh->settings->identity;
    CLEANUP(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat found;
    char text[KEY_FILE_CAP];

    ssize_t len = fd < 0 || fstat(fd, &found) != 0 ? -1 : read(fd, text, sizeof text - 1);
    if (len < 0)
        return err_set(err, ERR_CONFIG, EFFECT_NONE, "cannot read the SSH key %s: %m", path);
    text[len] = '\0';
    *out_is_rsa = looks_like_rsa(text, (size_t)len);
    secret_wipe(text, sizeof text);
    if (found.st_mode & (S_IRWXG | S_IRWXO)) {
        (void)err_set(err, ERR_CONFIG, EFFECT_NONE, "others can read the SSH key %s", path);
        return err_hint(err, "chmod 600 %s", path);
    }
    return 0;
}

static int refuse_us(const struct ssh *ssh, bool is_rsa, struct err *err)
{
    const struct ssh_settings *settings = ssh->settings;
    bool has_identity = settings->identity && *settings->identity;

    (void)err_set(err, ERR_REFUSED, EFFECT_NONE, "%s does not take %s%s%s for user %s",
                  settings->host, has_identity ? settings->identity : "",
                  has_identity && settings->agent ? " nor " : "",
                  settings->agent ? "a key of the agent"
                  : has_identity  ? ""
                                  : "us without a key",
                  settings->user);
    if (is_rsa)
        (void)err_hint(err, "%s", RSA_HINT);
    else
        (void)err_hint(err,
                       "put its public key into authorized_keys of %s there; try: ssh -p %u %s%s "
                       "%s@%s true",
                       settings->user, ssh_port(settings), has_identity ? "-i " : "",
                       has_identity ? settings->identity : "", settings->user, settings->host);
    return err_where(err, "%s", ssh->where);
}

/* The methods sshd takes; NULL with nothing wrong: it has let us in without any. */
static int ask_methods(struct ssh *ssh, int64_t deadline_ms, const char **out, struct err *err)
{
    const char *user = ssh->settings->user;
    int answer = 0;

    do {
        *out = libssh2_userauth_list(ssh->session, user, (unsigned)strlen(user));
        if (*out || libssh2_userauth_authenticated(ssh->session))
            return 0;
        answer = libssh2_session_last_errno(ssh->session);
    } while (answer == LIBSSH2_ERROR_EAGAIN && ssh_wait(ssh, deadline_ms));
    return ssh_fail(ssh, answer, EFFECT_NONE, "ask how to log in", err);
}

/* 1: it is taken. 0: it is not. */
static int try_identity(struct ssh *ssh, int64_t deadline_ms, bool *out_is_rsa, struct err *err)
{
    const struct ssh_settings *settings = ssh->settings;
    int answer;

    int rc = look_at_key(ssh, out_is_rsa, err);
    if (rc)
        return rc;
    while ((answer = libssh2_userauth_publickey_fromfile_ex(
                ssh->session, settings->user, (unsigned)strlen(settings->user), NULL,
                settings->identity,
                settings->passphrase ? secret_bytes(settings->passphrase) : NULL)) ==
               LIBSSH2_ERROR_EAGAIN &&
           ssh_wait(ssh, deadline_ms))
        continue;
    if (answer == 0)
        return 1;
    if (answer == LIBSSH2_ERROR_FILE) {
        (void)err_set(err, ERR_CONFIG, EFFECT_NONE,
                      "the SSH key %s cannot be used: %s, or of a kind that libssh2 does not know",
                      settings->identity,
                      settings->passphrase ? "its passphrase is another one"
                                           : "it has a passphrase");
        return err_hint(err,
                        "ssh = { passphrase = \"file:...\"; }, or load it into an agent and set "
                        "agent = true; try: ssh-keygen -yf %s",
                        settings->identity);
    }
    if (answer == LIBSSH2_ERROR_AUTHENTICATION_FAILED ||
        answer == LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED)
        return 0;
    return ssh_fail(ssh, answer, EFFECT_NONE, "log in", err);
}

/* 1: one of its keys is taken. 0: none is. */
static int try_agent(struct ssh *ssh, int64_t deadline_ms, bool *out_has_rsa, struct err *err)
{
    CLEANUP(ssh_agent_closep) struct ssh_agent *agent = NULL;
    const char *user = ssh->settings->user;
    int answer = LIBSSH2_ERROR_AUTHENTICATION_FAILED;

    int rc = ssh_agent_open(&agent, deadline_ms, err);
    if (rc)
        return rc;
    for (size_t i = 0; i < ssh_agent_count(agent); i++) {
        size_t len;
        const unsigned char *key = ssh_agent_select(agent, i, &len);
        void *signer = agent;
        *out_has_rsa = *out_has_rsa || (len > 11 && memcmp(key, "\0\0\0\7ssh-rsa", 11) == 0);
        while ((answer = libssh2_userauth_publickey(ssh->session, user, key, len, ssh_agent_sign,
                                                    &signer)) == LIBSSH2_ERROR_EAGAIN &&
               ssh_wait(ssh, deadline_ms))
            continue;
        if (answer == 0)
            return 1;
        if (answer == LIBSSH2_ERROR_EAGAIN || answer == LIBSSH2_ERROR_SOCKET_DISCONNECT ||
            answer == LIBSSH2_ERROR_SOCKET_RECV || answer == LIBSSH2_ERROR_SOCKET_SEND)
            return ssh_fail(ssh, answer, EFFECT_NONE, "log in by the agent's keys", err);
    }
    return 0;
}

int ssh_log_in(struct ssh *ssh, int64_t deadline_ms, struct err *err)
{
    const struct ssh_settings *settings = ssh->settings;
    const char *methods = NULL;
    bool is_rsa = false;

    int rc = ask_methods(ssh, deadline_ms, &methods, err);
    if (rc || !methods)
        return rc;
    if (!strstr(methods, "publickey")) {
        (void)err_set(err, ERR_REFUSED, EFFECT_NONE, "sshd takes %s only; keys are all we have",
                      methods);
        return err_where(err, "%s", ssh->where);
    }
    if (settings->identity && *settings->identity)
        rc = try_identity(ssh, deadline_ms, &is_rsa, err);
    if (rc == 0 && settings->agent)
        rc = try_agent(ssh, deadline_ms, &is_rsa, err);
    if (rc == 0)
        return refuse_us(ssh, is_rsa, err);
    return rc < 0 ? rc : 0;
}
