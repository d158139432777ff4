/* SPDX-License-Identifier: MIT */
/*
 * One HTTP request at a time over one reused libcurl handle. What matters here is what a failure
 * means: libcurl tells whether a request had begun to leave, and it must never send one twice by
 * itself.
 */
#include "io/http_client.h"

#include <ctype.h>
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"

#define BODY_CAP_BYTES ((size_t)16 << 20)
#define CONNECT_CAP_MS 5000

struct http_client {
    CURL *curl;
    char problem[CURL_ERROR_SIZE];
};

/* The pieces of one request that must outlive the transfer. */
struct exchange {
    const struct http_request *request;
    struct curl_slist *headers;
    struct buf body;
    char where[160];
    bool is_local, is_https;
    const struct http_taker *taker; /* NULL: the body is kept */
    CURL *curl;
};

int http_library_init(struct err *err)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return err_set(err, ERR_BUG, EFFECT_NONE, "the HTTP library does not start");
    return 0;
}

void http_library_end(void)
{
    curl_global_cleanup();
}

int http_client_new(struct http_client **out, struct err *err)
{
    struct http_client *client = calloc(1, sizeof *client);

    if (client)
        client->curl = curl_easy_init();
    if (!client || !client->curl) {
        free(client);
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory for an HTTP client");
    }
    *out = client;
    return 0;
}

void http_client_free(struct http_client *client)
{
    if (!client)
        return;
    curl_easy_cleanup(client->curl);
    free(client);
}

void http_client_freep(struct http_client **client)
{
    http_client_free(*client);
    *client = NULL;
}

void http_response_release(struct http_response *response)
{
    buf_release(&response->body);
}

/* --- the address ------------------------------------------------------------------------------ */

static void free_urlp(CURLU **url)
{
    curl_url_cleanup(*url);
}

static void free_partp(char **part)
{
    curl_free(*part);
}

static bool is_loopback(const char *host)
{
    return strcasecmp(host, "localhost") == 0 || strncmp(host, "127.", 4) == 0 ||
           strcmp(host, "[::1]") == 0;
}

static int bad_url(const struct http_request *request, const char *problem, struct err *err)
{
    return err_set(err, ERR_CONFIG, EFFECT_NONE, "cannot %s: %s", request->method, problem);
}

/* Errors name host and path: neither a query nor a user's name, which may hold what nobody should
 * read. */
static int read_url(struct exchange *exchange, struct err *err)
{
    CLEANUP(free_urlp) CURLU *url = curl_url();
    CLEANUP(free_partp) char *scheme = NULL;
    CLEANUP(free_partp) char *host = NULL;
    CLEANUP(free_partp) char *port = NULL;
    CLEANUP(free_partp) char *path = NULL;

    if (!url || curl_url_set(url, CURLUPART_URL, exchange->request->url, 0) != CURLUE_OK ||
        curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
        curl_url_get(url, CURLUPART_HOST, &host, 0) != CURLUE_OK ||
        curl_url_get(url, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) != CURLUE_OK ||
        curl_url_get(url, CURLUPART_PATH, &path, 0) != CURLUE_OK)
        return bad_url(exchange->request, "the URL cannot be understood", err);
    exchange->is_https = strcmp(scheme, "https") == 0;
    if (!exchange->is_https && strcmp(scheme, "http") != 0)
        return bad_url(exchange->request, "only http and https URLs are allowed", err);
    exchange->is_local = is_loopback(host);
    (void)snprintf(exchange->where, sizeof exchange->where, "%s %s:%s%s", exchange->request->method,
                   host, port, path);
    return 0;
}

/* --- the request ------------------------------------------------------------------------------ */

static void release_exchange(struct exchange *exchange)
{
    for (struct curl_slist *line = exchange->headers; line; line = line->next)
        secret_wipe(line->data, strlen(line->data)); /* one of them is the token */
    curl_slist_free_all(exchange->headers);
    buf_release(&exchange->body);
}

static int add_header(struct exchange *exchange, const char *name, const char *value,
                      struct err *err)
{
    char line[8192];
    int rc = 0;

    if (strpbrk(value, "\r\n"))
        return bad_url(exchange->request, "a header would hold a line break", err);
    int length = snprintf(line, sizeof line, "%s: %s", name, value);
    struct curl_slist *grown =
        (size_t)length < sizeof line ? curl_slist_append(exchange->headers, line) : NULL;
    if (grown)
        exchange->headers = grown;
    else
        rc = err_set(err, ERR_MEMORY, EFFECT_NONE, "no room for the header %s", name);
    secret_wipe(line, sizeof line);
    return rc;
}

static int add_headers(struct exchange *exchange, struct err *err)
{
    const struct http_request *request = exchange->request;
    int rc = add_header(exchange, "Accept", "application/json", err);

    if (rc == 0 && request->content_type)
        rc = add_header(exchange, "Content-Type", request->content_type, err);
    if (rc == 0 && request->bearer && secret_len(request->bearer) > 0) {
        char value[4200];
        int length = snprintf(value, sizeof value, "Bearer %s", secret_bytes(request->bearer));
        rc = (size_t)length < sizeof value
                 ? add_header(exchange, "Authorization", value, err)
                 : err_set(err, ERR_CONFIG, EFFECT_NONE, "the token is too long for a header");
        secret_wipe(value, sizeof value);
    }
    for (size_t i = 0; rc == 0 && i < request->field_count; i++)
        rc = add_header(exchange, request->fields[i][0], request->fields[i][1], err);
    return rc;
}

