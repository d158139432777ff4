/* SPDX-License-Identifier: MIT */
/*
 * dns/cloudflare_answer.h - what an answer of the Cloudflare API v4 means: envelope, errors, pages,
 *                           records, zones.
 * Threads: pure.
 * Source:  https://developers.cloudflare.com/api; the error codes have no official list.
 */
#ifndef CUTOVER_DNS_CLOUDFLARE_ANSWER_H
#define CUTOVER_DNS_CLOUDFLARE_ANSWER_H

#include "base/json.h"
#include "dns/records.h"
#include "io/http_client.h"

/*
 * The envelope of a success; the caller json_decref()s it.
 *
 * is_write  the request may have changed something: an answer without sense is EFFECT_UNKNOWN then
 * Errors    ERR_REFUSED/NONE the API said no; ERR_SERVER a 5xx; ERR_PROTOCOL no sense in it
 *           native is the API's own code (the inner one of an error_chain), else the HTTP status
 */
MUST_CHECK int cloudflare_read_answer(const struct http_response *response, bool is_write,
                                      json_t **out_envelope, struct err *err);

/* The number of the last page, 1 when the answer has no result_info. */
int64_t cloudflare_last_page(const json_t *envelope);

/* In the form that dns/records.h promises. ERR_PROTOCOL/NONE */
MUST_CHECK int cloudflare_read_record(const json_t *json, struct dns_record *out, struct err *err);
MUST_CHECK int cloudflare_read_zone(const json_t *json, struct dns_zone *out, struct err *err);

#endif
