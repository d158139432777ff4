/* SPDX-License-Identifier: MIT */
/*
 * base/json.h - the only includer of jansson; its own API is used everywhere, with these few
 * additions.
 * Threads: a json_t belongs to one thread unless it is never changed again.
 */
#ifndef CUTOVER_BASE_JSON_H
#define CUTOVER_BASE_JSON_H

#include <jansson.h>

#include "base/attr.h"
#include "base/err.h"

/* CLEANUP(json_release) json_t *value = NULL; */
void json_release(json_t **value);

/* Sorted keys, no white space: the form that is hashed. Caller frees. NULL when out of memory. */
char *json_canonical(const json_t *value);

/*
 * Parse; ERR_PROTOCOL/NONE with line and column. Duplicate keys are refused. Caller json_decref()s.
 */
MUST_CHECK int json_parse(const char *text, size_t len, json_t **out, struct err *err);

/* Field readers that never crash: the fallback when absent or of another type. Borrowed strings. */
const char *json_text_or(const json_t *object, const char *key, const char *fallback);
json_int_t json_int_or(const json_t *object, const char *key, json_int_t fallback);
int json_bool_or(const json_t *object, const char *key, int fallback);

#endif
