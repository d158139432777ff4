/* SPDX-License-Identifier: MIT */
/* Who is locked out of a closed side, and why the others are not. */
#include "domain/hold.h"

#include <string.h>

enum hold_way hold_way(const struct service *service, const struct server_version *version)
{
    switch (service->fence.hold) {
    case FENCE_HOLD_LOCK:
        return HOLD_LOCK;
    case FENCE_HOLD_CONFIG:
        return HOLD_CONFIG;
    case FENCE_HOLD_NONE:
        return HOLD_NONE;
    case FENCE_HOLD_DEFAULT:
        break;
    }
    return version->flavour == FLAVOUR_MYSQL && version->major >= 8 ? HOLD_PERSISTED : HOLD_LOCK;
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
