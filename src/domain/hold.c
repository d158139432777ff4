/* SPDX-License-Identifier: MIT */
/* Who is locked out of a closed side, and why the others are not. */
#include "domain/hold.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum hold_way hold_way(const struct service *service, const struct server_version *version)
{
    bool can_persist = version_persists(version);

    switch (service->fence.hold) {
    case FENCE_HOLD_LOCK:
        return HOLD_LOCK;
    case FENCE_HOLD_CONFIG:
        return HOLD_CONFIG;
    case FENCE_HOLD_NONE:
        return HOLD_NONE;
    case FENCE_HOLD_FILE:
        return can_persist ? HOLD_PERSISTED : HOLD_FILE;
    case FENCE_HOLD_DEFAULT:
        break;
    }
    return can_persist ? HOLD_PERSISTED : HOLD_LOCK;
}

const char *hold_way_name(enum hold_way way)
{
    switch (way) {
    case HOLD_PERSISTED:
        return "persisted";
    case HOLD_LOCK:
        return "lock";
    case HOLD_CONFIG:
        return "config";
    case HOLD_FILE:
        return "file";
    case HOLD_NONE:
        return "none";
    }
    return "none";
}

/* "app" is every account of that name, "app@10.%" is one. A user name may hold an @. */
static bool names_account(const char *text, const struct hold_account *account)
{
    size_t len = strlen(account->user);
    if (strcmp(text, account->user) == 0)
        return true;
    return strncmp(text, account->user, len) == 0 && text[len] == '@' &&
           strcasecmp(text + len + 1, account->host) == 0;
}

static bool is_named(char *const *texts, size_t count, const struct hold_account *account)
{
    for (size_t i = 0; i < count; i++)
        if (names_account(texts[i], account))
            return true;
    return false;
}

static bool is_way_in(const struct hold_account *accounts, size_t count, size_t index)
{
    const struct hold_account *account = &accounts[index];
    if (!account->is_admin || !account->is_local)
        return false;
    if (account->is_socket)
        return true;
    for (size_t i = 0; i < count; i++)
        if (accounts[i].is_admin && accounts[i].is_local && accounts[i].is_socket &&
            !accounts[i].is_locked)
            return false; /* that one is */
    return true;
}

enum hold_choice hold_choose(const struct service *service, const struct hold_account *accounts,
                             size_t count, size_t index)
{
    const struct service_fence *fence = &service->fence;
    const struct hold_account *account = &accounts[index];
    if (account->is_locked)
        return HOLD_LEAVES_LOCKED;
    if (is_named(fence->except, fence->except_count, account))
        return HOLD_LEAVES_EXCEPTED;
    if (is_named(fence->accounts, fence->account_count, account))
        return HOLD_LOCKS;
    if (account->writes[0] == '\0')
        return HOLD_LEAVES_HARMLESS;
    if (is_way_in(accounts, count, index))
        return HOLD_LEAVES_ADMIN;
    return fence->account_count > 0 ? HOLD_LEAVES_UNLISTED : HOLD_LOCKS;
}

bool hold_is_contradicted(const char *origin, bool is_on)
{
    if (is_on)
        return false;
    return strcmp(origin, "COMPILE-TIME") == 0 || strcmp(origin, "CONFIG") == 0;
}

/* Servers take - for _ in a name. Returns what stands behind the name, or NULL. */
static const char *after_name(const char *text, size_t len, const char *name)
{
    for (; *name != '\0'; name++, text++, len--)
        if (len == 0 || (*text == '_' ? '-' : *text) != *name)
            return NULL;
    return text;
}

bool hold_options_close(const char *options)
{
    bool is_closed = false;

    for (const char *line = options; *line != '\0';) {
        size_t len = strcspn(line, "\n");
        const char *value = after_name(line, len, "--read-only");
        if (value == line + len)
            is_closed = true;
        else if (value != NULL && *value == '=')
            is_closed = strncasecmp(value, "=1", 2) == 0 || strncasecmp(value, "=ON", 3) == 0 ||
                        strncasecmp(value, "=TRUE", 5) == 0;
        else if (after_name(line, len, "--skip-read-only") == line + len ||
                 after_name(line, len, "--disable-read-only") == line + len)
            is_closed = false;
        line += len + (line[len] == '\n');
    }
    return is_closed;
}

unsigned hold_option_number(const char *options, const char *name, unsigned fallback)
{
    unsigned number = fallback;

    for (const char *line = options; *line != '\0';) {
        size_t len = strcspn(line, "\n");
        const char *value = after_name(line, len, name);
        if (value != NULL && *value == '=')
            number = (unsigned)strtoul(value + 1, NULL, 10);
        line += len + (line[len] == '\n');
    }
    return number;
}
