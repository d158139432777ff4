/* SPDX-License-Identifier: MIT */
/* How a closed side is kept closed across a restart, as a person wrote it down. */
#include "playbook/service_fence.h"

#include <string.h>

#include "playbook/member.h"

static int read_hold(const struct conf_node *group, enum fence_hold *out, struct err *err)
{
    static const char *const names[] = {[FENCE_HOLD_LOCK] = "lock",
                                        [FENCE_HOLD_CONFIG] = "config",
                                        [FENCE_HOLD_FILE] = "file",
                                        [FENCE_HOLD_NONE] = "none"};
    char hold[16];
    if (conf_child(group, "hold") == NULL)
        return 0;
    int rc = member_text(group, "hold", hold, sizeof(hold), err);
    if (rc != 0)
        return rc;
    for (size_t i = FENCE_HOLD_LOCK; i < ARRAY_LEN(names); i++)
        if (strcmp(hold, names[i]) == 0) {
            *out = (enum fence_hold)i;
            return 0;
        }
    return conf_error(conf_child(group, "hold"), err,
                      "hold is \"%s\"; expected lock, config, file or none", hold);
}

static int read_names(const struct conf_node *group, const char *key, char ***out, size_t *count,
                      struct err *err)
{
    const struct conf_node *list = NULL;
    int rc = member_list(group, key, &list, err);
    if (rc != 0 || list == NULL)
        return rc;
    if (conf_count(list) == 0)
        return conf_error(list, err,
                          "%s is empty; leave it out, or name accounts: [ \"app@10.%%\" ]", key);
    return node_texts(list, key, out, count, err);
}

int service_fence_read(const struct conf_node *root, struct service_fence *out, struct err *err)
{
    static const char *const known[] = {"hold", "accounts", "except", NULL};
    const struct conf_node *group = NULL;
    if (conf_child(root, "fence") == NULL)
        return 0;
    int rc =
        member_group(root, "fence", "{ hold = \"lock\"; except = [ \"dba@%\" ]; }", &group, err);
    if (rc == 0)
        rc = conf_only(group, known, err);
    if (rc == 0)
        rc = read_hold(group, &out->hold, err);
    if (rc == 0)
        rc = read_names(group, "accounts", &out->accounts, &out->account_count, err);
    if (rc == 0)
        rc = read_names(group, "except", &out->except, &out->except_count, err);
    if (rc != 0)
        return rc;
    bool has_names = out->account_count > 0 || out->except_count > 0;
    if (has_names && out->hold != FENCE_HOLD_DEFAULT && out->hold != FENCE_HOLD_LOCK)
        return conf_error(group, err,
                          "accounts and except say whom hold = \"lock\" locks; this hold locks "
                          "nobody");
    return 0;
}
