#!/bin/bash
# SPDX-License-Identifier: MIT
# Every Python file compiles; nothing is written outside the build folder.
set -euo pipefail

PYTHONPYCACHEPREFIX="$BUILD/pycache" "$PYTHON" -m compileall -q tests
