#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# docs/api.md is what tools/api-doc makes of the API as it is.
#
#   doc.sh SERVER TOOL PAGE
set -eu

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$1" document >"$work/api.json"
python3 "$2" <"$work/api.json" >"$work/api.md"
if ! diff -u "$3" "$work/api.md" >"$work/diff"; then
	head -40 "$work/diff"
	echo "docs/api.md is not what the API is: make api-doc"
	exit 1
fi
