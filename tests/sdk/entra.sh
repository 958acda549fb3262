#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Others judge our end of Entra ID's protocol: a library for JWTs checks
# muster's assertions, MSAL for Node logs in at the simulator. Both are
# installed with npm, once, into a folder of the build.
#
#   entra.sh FOLDER ASSERTIONS-PROGRAM MUSTER-SIM
#
# Exit status 77, skipped, without npm or without a way to its registry; with
# CI=true both are failures.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
dir=$(cd "$1" && pwd)
# shellcheck disable=SC2034 # for npm.sh
name=entra node_major=20 node_minor=0
# shellcheck source=tests/sdk/npm.sh
. "$here/npm.sh"

need @azure/msal-node@7.2.1 jose@6.2.17
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
audience=https://login.microsoftonline.com/a/oauth2/v2.0/token
client=00000000-0000-4000-8000-00000000000b
"$2" "$work" "$audience" "$client" >"$work/assertions.json"
"$run" "$here/assertion.js" "$dir/node_modules" "$work" \
	"$work/assertions.json" "$audience" "$client"
"$run" "$here/msal.js" "$dir/node_modules" "$3" "$work"
