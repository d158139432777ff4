#!/bin/bash
# SPDX-License-Identifier: MIT
# Print a C file with the bytes of each file named on the command line and the table of them (ctl/www.h).
set -euo pipefail

echo '#include "ctl/www.h"'
index=0
for file; do
    printf '__asm__(".section .rodata\\n"\n'
    printf '        "www_%d: .incbin \\"%s\\"\\n"\n' "$index" "$(realpath "$file")"
    printf '        "www_%d_end: .byte 0\\n"\n        ".previous\\n");\n' "$index"
    printf 'extern const char www_%d[], www_%d_end[];\n' "$index" "$index"
    index=$((index + 1))
done
echo 'const struct www_file www_files[] = {'
index=0
for file; do
    printf '    {"%s", www_%d, www_%d_end},\n' "${file##*/}" "$index" "$index"
    index=$((index + 1))
done
echo '};'
printf 'const size_t www_file_count = %d;\n' "$index"
