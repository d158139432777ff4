/* SPDX-License-Identifier: MIT */
#include "ctl/access.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"

#define TOKEN_CAP 64
#define TOKEN_MIN_LEN 20
#define SESSION_CAP 128
#define WRONG_CAP 10 /* wrong tokens within WRONG_SPAN_MS; more are not looked at */
#define WRONG_SPAN_MS 60000

struct token {
    char name[64];
    enum role role;
    char digest[DIGEST_HEX_LEN + 1];
};

struct session_row {
    char digest[DIGEST_HEX_LEN + 1]; /* of the cookie's value; "" free */
    size_t token;
    int64_t ends_ms;
};

struct access {
    const struct service *service;
    struct token tokens[TOKEN_CAP];
    size_t token_count;
    pthread_mutex_t lock; /* around all below */
    struct session_row sessions[SESSION_CAP];
    size_t session_next;
    int64_t wrong_since_ms;
    unsigned wrong;
};

const char *role_name(enum role role)
{
    static const char *const names[] = {
        [ROLE_ANYBODY] = "anybody", [ROLE_WATCH] = "watch", [ROLE_OPERATE] = "operate"};

    return names[role];
}

/* --- the file --------------------------------------------------------------------------------- */

static int bad_line(unsigned number, const char *what, struct err *err)
{
    err_set(err, ERR_CONFIG, EFFECT_NONE, "serve.tokens: line %u: %s", number, what);
    return err_hint(err, "each line is NAME ROLE TOKEN, the role is watch or operate; "
                         "`openssl rand -hex 24` makes a token");
}

/* The words of a line, cut in place; at most `cap`, and one more counts as one more. */
static size_t split(char *line, char **words, size_t cap)
{
    size_t count = 0;

    for (char *at = line + strspn(line, " \t\r"); *at; at += strspn(at, " \t\r")) {
        if (count == cap)
            return cap + 1;
        words[count++] = at;
        at += strcspn(at, " \t\r");
        if (*at)
            *at++ = '\0';
    }
    return count;
}

static int take_words(struct access *access, char *const words[3], unsigned number, struct err *err)
{
    struct token *out = &access->tokens[access->token_count];

    if (access->token_count == TOKEN_CAP)
        return bad_line(number, "more than 64 tokens", err);
    if (strlen(words[0]) >= sizeof out->name)
        return bad_line(number, "the name is longer than 63 bytes", err);
    if (strcmp(words[1], "watch") != 0 && strcmp(words[1], "operate") != 0)
        return bad_line(number, "the role is neither watch nor operate", err);
    if (strlen(words[2]) < TOKEN_MIN_LEN)
        return bad_line(number, "a token shorter than 20 characters can be guessed", err);
    (void)snprintf(out->name, sizeof out->name, "%s", words[0]);
    out->role = strcmp(words[1], "operate") == 0 ? ROLE_OPERATE : ROLE_WATCH;
    int rc = digest_sha256_hex(words[2], strlen(words[2]), out->digest, err);
    access->token_count += rc == 0;
    return rc;
}

static int take_line(struct access *access, const char *line, size_t len, unsigned number,
                     struct err *err)
{
    char text[512], *words[3];

    if (len >= sizeof text)
        return bad_line(number, "too long", err);
    memcpy(text, line, len);
    text[len] = '\0';
    size_t count = split(text, words, ARRAY_LEN(words));
    bool is_empty = count == 0 || words[0][0] == '#';
    int rc = is_empty                    ? 0
             : count != ARRAY_LEN(words) ? bad_line(number, "three words are expected", err)
                                         : take_words(access, words, number, err);
    secret_wipe(text, sizeof text);
    return rc;
}

static int take_file(struct access *access, const struct secret *file, struct err *err)
{
    const char *at = secret_bytes(file);
    unsigned number = 0;
    int rc = 0;

    while (*at && !rc) {
        size_t len = strcspn(at, "\n");
        rc = take_line(access, at, len, ++number, err);
        at += len + (at[len] == '\n');
    }
    if (!rc && access->token_count == 0)
        rc = bad_line(number, "there is no token", err);
    return rc;
}

int access_new(const struct service *service, struct access **out, struct err *err)
{
    struct access *access = calloc(1, sizeof *access);
    if (!access)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory");
    access->service = service;
    (void)pthread_mutex_init(&access->lock, NULL);
    int rc = service->serve.has_tokens ? take_file(access, &service->serve.tokens, err) : 0;
    if (rc) {
        access_free(access);
        return rc;
    }
    *out = access;
    return 0;
}

void access_free(struct access *access)
{
    if (!access)
        return;
    (void)pthread_mutex_destroy(&access->lock);
    secret_wipe(access, sizeof *access);
    free(access);
}

/* --- who asks --------------------------------------------------------------------------------- */

/* All rows are looked at, whichever fits. */
static const struct token *token_of(const struct access *access, const char *token, size_t len)
{
    const struct token *found = NULL;
    char digest[DIGEST_HEX_LEN + 1];
    struct err none = {0};

    if (digest_sha256_hex(token, len, digest, &none))
        return NULL;
    for (size_t i = 0; i < access->token_count; i++)
        if (digest_equal(access->tokens[i].digest, digest))
            found = &access->tokens[i];
    return found;
}

