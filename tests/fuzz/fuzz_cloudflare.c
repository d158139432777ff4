/* SPDX-License-Identifier: MIT */
/*
 * An answer of the Cloudflare API: the first byte is the status, the second says what was asked,
 * the rest is the body. What comes of it is a record that can be put into a URL and on a terminal,
 * or an error that says whether the request may have changed something.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "dns/cloudflare_answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool is_true)
{
    if (!is_true)
        abort();
}

static void check_error(const struct err *err, bool is_write)
{
    must(err->code != ERR_NONE && err->msg[0] && err->effect != EFFECT_APPLIED);
    must(is_write || err->effect == EFFECT_NONE);
    /* A 4xx with a reason is a no; all else that is no success may have been done. */
    must(!is_write || err->effect == EFFECT_UNKNOWN || err->code == ERR_REFUSED);
    for (const char *c = err->msg; *c; c++)
        must(!iscntrl((unsigned char)*c));
}

static void check_id(const char *id)
{
    must(id[0] != '\0');
    for (const char *c = id; *c; c++)
        must(isalnum((unsigned char)*c));
}

static void check_item(const json_t *json)
{
    struct dns_record record;
    struct dns_zone zone;
    struct err err = {0};

    if (cloudflare_read_record(json, &record, &err) == 0) {
        check_id(record.id);
        must(record.name[0] && record.type[0] && record.ttl_s > 0);
    } else {
        check_error(&err, false);
    }
    err = (struct err){0};
    if (cloudflare_read_zone(json, &zone, &err) == 0) {
        check_id(zone.id);
        must(zone.name[0] && zone.name_server_count <= ARRAY_LEN(zone.name_servers));
    } else {
        check_error(&err, false);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const long statuses[] = {200, 200, 200, 400, 401, 403, 404, 408, 429, 500, 502, 302};
    struct http_response response = {.content_type = "application/json", .retry_after_s = -1};
    json_t *envelope = NULL;
    struct err err = {0};

    if (size < 2)
        return 0;
    bool is_write = data[1] & 1;
    response.status = statuses[data[0] % ARRAY_LEN(statuses)];
    if (data[1] & 2)
        (void)snprintf(response.content_type, sizeof response.content_type, "text/html");
    buf_init(&response.body, 1 << 20);
    buf_add(&response.body, data + 2, size - 2);
    if (cloudflare_read_answer(&response, is_write, &envelope, &err) != 0) {
        check_error(&err, is_write);
    } else {
        const json_t *result = json_object_get(envelope, "result");
        must(cloudflare_last_page(envelope) >= 1);
        check_item(result);
        for (size_t i = 0; i < json_array_size(result); i++)
            check_item(json_array_get(result, i));
    }
    json_decref(envelope);
    buf_release(&response.body);
    return 0;
}
