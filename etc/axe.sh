#!/bin/bash
# SPDX-License-Identifier: MIT
# Fetch axe-core, which judges the accessibility of the dashboard in tests/browser:
#
#   etc/axe.sh FOLDER       FOLDER/axe-core/axe-VERSION.min.js
#
# It is no Debian package, so one version of npm's is named here, with the digest of its archive. Nothing is installed.
# Exit: 0 it is there, 1 what came is something else, 2 usage, 69 the registry cannot be reached: skip what needs it.
set -euo pipefail

readonly version=4.14.1
readonly digest=e6b0ce02b84d892e2e33e403485e7f3d6c29e2be6df65daf44d89ba564139745
readonly url=https://registry.npmjs.org/axe-core/-/axe-core-$version.tgz

if [[ $# -ne 1 ]]; then
    echo "usage: etc/axe.sh FOLDER" >&2
    exit 2
fi
folder=$1/axe-core
if [[ -e $folder/axe-$version.min.js ]]; then
    exit 0
fi
mkdir -p "$folder"
work=$(mktemp -d "$folder/fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT
if ! curl --fail --silent --show-error --location --max-time 120 --output "$work/axe.tgz" "$url"; then
    echo "axe: $url cannot be reached; the accessibility of the page will not be judged" >&2
    exit 69
fi
if ! sha256sum --quiet --check <<<"$digest  $work/axe.tgz"; then
    echo "axe: what came from $url is not axe-core $version" >&2
    exit 1
fi
tar -xzf "$work/axe.tgz" -C "$work" package/axe.min.js
mv "$work/package/axe.min.js" "$folder/axe-$version.min.js"
