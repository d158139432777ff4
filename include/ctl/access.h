/* SPDX-License-Identifier: MIT */
/*
 * ctl/access.h - who asks, and what they may do.
 * Invariant: a token is kept as its digest and compared in a time that tells nothing. Without a
 *            file of tokens people on this host may look, and nobody may act. An answer never holds
 *            a token.
 * Threads:   any; its sessions are guarded by a mutex.
 */
#ifndef CUTOVER_CTL_ACCESS_H
#define CUTOVER_CTL_ACCESS_H

#include "base/digest.h"
#include "domain/service.h"
#include "io/http_server.h"

/* Each may do what those before it may. */
enum role { ROLE_ANYBODY, ROLE_WATCH, ROLE_OPERATE };
const char *role_name(enum role role);

#define ACCESS_COOKIE "cutover_session"
#define ACCESS_SESSION_S 43200

struct identity {
    enum role role;
    char name[64];  /* of the token; "this host" without tokens; "" nobody */
    bool is_cookie; /* a browser sends it by itself: an action needs a sign that the page did it */
};

struct access;

/*
 * service  borrowed. ERR_CONFIG/NONE names the line of a bad token file, never its content.
 */
MUST_CHECK int access_new(const struct service *service, struct access **out, struct err *err);
void access_free(struct access *access);

void access_identify(struct access *access, const struct http_call *call, struct identity *out);

/* The Host field is one of ours: a name that somebody else's DNS leads here is not. */
bool access_knows_host(const struct access *access, const char *host);

/* What a page of ours sends with whatever acts, and a page of another site cannot. */
#define ACCESS_SIGN "X-Cutover"

/*
 * A page of another site did not send this: the Origin field, when there is one, is our Host, and
 * the browser does not say that it came from elsewhere.
 */
bool access_is_same_origin(const struct http_call *call);

/*
 * A token for a session: its cookie's value into out. ERR_REFUSED/NONE: no such token, or too many
 * wrong ones lately.
 */
MUST_CHECK int access_login(struct access *access, const char *token, size_t token_len,
                            char out[DIGEST_HEX_LEN + 1], struct err *err);
void access_logout(struct access *access, const struct http_call *call);

#endif
