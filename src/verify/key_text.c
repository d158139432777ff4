/* SPDX-License-Identifier: MIT */
/* Keys to text and back. */
#include "verify/key_text.h"

#include <string.h>

static const char hex_digits[] = "0123456789ABCDEF";

/* The length of the text with this part behind it; out_size and more: it does not fit. */
static size_t add_part(const char *bytes, size_t len, char *out, size_t out_size, size_t at)
{
    if (!len && at + 2 < out_size) {
        memcpy(out + at, "%_", 2);
        return at + 2;
    }
    for (size_t i = 0; i < len; i++) {
        unsigned char byte = (unsigned char)bytes[i];
        if (at + 3 >= out_size)
            return out_size;
        if (byte > ' ' && byte < 0x7F && byte != '%' && byte != ',') {
            out[at++] = (char)byte;
            continue;
        }
        out[at++] = '%';
        out[at++] = hex_digits[byte >> 4];
        out[at++] = hex_digits[byte & 15];
    }
    return len ? at : out_size;
}

bool verify_key_text_of(const char *const *values, const unsigned long *lengths, size_t count,
                        char *out, size_t out_size)
{
    size_t at = 0;

    for (size_t i = 0; i < count; i++) {
        if (i && at + 1 < out_size)
            out[at++] = ',';
        if (!values[i])
            at = out_size;
        else if (at < out_size)
            at = add_part(values[i], lengths[i], out, out_size, at);
        if (at >= out_size) {
            out[0] = '\0';
            return false;
        }
    }
    out[at] = '\0';
    return true;
}

bool verify_key_text(const struct key_point *point, char *out, size_t out_size)
{
    const char *values[INDEX_COLUMN_CAP];
    unsigned long lengths[INDEX_COLUMN_CAP];
    size_t count = point->is_set ? point->count : 0;

    for (size_t i = 0; i < count; i++) {
        values[i] = buf_text(&point->parts[i]);
        lengths[i] = point->parts[i].len;
    }
    return verify_key_text_of(values, lengths, count, out, out_size);
}

static int hex_value(char digit)
{
    const char *at = digit ? strchr(hex_digits, digit) : NULL;
    return at ? (int)(at - hex_digits) : -1;
}

/* One part up to its end; the bytes of the text it took, or 0 when it is none. */
static size_t parse_part(const char *text, struct buf *out)
{
    size_t at = 0;

    if (!strncmp(text, "%_", 2))
        return 2;
    while (text[at] && text[at] != ',') {
        if (text[at] != '%') {
            buf_putc(out, text[at++]);
            continue;
        }
        int high = hex_value(text[at + 1]);
        int low = high < 0 ? -1 : hex_value(text[at + 2]);
        if (low < 0)
            return 0;
        buf_putc(out, (char)(high * 16 + low));
        at += 3;
    }
    return at;
}

static int not_a_key(const char *text, struct err *err)
{
    return err_set(err, ERR_PROTOCOL, EFFECT_NONE, "\"%.80s\" is not a key", text);
}

int verify_key_parse(const char *text, struct key_point *out, struct err *err)
{
    CLEANUP(key_point_release) struct key_point point = {0};
    const char *values[INDEX_COLUMN_CAP];
    unsigned long lengths[INDEX_COLUMN_CAP];
    const char *at = text;
    size_t count = 0;

    if (!*text) {
        out->is_set = false;
        return 0;
    }
    for (;;) {
        if (count == INDEX_COLUMN_CAP)
            return not_a_key(text, err);
        buf_init(&point.parts[count], strlen(text) + 1);
        size_t len = parse_part(at, &point.parts[count]);
        if (!len || (at[len] && at[len] != ','))
            return not_a_key(text, err);
        int rc = buf_check(&point.parts[count], err);
        if (rc)
            return rc;
        values[count] = buf_text(&point.parts[count]);
        lengths[count] = point.parts[count].len;
        count++;
        if (!at[len])
            break;
        at += len + 1;
    }
    return key_point_set(out, values, lengths, count, err);
}
