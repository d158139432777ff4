/* SPDX-License-Identifier: MIT */
#include "ctl/api_act.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "engine/journal_request.h"

static unsigned status_of(int rc)
{
    switch (rc) {
    case ERR_USAGE:
        return 400;
    case ERR_REFUSED:
        return 409;
    case ERR_BUSY:
        return 503;
    default:
        return 500;
    }
}

static void refuse(int rc, const struct err *why, struct http_answer *answer)
{
    route_refuse(answer, status_of(rc), "%s%s%s", why->msg, why->hint[0] ? "; " : "", why->hint);
}

/* The body as an object; NULL: answered already. The caller json_decref()s. */
static json_t *read_body(const struct route_call *call, struct http_answer *answer)
{
    json_t *body = NULL;
    struct err why = {0};

    if (json_parse(call->http->body, call->http->body_len, &body, &why) || !json_is_object(body)) {
        json_decref(body);
        route_refuse(answer, 400, "the body is no JSON object%s%s", why.msg[0] ? ": " : "",
                     why.msg);
        return NULL;
    }
    return body;
}

static void answer_id(int64_t id, const char *state, struct http_answer *answer)
{
    CLEANUP(json_release)
    json_t *value = json_pack("{s:I,s:s}", "id", (json_int_t)id, "state", state);
    char *text = value ? json_dumps(value, JSON_COMPACT) : NULL;

    answer->status = 202;
    http_answer_field(answer, "Content-Type", "application/json");
    buf_init(&answer->body, HTTP_BODY_CAP_BYTES);
    buf_puts(&answer->body, text ? text : "{}");
    free(text);
}

void api_ask(const struct route_call *call, struct http_answer *answer)
{
    CLEANUP(json_release) json_t *body = read_body(call, answer);
    struct request_ask ask = {.who = call->who->name, .via = "page"};
    struct err why = {0};
    int64_t id;

    if (!body)
        return;
    ask.run_id = json_text_or(body, "run", "");
    ask.step = json_text_or(body, "step", "");
    if (!*ask.run_id) {
        route_refuse(answer, 400, "\"run\" is missing: which run it is asked of");
        return;
    }
    int rc = request_what_parse(json_text_or(body, "what", ""), &ask.what, &why);
    if (!rc)
        rc = request_ask(server_service(call->server), &ask, &id, &why);
    if (rc) {
        refuse(rc, &why, answer);
        return;
    }
    log_info("%s asks on the page: %s%s%s", ask.who, request_what_name(ask.what),
             *ask.step ? " " : "", ask.step);
    answer_id(id, request_state_name(REQUEST_ASKED), answer);
}

void api_withdraw(const struct route_call *call, struct http_answer *answer)
{
    CLEANUP(json_release) json_t *body = read_body(call, answer);
    CLEANUP(journal_freep) struct journal *journal = NULL;
    struct err why = {0};

    if (!body)
        return;
    int64_t id = json_int_or(body, "id", 0);
    int rc = journal_open(server_service(call->server)->journal_path, &journal, &why);
    if (!rc)
        rc = journal_request_withdraw(journal, id, call->who->name, &why);
    if (rc)
        refuse(rc, &why, answer);
    else
        answer_id(id, request_state_name(REQUEST_WITHDRAWN), answer);
}
