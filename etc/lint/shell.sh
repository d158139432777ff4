#!/bin/bash
# SPDX-License-Identifier: MIT
# Every script, and the completion that the program prints, as shellcheck likes them.
set -euo pipefail

find etc src tests .ci -type f -exec grep -lE '^#!/bin/(ba)?sh' {} + | sort | xargs shellcheck
"$BUILD/cutover" generate completion | shellcheck -
