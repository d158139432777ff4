/* SPDX-License-Identifier: MIT */
/*
 * A known_hosts file of whatever bytes: read without a fault, and a key is only ever known when the
 * file has its base64.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "io/ssh_known.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const unsigned char key[] = {0, 0, 0, 11, 's', 's', 'h'}; /* AAAAC3NzaA== */
    CLEANUP(ssh_known_release) struct ssh_known known = {0};
    unsigned line = 0;

    if (ssh_known_parse(&known, (const char *)data, size, "db1.example", 22, NULL) != 0)
        return 0;
    enum ssh_known_verdict verdict = ssh_known_judge(&known, key, sizeof key, &line);
    if ((verdict == SSH_KNOWN_SAME || verdict == SSH_KNOWN_REVOKED) &&
        (line == 0 || !memmem(data, size, "AAAAC3NzaA", 10)))
        abort();
    (void)ssh_known_has(&known, "ssh-ed25519");
    return 0;
}
