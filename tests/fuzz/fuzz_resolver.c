/* SPDX-License-Identifier: MIT */
/*
 * The answer of a DNS server, as it came off the wire: the first byte chooses the type that was
 * asked for. The message stands alone in its memory, so that one byte beyond it is noticed.
 */
#include <stdlib.h>
#include <string.h>

#include "io/resolver.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_ended(const char *text, size_t room)
{
    return memchr(text, '\0', room) != NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const types[] = {"A", "AAAA", "CNAME", "TXT"};
    struct resolver_answer answer = {0};

    if (size < 1)
        return 0;
    size_t len = size - 1;
    unsigned char *message = malloc(len ? len : 1);
    if (!message)
        return 0;
    memcpy(message, data + 1, len);
    if (resolver_read_answer(message, len, "ghost.org", types[data[0] % ARRAY_LEN(types)],
                             &answer)) {
        if (answer.count > RESOLVER_ANSWER_CAP || !is_ended(answer.cname, sizeof answer.cname))
            abort();
        for (size_t i = 0; i < answer.count; i++)
            if (!is_ended(answer.item[i].content, sizeof answer.item[i].content))
                abort();
    }
    free(message);
    return 0;
}
