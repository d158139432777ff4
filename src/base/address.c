/* SPDX-License-Identifier: MIT */
/* Addresses by the registries of special purposes (RFC 6890). */
#include "base/address.h"

#include <arpa/inet.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"

const char *address_reach_name(enum address_reach reach)
{
    static const char *const names[] = {[ADDRESS_UNKNOWN] = "an unknown address",
                                        [ADDRESS_LOCAL] = "this machine's own address",
                                        [ADDRESS_PRIVATE] = "a private address",
                                        [ADDRESS_PUBLIC] = "a public address"};
    return names[reach];
}

static enum address_reach reach_v4(const uint8_t bytes[4])
{
    static const struct {
        uint32_t network, mask;
        enum address_reach reach;
    } blocks[] = {
        {0x7F000000, 0xFF000000, ADDRESS_LOCAL},   /* 127.0.0.0/8 */
        {0x0A000000, 0xFF000000, ADDRESS_PRIVATE}, /* 10.0.0.0/8 */
        {0xAC100000, 0xFFF00000, ADDRESS_PRIVATE}, /* 172.16.0.0/12 */
        {0xC0A80000, 0xFFFF0000, ADDRESS_PRIVATE}, /* 192.168.0.0/16 */
        {0xA9FE0000, 0xFFFF0000, ADDRESS_PRIVATE}, /* 169.254.0.0/16 */
        {0x64400000, 0xFFC00000, ADDRESS_PRIVATE}, /* 100.64.0.0/10: behind a carrier's NAT */
    };
    uint32_t address =
        (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];

    for (size_t i = 0; i < ARRAY_LEN(blocks); i++)
        if ((address & blocks[i].mask) == blocks[i].network)
            return blocks[i].reach;
    return ADDRESS_PUBLIC;
}

static enum address_reach reach_v6(const struct in6_addr *address)
{
    if (IN6_IS_ADDR_LOOPBACK(address))
        return ADDRESS_LOCAL;
    if (IN6_IS_ADDR_V4MAPPED(address))
        return reach_v4(&address->s6_addr[12]);
    if (IN6_IS_ADDR_LINKLOCAL(address) || (address->s6_addr[0] & 0xFE) == 0xFC)
        return ADDRESS_PRIVATE;
    return ADDRESS_PUBLIC;
}

enum address_reach address_reach(const char *text)
{
    char number[INET6_ADDRSTRLEN];
    uint8_t v4[4];
    struct in6_addr v6;
    size_t len = strcspn(text, "%"); /* the interface of a link-local one */

    if (len == 0 || len >= sizeof number)
        return ADDRESS_UNKNOWN;
    (void)snprintf(number, sizeof number, "%.*s", (int)len, text);
    if (inet_pton(AF_INET, number, v4) == 1)
        return reach_v4(v4);
    return inet_pton(AF_INET6, number, &v6) == 1 ? reach_v6(&v6) : ADDRESS_UNKNOWN;
}
