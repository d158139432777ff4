# SPDX-License-Identifier: MIT
"""A lab of real servers on loopback: two MariaDB clusters, DNS, a stand-in for Cloudflare, a site and its users."""
