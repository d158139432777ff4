#!/bin/bash
# SPDX-License-Identifier: MIT
# Every header compiles alone: it includes what it needs.
set -euo pipefail

read -r -a flags <<<"${LINT_CFLAGS:?run it by make lint}"
find include -name '*.h' | sort |
    xargs -P "$(nproc)" -I {} "$CC" "${flags[@]}" -Werror -Wno-unused-function -x c -fsyntax-only {}
