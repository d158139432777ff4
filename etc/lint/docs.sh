#!/bin/bash
# SPDX-License-Identifier: MIT
# The generated parts of docs/ are what the program prints now.
set -euo pipefail

etc/docs.sh --check "$BUILD/cutover"
