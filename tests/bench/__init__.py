# SPDX-License-Identifier: MIT
"""Measurements that are too long for the tests: `make bench-verify`."""
