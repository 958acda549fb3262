#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What the official SDK reads out of the update sets' payloads is the
# definition. Installs the SDK with npm, once, into a folder of the build.
#
#   sdk.sh FOLDER DEFINITION-PROGRAM SET.xml...
#
# Exit status 77, skipped, without npm or without a way to its registry; with
# CI=true both are failures.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
dir=$(cd "$1" && pwd)
definition=$2
shift 2
# shellcheck disable=SC2034 # for npm.sh
name=sdk node_major=20 node_minor=18
# shellcheck source=tests/sdk/npm.sh
. "$here/npm.sh"

need @servicenow/sdk@4.9.0
"$definition" >"$dir/definition.json"
exec "$run" "$here/readback.js" "$dir/work" \
	"$dir/node_modules/@servicenow/sdk/bin/index.js" \
	"$dir/definition.json" "$@"
