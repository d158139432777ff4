# SPDX-License-Identifier: MIT
"""What each supported server understands and answers, by flavour and version: the memory of the scripted servers.

versions    the servers, and what a text of a version means
statements  the forms of statements and the versions that have them
history     tables, columns, variables and functions, and the versions that came with them
recorded/   what real servers answered (written by record.py); everything else is held against it
"""
