/* SPDX-License-Identifier: MIT */
/* What the journal keeps of a proof, as a newer, an older or a broken program may have left it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/proof_memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct journal *the_journal(void)
{
    static struct journal *journal;
    char folder[] = "/dev/shm/fuzz-memory-XXXXXX", path[64];

    if (journal)
        return journal;
    if (!mkdtemp(folder))
        abort();
    (void)snprintf(path, sizeof path, "%s/journal", folder);
    if (journal_open(path, &journal, NULL) || unlink(path))
        abort();
    return journal;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct journal *journal = the_journal();
    struct proof_memory memory = {0}, again = {0};
    struct err err = {0};
    char *text = strndup((const char *)data, size);

    if (!text || journal_memory_put(journal, "blog", "proof.old", text, NULL))
        abort();
    free(text);
    if (proof_memory_get(journal, "blog", SIDE_OLD, &memory, &err)) {
        if (err.code == ERR_NONE || err.effect != EFFECT_NONE || !err.msg[0])
            abort();
        return 0;
    }
    if (!memory.is_there)
        return 0;
    if (proof_memory_put(journal, "blog", &memory, NULL) ||
        proof_memory_get(journal, "blog", SIDE_OLD, &again, NULL) || !again.is_there ||
        again.rows_touched != memory.rows_touched || again.at_us != memory.at_us)
        abort();
    return 0;
}
