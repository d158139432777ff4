/* SPDX-License-Identifier: MIT */
/* Words of a command line, each judged by what it says and by the word before it. */
#include "domain/redact.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const char *const hints[] = {"pass",       "pwd",     "secret", "token",        "credential",
                                    "identified", "api_key", "apikey", "authorization"};

static const char *hint_in(const char *text)
{
    const char *found = NULL;
    for (size_t i = 0; i < ARRAY_LEN(hints); i++) {
        const char *at = strcasestr(text, hints[i]);
        if (at != NULL && (found == NULL || at < found))
            found = at;
    }
    return found;
}

bool redact_is_secret(const char *name)
{
    size_t len = strlen(name);
    return hint_in(name) != NULL || (len >= 4 && strcasecmp(name + len - 4, "auth") == 0) ||
           strcasecmp(name, "wsrep_provider_options") == 0 ||
           strcasecmp(name, "wsrep-provider-options") == 0;
}

/* --- one word --------------------------------------------------------------------------------- */

/* Assignments in front of a command that are not worth hiding. */
static bool is_harmless(const char *word, size_t name_len)
{
    static const char *const names[] = {"PATH", "SHELL", "HOME",   "LANG",
                                        "TZ",   "USER",  "MAILTO", "LC_ALL"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (strlen(names[i]) == name_len && strncmp(word, names[i], name_len) == 0)
            return true;
    return false;
}

static size_t assigned_name(const char *word)
{
    size_t len = 0;
    while (isalnum((unsigned char)word[len]) || word[len] == '_')
        len++;
    return len > 0 && word[len] == '=' ? len : 0;
}

static void put_url(const char *word, const char *scheme_end, struct buf *out)
{
    const char *at = strrchr(word, '@');
    buf_printf(out, "%.*s" REDACTED "%s", (int)(scheme_end + 3 - word), word,
               hint_in(at) == NULL ? at : "@" REDACTED);
}

/* What the next word has to be taken for, because of this one. */
enum next { NEXT_ANY, NEXT_SECRET, NEXT_USER, NEXT_UNTIL_PIPE };

static enum next put_hinted(const char *word, const char *hint, struct buf *out)
{
    size_t head = strcspn(hint, "=:");
    if (strpbrk(word, " \t'\"`") != NULL) {
        buf_puts(out, REDACTED);
        return NEXT_ANY;
    }
    if (hint[head] == '\0') {
        bool is_option = strspn(word, "-abcdefghijklmnopqrstuvwxyz") == strlen(word);
        buf_puts(out, is_option ? word : REDACTED); /* it may be the secret itself */
        return word[0] == '-' ? NEXT_SECRET : NEXT_UNTIL_PIPE;
    }
    buf_printf(out, "%.*s", (int)(hint + head + 1 - word), word);
    if (hint[head + 1] == '\0')
        return NEXT_SECRET;
    buf_puts(out, REDACTED);
    return NEXT_ANY;
}

static enum next put_word(const char *word, struct buf *out)
{
    const char *scheme = strstr(word, "://"), *bare = word + strspn(word, "'\"`");
    size_t name = assigned_name(word);
    const char *hint = hint_in(word);
    if (scheme != NULL && strchr(scheme, '@') != NULL) {
        put_url(word, scheme, out);
        return NEXT_ANY;
    }
    if (strncmp(bare, "-p", 2) == 0 || strncmp(bare, "-a", 2) == 0) {
        buf_printf(out, "%.2s%s", bare, bare[2] != '\0' ? REDACTED : "");
        return bare[2] != '\0' ? NEXT_ANY : NEXT_SECRET;
    }
    if (hint != NULL)
        return put_hinted(word, hint, out);
    if (name > 0 && !is_harmless(word, name)) {
        buf_printf(out, "%.*s" REDACTED, (int)name + 1, word);
        return NEXT_ANY;
    }
    buf_puts(out, word);
    if (strcmp(word, "-u") == 0)
        return NEXT_USER;
    if (strcmp(word, "echo") == 0 || strcmp(word, "printf") == 0)
        return NEXT_UNTIL_PIPE;
    return strcmp(word, "<<<") == 0 ? NEXT_SECRET : NEXT_ANY;
}

static enum next put_next(const char *word, enum next next, struct buf *out)
{
    switch (next) {
    case NEXT_SECRET:
        if (word[0] == '-' && word[1] != '\0')
            return put_word(word, out);
        buf_puts(out, REDACTED);
        return NEXT_ANY;
    case NEXT_USER:
        if (strchr(word, ':') == NULL)
            return put_word(word, out);
        buf_printf(out, "%.*s:" REDACTED, (int)strcspn(word, ":"), word);
        return NEXT_ANY;
    case NEXT_UNTIL_PIPE:
        if (strspn(word, "|;&") == strlen(word)) {
            buf_puts(out, word);
            return NEXT_ANY;
        }
        buf_puts(out, REDACTED);
        return word[strlen(word) - 1] == ';' ? NEXT_ANY : NEXT_UNTIL_PIPE;
    case NEXT_ANY:
        break;
    }
    return put_word(word, out);
}

/* --- words ------------------------------------------------------------------------------------ */

/* Where the word that begins here ends: blanks between quotes belong to it. */
static size_t word_length(const char *text)
{
    size_t len = 0;
    char quote = '\0';
    for (; text[len] != '\0' && (quote != '\0' || !isspace((unsigned char)text[len])); len++) {
        if (quote != '\0')
            quote = text[len] == quote ? '\0' : quote;
        else if (text[len] == '\'' || text[len] == '"' || text[len] == '`')
            quote = text[len];
    }
    return len;
}

void redact_line(const char *text, struct buf *out)
{
    enum next next = NEXT_ANY;
    bool is_first = true;
    for (;;) {
        text += strspn(text, " \t\r\n");
        size_t len = word_length(text);
        if (len == 0)
            return;
        char *word = strndup(text, len);
        if (!is_first)
            buf_putc(out, ' ');
        if (word == NULL)
            buf_puts(out, REDACTED);
        else
            next = put_next(word, next, out);
        free(word);
        is_first = false;
        text += len;
    }
}
