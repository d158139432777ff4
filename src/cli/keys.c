/* SPDX-License-Identifier: MIT */
#include "cli/keys.h"

#include <stddef.h>

#include "base/attr.h"

static const struct {
    unsigned char last;
    int number;
    int key;
} sequences[] = {
    {'A', 0, WATCH_KEY_UP},        {'B', 0, WATCH_KEY_DOWN},     {'H', 0, WATCH_KEY_HOME},
    {'F', 0, WATCH_KEY_END},       {'Z', 0, WATCH_KEY_BACK_TAB}, {'~', 5, WATCH_KEY_PAGE_UP},
    {'~', 6, WATCH_KEY_PAGE_DOWN}, {'~', 1, WATCH_KEY_HOME},     {'~', 4, WATCH_KEY_END},
    {'~', 7, WATCH_KEY_HOME},      {'~', 8, WATCH_KEY_END},
};

static int end_sequence(struct keys *keys, unsigned char last)
{
    keys->state = KEYS_PLAIN;
    for (size_t i = 0; i < ARRAY_LEN(sequences); i++)
        if (sequences[i].last == last && (last != '~' || sequences[i].number == keys->number))
            return sequences[i].key;
    return WATCH_KEY_NONE;
}

int keys_take(struct keys *keys, unsigned char byte)
{
    switch (keys->state) {
    case KEYS_ESCAPE:
        keys->state = byte == '[' || byte == 'O' ? KEYS_SEQUENCE : KEYS_PLAIN;
        keys->number = 0;
        return keys->state == KEYS_SEQUENCE ? WATCH_KEY_NONE : WATCH_KEY_ESCAPE;
    case KEYS_SEQUENCE:
        if (byte >= '0' && byte <= '9' && keys->number < 1000)
            keys->number = keys->number * 10 + (byte - '0');
        return byte >= 0x40 && byte <= 0x7e ? end_sequence(keys, byte) : WATCH_KEY_NONE;
    case KEYS_PLAIN:
        break;
    }
    if (byte == WATCH_KEY_ESCAPE) {
        keys->state = KEYS_ESCAPE;
        return WATCH_KEY_NONE;
    }
    return byte == '\n' ? WATCH_KEY_ENTER : byte == '\b' ? WATCH_KEY_ERASE : byte;
}

int keys_idle(struct keys *keys)
{
    int key = keys->state == KEYS_ESCAPE ? WATCH_KEY_ESCAPE : WATCH_KEY_NONE;

    keys->state = KEYS_PLAIN;
    return key;
}