static int watch(void *arg, curl_off_t down_all, curl_off_t down, curl_off_t up_all, curl_off_t up)
{
    const struct http_request *request = arg;

    (void)down_all, (void)down, (void)up_all, (void)up;
    return request->is_unwanted(request->context);
}

static size_t take_body(char *bytes, size_t size, size_t count, void *arg)
{
    struct buf *body = arg;

    buf_add(body, bytes, size * count);
    return body->is_failed ? 0 : size * count;
}

static bool is_read(const struct http_request *request)
{
    return strcmp(request->method, "GET") == 0 || strcmp(request->method, "HEAD") == 0;
}

/* Setting an option copies its value or fails for want of memory, which the transfer then reports
 * as well. */
static void set_limits(CURL *curl, const struct exchange *exchange)
{
    int64_t timeout_ms = exchange->request->timeout_ms > 0 ? exchange->request->timeout_ms : 1;
    bool has_proxy = exchange->is_https && !exchange->is_local;

    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
                     (long)(timeout_ms < CONNECT_CAP_MS ? timeout_ms : CONNECT_CAP_MS));
    curl_easy_setopt(curl, CURLOPT_PROXY,
                     has_proxy ? NULL : ""); /* NULL: as the environment says */
    /* On a reused connection that dies without an answer libcurl sends the request again. Not ours.
     */
    curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, is_read(exchange->request) ? 0L : 1L);
}

static void set_request(struct http_client *client, struct exchange *exchange)
{
    const struct http_request *request = exchange->request;
    CURL *curl = client->curl;

    client->problem[0] = '\0';
    curl_easy_reset(curl);
    set_limits(curl, exchange);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, client->problem);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "cutover/" CUTOVER_VERSION);
    curl_easy_setopt(curl, CURLOPT_URL, request->url);
    if (request->body) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(request->body));
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->body);
    }
    if (request->is_unwanted) {
        curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
        curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, watch);
        curl_easy_setopt(curl, CURLOPT_XFERINFODATA, request);
    }
    if (strcmp(request->method, "HEAD") == 0)
        curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, exchange->headers);
    if (request->ca_path)
        curl_easy_setopt(curl, CURLOPT_CAINFO, request->ca_path);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &exchange->body);
}

/* --- the answer ------------------------------------------------------------------------------- */

/*
 * Did any byte of the request leave? Before that moment libcurl knows no pre-transfer time; newer
 * ones (seen in 8.23) set it for a connection that never came up as well, which the code tells.
 */
static bool may_have_been_sent(CURL *curl, CURLcode code)
{
    long request_bytes = 0;
    curl_off_t pretransfer_us = 0;

    curl_easy_getinfo(curl, CURLINFO_REQUEST_SIZE, &request_bytes);
    curl_easy_getinfo(curl, CURLINFO_PRETRANSFER_TIME_T, &pretransfer_us);
    if (request_bytes == 0 && (code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST))
        return false;
    return request_bytes > 0 || pretransfer_us > 0;
}

static const struct {
    CURLcode code;
    enum err_code means;
    const char *hint;
} meanings[] = {
    {CURLE_OPERATION_TIMEDOUT, ERR_TIMEOUT, ""},
    {CURLE_ABORTED_BY_CALLBACK, ERR_STOPPED, ""},
    {CURLE_COULDNT_RESOLVE_HOST, ERR_LOST, "check the host name and this machine's resolver"},
    {CURLE_COULDNT_RESOLVE_PROXY, ERR_LOST, "check https_proxy in the environment"},
    {CURLE_COULDNT_CONNECT, ERR_LOST,
     "nothing answers there: check the URL, the network and the firewall"},
    {CURLE_SSL_CONNECT_ERROR, ERR_LOST, "TLS could not be set up: is that port an https port?"},
    {CURLE_PEER_FAILED_VERIFICATION, ERR_LOST,
     "the server's certificate is not trusted: check the host name and this machine's CA "
     "certificates"},
    {CURLE_UNSUPPORTED_PROTOCOL, ERR_PROTOCOL, "what answers there does not speak HTTP"},
    {CURLE_WEIRD_SERVER_REPLY, ERR_PROTOCOL, "what answers there does not speak HTTP"},
    {CURLE_BAD_CONTENT_ENCODING, ERR_PROTOCOL, ""},
    {CURLE_URL_MALFORMAT, ERR_CONFIG, ""},
    {CURLE_OUT_OF_MEMORY, ERR_MEMORY, ""},
    {CURLE_WRITE_ERROR, ERR_MEMORY, ""},
};