/* With the lock held. */
static struct session_row *session_of(struct access *access, const char *cookie)
{
    struct session_row *found = NULL;
    char digest[DIGEST_HEX_LEN + 1];
    struct err none = {0};

    if (!cookie || digest_sha256_hex(cookie, strlen(cookie), digest, &none))
        return NULL;
    for (size_t i = 0; i < SESSION_CAP; i++)
        if (access->sessions[i].digest[0] && digest_equal(access->sessions[i].digest, digest))
            found = &access->sessions[i];
    return found && found->ends_ms > clock_mono_ms() ? found : NULL;
}

static bool is_this_host(const char *peer)
{
    return strncmp(peer, "127.", 4) == 0 || strcmp(peer, "::1") == 0 ||
           strncmp(peer, "::ffff:127.", 11) == 0;
}

static void become(struct identity *out, const struct token *token, bool is_cookie)
{
    out->role = token->role;
    out->is_cookie = is_cookie;
    (void)snprintf(out->name, sizeof out->name, "%s", token->name);
}

void access_identify(struct access *access, const struct http_call *call, struct identity *out)
{
    const char *field = http_call_field(call, "Authorization");
    const char *cookie = http_call_cookie(call, ACCESS_COOKIE);

    *out = (struct identity){.role = ROLE_ANYBODY};
    if (access->token_count == 0) {
        if (is_this_host(call->peer))
            *out = (struct identity){.role = ROLE_WATCH, .name = "this host"};
        return;
    }
    if (field && strncasecmp(field, "Bearer ", 7) == 0) {
        const struct token *token = token_of(access, field + 7, strlen(field + 7));
        if (token)
            become(out, token, false);
        return;
    }
    (void)pthread_mutex_lock(&access->lock);
    const struct session_row *session = session_of(access, cookie);
    if (session)
        become(out, &access->tokens[session->token], true);
    (void)pthread_mutex_unlock(&access->lock);
}

/* With the lock held: are wrong tokens still looked at? */
static bool may_try(struct access *access)
{
    if (clock_mono_ms() - access->wrong_since_ms > WRONG_SPAN_MS) {
        access->wrong_since_ms = clock_mono_ms();
        access->wrong = 0;
    }
    return access->wrong < WRONG_CAP;
}

int access_login(struct access *access, const char *token, size_t token_len,
                 char out[DIGEST_HEX_LEN + 1], struct err *err)
{
    char digest[DIGEST_HEX_LEN + 1];
    int rc = digest_random_hex(out, DIGEST_HEX_LEN, err);

    if (!rc)
        rc = digest_sha256_hex(out, DIGEST_HEX_LEN, digest, err);
    if (rc)
        return rc;
    (void)pthread_mutex_lock(&access->lock);
    bool may = may_try(access);
    const struct token *found = may ? token_of(access, token, token_len) : NULL;
    if (found) {
        struct session_row *row = &access->sessions[access->session_next++ % SESSION_CAP];
        row->token = (size_t)(found - access->tokens);
        row->ends_ms = clock_mono_ms() + ACCESS_SESSION_S * INT64_C(1000);
        (void)snprintf(row->digest, sizeof row->digest, "%s", digest);
    } else if (may) {
        access->wrong++;
    }
    (void)pthread_mutex_unlock(&access->lock);
    if (found)
        return 0;
    return err_set(err, ERR_REFUSED, EFFECT_NONE,
                   may ? "there is no such token"
                       : "too many wrong tokens in the last minute: wait, and try again");
}

void access_logout(struct access *access, const struct http_call *call)
{
    (void)pthread_mutex_lock(&access->lock);
    struct session_row *session = session_of(access, http_call_cookie(call, ACCESS_COOKIE));
    if (session)
        *session = (struct session_row){0};
    (void)pthread_mutex_unlock(&access->lock);
}

/* --- where it was sent ------------------------------------------------------------------------ */

/* "[::1]:8306" -> "[::1]" : how much of it is the host. */
static size_t host_len(const char *host)
{
    const char *bracket = host[0] == '[' ? strchr(host, ']') : NULL;

    return bracket ? (size_t)(bracket - host) + 1 : strcspn(host, ":");
}

static bool is_host(const char *host, size_t len, const char *name)
{
    return strlen(name) == len && strncasecmp(host, name, len) == 0;
}

bool access_knows_host(const struct access *access, const char *host)
{
    static const char *const local[] = {"localhost", "127.0.0.1", "[::1]"};
    const struct service_serve *serve = &access->service->serve;

    if (!host)
        return false;
    size_t len = host_len(host);
    for (size_t i = 0; i < ARRAY_LEN(local); i++)
        if (is_host(host, len, local[i]))
            return true;
    for (size_t i = 0; i < serve->host_count; i++)
        if (is_host(host, len, serve->hosts[i]))
            return true;
    return serve->listen[0] && host_len(serve->listen) == len &&
           strncasecmp(host, serve->listen, len) == 0;
}

bool access_is_same_origin(const struct http_call *call)
{
    const char *origin = http_call_field(call, "Origin"), *host = http_call_field(call, "Host");
    const char *named = origin ? strstr(origin, "://") : NULL;
    const char *site = http_call_field(call, "Sec-Fetch-Site");

    if (site && strcmp(site, "same-origin") != 0 && strcmp(site, "none") != 0)
        return false;
    if (!origin)
        return true;
    return named && host && strcasecmp(named + 3, host) == 0;
}
