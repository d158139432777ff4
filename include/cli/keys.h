/* SPDX-License-Identifier: MIT */
/*
 * cli/keys.h - what a terminal sends, byte by byte, as keys.
 * Invariant: a key whose bytes come in several pieces, as over a slow line, is one key.
 * Threads:   pure; a struct keys belongs to one thread.
 */
#ifndef CUTOVER_CLI_KEYS_H
#define CUTOVER_CLI_KEYS_H

/* A key that is one byte is that byte. */
enum watch_key {
    WATCH_KEY_NONE = 0,
    WATCH_KEY_INTERRUPT = 3,
    WATCH_KEY_TAB = 9,
    WATCH_KEY_REDRAW = 12,
    WATCH_KEY_ENTER = 13,
    WATCH_KEY_SUSPEND = 26,
    WATCH_KEY_ESCAPE = 27,
    WATCH_KEY_ERASE = 127,
    WATCH_KEY_UP = 256,
    WATCH_KEY_DOWN,
    WATCH_KEY_PAGE_UP,
    WATCH_KEY_PAGE_DOWN,
    WATCH_KEY_HOME,
    WATCH_KEY_END,
    WATCH_KEY_BACK_TAB,
};

struct keys {
    enum { KEYS_PLAIN, KEYS_ESCAPE, KEYS_SEQUENCE } state;
    int number; /* of the sequence: the 5 in ESC [ 5 ~ */
};

/* The key that this byte ends, or WATCH_KEY_NONE; one that means nothing to us is none. */
int keys_take(struct keys *keys, unsigned char byte);
/* Nothing came for a while: an escape that was begun is the key Escape. */
int keys_idle(struct keys *keys);

#endif