static int transfer_failed(struct http_client *client, const struct exchange *exchange,
                           CURLcode code, struct err *err)
{
    bool is_unknown = !is_read(exchange->request) && may_have_been_sent(client->curl, code);
    const char *problem = client->problem[0] ? client->problem : curl_easy_strerror(code);
    enum err_code means =
        ERR_LOST; /* dropped, truncated, reset: the connection is what is missing */
    const char *hint = "";

    for (size_t i = 0; i < ARRAY_LEN(meanings); i++) {
        if (meanings[i].code != code)
            continue;
        means = meanings[i].means;
        hint = meanings[i].hint;
    }
    if (exchange->body.is_failed)
        problem = "the answer is larger than 16 MiB";
    (void)err_set(err, means, is_unknown ? EFFECT_UNKNOWN : EFFECT_NONE, "%s failed%s: %s",
                  exchange->request->method, is_unknown ? "; it may have happened" : "", problem);
    if (err)
        err->native = (unsigned)code;
    (void)err_where(err, "%s", exchange->where);
    (void)err_hint(err, "%s", hint);
    return means;
}

/* Seconds, or a date to be compared with our clock. -1 when absent or not to be understood. */
static int64_t read_retry_after(CURL *curl)
{
    struct curl_header *header;
    char *end;

    if (curl_easy_header(curl, "Retry-After", 0, CURLH_HEADER, -1, &header) != CURLHE_OK)
        return -1;
    long long seconds = strtoll(header->value, &end, 10);
    if (end != header->value && *end == '\0')
        return seconds >= 0 ? seconds : -1;

    time_t date = curl_getdate(header->value, NULL);
    if (date < 0)
        return -1;
    int64_t left_s = (int64_t)date - clock_wall_us() / 1000000;
    return left_s > 0 ? left_s : 0;
}

static void read_content_type(CURL *curl, char *out, size_t out_size)
{
    const char *type = NULL;
    size_t length = 0;

    curl_easy_getinfo(curl, CURLINFO_CONTENT_TYPE, &type);
    for (; type && type[length] && !strchr("; \t", type[length]) && length + 1 < out_size; length++)
        out[length] = (char)tolower((unsigned char)type[length]);
    out[length] = '\0';
}

static int prepare(struct http_client *client, struct exchange *exchange, struct err *err)
{
    buf_init(&exchange->body, BODY_CAP_BYTES);
    int rc = read_url(exchange, err);
    if (rc == 0)
        rc = add_headers(exchange, err);
    if (rc != 0) {
        (void)err_where(err, "%s", exchange->where);
        return rc;
    }
    set_request(client, exchange);
    return 0;
}

static void read_answer(struct http_client *client, struct exchange *exchange,
                        struct http_response *out)
{
    *out = (struct http_response){.retry_after_s = read_retry_after(client->curl)};
    curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &out->status);
    read_content_type(client->curl, out->content_type, sizeof out->content_type);
    out->body = exchange->body;
    buf_init(&exchange->body, BODY_CAP_BYTES);
}

int http_send(struct http_client *client, const struct http_request *request,
              struct http_response *out, struct err *err)
{
    CLEANUP(release_exchange) struct exchange exchange = {.request = request};

    int rc = prepare(client, &exchange, err);
    if (rc)
        return rc;
    CURLcode code = curl_easy_perform(client->curl);
    if (code != CURLE_OK)
        return transfer_failed(client, &exchange, code, err);
    read_answer(client, &exchange, out);
    return 0;
}

/* --- an answer that goes on ------------------------------------------------------------------- */

static size_t hand_over(char *bytes, size_t size, size_t count, void *arg)
{
    struct exchange *exchange = arg;
    long status = 0;

    curl_easy_getinfo(exchange->curl, CURLINFO_RESPONSE_CODE, &status);
    if (status != 200)
        return take_body(bytes, size, count, &exchange->body);
    exchange->taker->take(exchange->taker->context, bytes, size * count);
    return size * count;
}

int http_follow(struct http_client *client, const struct http_request *request,
                const struct http_taker *taker, struct http_response *out, struct err *err)
{
    CLEANUP(release_exchange)
    struct exchange exchange = {.request = request, .taker = taker, .curl = client->curl};

    int rc = prepare(client, &exchange, err);
    if (rc)
        return rc;
    int64_t quiet_s = request->timeout_ms / 1000;
    curl_easy_setopt(client->curl, CURLOPT_TIMEOUT_MS, 0L);
    curl_easy_setopt(client->curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(client->curl, CURLOPT_LOW_SPEED_TIME, (long)(quiet_s > 0 ? quiet_s : 1));
    curl_easy_setopt(client->curl, CURLOPT_WRITEFUNCTION, hand_over);
    curl_easy_setopt(client->curl, CURLOPT_WRITEDATA, &exchange);
    CURLcode code = curl_easy_perform(client->curl);
    if (code != CURLE_OK)
        return transfer_failed(client, &exchange, code, err);
    read_answer(client, &exchange, out);
    return 0;
}

void http_escape(const char *text, struct buf *out)
{
    CLEANUP(free_partp) char *escaped = curl_easy_escape(NULL, text, (int)strlen(text));

    if (!escaped)
        out->is_failed = true;
    else
        buf_puts(out, escaped);
}
