/* SPDX-License-Identifier: MIT */
/* A few additions to jansson. */
#include "base/json.h"

void json_release(json_t **value)
{
    json_decref(*value);
    *value = NULL;
}

char *json_canonical(const json_t *value)
{
    return json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
}

int json_parse(const char *text, size_t len, json_t **out, struct err *err)
{
    json_error_t problem;
    json_t *value = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &problem);

    if (!value)
        return err_set(err, ERR_PROTOCOL, EFFECT_NONE, "not valid JSON at line %d column %d: %s",
                       problem.line, problem.column, problem.text);
    *out = value;
    return 0;
}

const char *json_text_or(const json_t *object, const char *key, const char *fallback)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : fallback;
}

json_int_t json_int_or(const json_t *object, const char *key, json_int_t fallback)
{
    const json_t *value = json_object_get(object, key);
    return json_is_integer(value) ? json_integer_value(value) : fallback;
}

int json_bool_or(const json_t *object, const char *key, int fallback)
{
    const json_t *value = json_object_get(object, key);
    return json_is_boolean(value) ? json_is_true(value) : fallback;
}
