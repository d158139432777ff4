/* SPDX-License-Identifier: MIT */
/*
 * Members of a group as a person writes them. Every refusal names the key, the line and what was
 * expected there, because the reader of that message has an editor open and little time.
 */
#include "playbook/member.h"

#include <ctype.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

/* Control characters would reach logs and terminals unseen. */
static bool has_control_character(const char *text)
{
    for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++) {
        if (iscntrl(*c)) {
            return true;
        }
    }
    return false;
}

static int check_text(const struct conf_node *node, const char *what, const char *text,
                      struct err *err)
{
    if (text == NULL) {
        return conf_error(node, err, "%s must be a string, not %s", what,
                          conf_kind_name(conf_kind(node)));
    }
    if (text[0] == '\0') {
        return conf_error(node, err, "%s is empty", what);
    }
    if (has_control_character(text)) {
        return conf_error(node, err, "%s holds a control character", what);
    }
    return 0;
}

int node_text(const struct conf_node *node, const char *what, char *out, size_t out_size,
              struct err *err)
{
    const char *text = conf_as_text(node);
    int rc = check_text(node, what, text, err);
    if (rc != 0) {
        return rc;
    }
    size_t len = strlen(text);
    if (len >= out_size) {
        return conf_error(node, err, "%s is %zu bytes long; at most %zu fit", what, len,
                          out_size - 1);
    }
    memcpy(out, text, len + 1);
    return 0;
}

int member_text(const struct conf_node *group, const char *key, char *out, size_t out_size,
                struct err *err)
{
    const char *text = NULL;
    int rc = conf_text(group, key, &text, err);
    if (rc != 0) {
        return rc;
    }
    return node_text(conf_child(group, key), key, out, out_size, err);
}

int member_group(const struct conf_node *group, const char *key, const char *expected,
                 const struct conf_node **out, struct err *err)
{
    const struct conf_node *node = conf_child(group, key);
    if (node == NULL) {
        return conf_error(group, err, "%s is missing; expected %s", key, expected);
    }
    if (conf_kind(node) != CONF_GROUP) {
        return conf_error(node, err, "%s must be a group, not %s; expected %s", key,
                          conf_kind_name(conf_kind(node)), expected);
    }
    *out = node;
    return 0;
}

int member_list(const struct conf_node *group, const char *key, const struct conf_node **out,
                struct err *err)
{
    const struct conf_node *node = conf_child(group, key);
    if (node != NULL && conf_kind(node) != CONF_LIST && conf_kind(node) != CONF_ARRAY) {
        return conf_error(node, err, "%s must be a list, not %s", key,
                          conf_kind_name(conf_kind(node)));
    }
    *out = node;
    return 0;
}

int member_duration(const struct conf_node *group, const char *key, int64_t *out, struct err *err)
{
    const struct conf_node *node = conf_child(group, key);
    if (node == NULL) {
        return 0;
    }
    const char *text = conf_as_text(node);
    if (text == NULL) {
        return conf_error(node, err,
                          "%s must be a duration in quotes, such as \"500ms\" or \"10s\"", key);
    }
    int64_t duration_ms = 0;
    if (clock_parse_ms(text, &duration_ms, err) != 0) {
        err_wrap(err, "%s", key);
        return node_blame(node, err);
    }
    if (duration_ms <= 0) {
        return conf_error(node, err, "%s must be longer than nothing", key);
    }
    *out = duration_ms;
    return 0;
}

/* Each string once: a name written twice is a slip of the hand that hides the name that was meant.
 */
static int refuse_repeated(const struct conf_node *list, const char *what, size_t index,
                           struct err *err)
{
    const char *text = conf_as_text(conf_at(list, index));
    for (size_t i = 0; i < index; i++) {
        if (strcmp(conf_as_text(conf_at(list, i)), text) == 0) {
            return conf_error(conf_at(list, index), err, "%s names \"%s\" twice", what, text);
        }
    }
    return 0;
}

struct texts {
    char **items;
    size_t count;
};

static void texts_release(struct texts *texts)
{
    texts_free(texts->items, texts->count);
}

int node_texts(const struct conf_node *list, const char *what, char ***out, size_t *out_count,
               struct err *err)
{
    size_t count = conf_count(list);
    CLEANUP(texts_release) struct texts texts = {0};
    texts.items = calloc(count + 1, sizeof(*texts.items));
    if (texts.items == NULL) {
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory reading %s", what);
    }
    for (size_t i = 0; i < count; i++) {
        const struct conf_node *node = conf_at(list, i);
        const char *text = conf_as_text(node);
        int rc = check_text(node, what, text, err);
        rc = rc != 0 ? rc : refuse_repeated(list, what, i, err);
        if (rc != 0) {
            return rc;
        }
        texts.items[i] = strdup(text);
        if (texts.items[i] == NULL) {
            return err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory reading %s", what);
        }
        texts.count++;
    }
    *out = texts.items;
    *out_count = texts.count;
    texts = (struct texts){0};
    return 0;
}

void texts_free(char **texts, size_t count)
{
    for (size_t i = 0; texts != NULL && i < count; i++) {
        free(texts[i]);
    }
    free(texts);
}

int member_words(const struct conf_node *group, const char *key, char ***out, size_t *out_count,
                 struct err *err)
{
    CLEANUP(texts_release) struct texts texts = {0};
    const struct conf_node *list = NULL;
    int rc = member_list(group, key, &list, err);
    if (rc != 0 || list == NULL)
        return rc;
    if (conf_count(list) == 0)
        return conf_error(list, err,
                          "%s is empty; it is written [ \"systemctl\", \"%s\", \"mariadb\" ]", key,
                          key);
    texts.items = calloc(conf_count(list), sizeof(*texts.items));
    if (texts.items == NULL)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for the configuration");
    for (size_t i = 0; i < conf_count(list); i++) {
        char word[PATH_MAX];
        rc = node_text(conf_at(list, i), key, word, sizeof(word), err);
        if (rc != 0)
            return rc;
        texts.items[i] = strdup(word);
        if (texts.items[i] == NULL)
            return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for the configuration");
        texts.count++;
    }
    texts_free(*out, *out_count);
    *out = texts.items;
    *out_count = texts.count;
    texts = (struct texts){0};
    return 0;
}

int member_secret(const struct conf_node *group, const char *key, const char *folder,
                  struct secret *out, struct err *err)
{
    const char *reference = NULL;
    int rc = conf_text(group, key, &reference, err);
    if (rc != 0) {
        return rc;
    }
    const struct conf_node *node = conf_child(group, key);
    if (strncmp(reference, "file:", 5) != 0 && strncmp(reference, "env:", 4) != 0) {
        conf_error(node, err,
                   "%s must be a reference, \"file:PATH\" or \"env:NAME\", never the secret itself",
                   key);
        return err_hint(err,
                        "Put the secret into a file of mode 0600 and name that file here. What "
                        "was written in this place should be considered known: change it.");
    }
    if (secret_load(out, reference, folder, err) != 0) {
        err_wrap(err, "%s", key);
        return node_blame(node, err);
    }
    return 0;
}

int node_blame(const struct conf_node *node, struct err *err)
{
    return err_where(err, "%s:%u", conf_file(node), conf_line(node));
}
