/* SPDX-License-Identifier: MIT */
/*
 * base/address.h - may others be on the way to an address?
 * Threads: pure.
 */
#ifndef CUTOVER_BASE_ADDRESS_H
#define CUTOVER_BASE_ADDRESS_H

enum address_reach {
    ADDRESS_UNKNOWN, /* it is a name, or nothing */
    ADDRESS_LOCAL,   /* of the machine itself: 127.0.0.0/8, ::1 */
    ADDRESS_PRIVATE, /* of a network of somebody's own: RFC 1918, 3927, 4193, 4291 (link-local),
                        6598 */
    ADDRESS_PUBLIC,  /* all others */
};

/* Of "10.1.2.3", "fd00::1", "fe80::1%eth0", "::ffff:10.1.2.3". */
enum address_reach address_reach(const char *text);
const char *address_reach_name(enum address_reach reach); /* "a public address", ... */

#endif
