#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
#   node.sh SCRIPT ARGUMENTS...
#
# Exit status 77, skipped, without Node.js; with CI=true that is a failure.
set -eu
command -v node >/dev/null 2>&1 && exec node "$@"
echo "Node.js is not installed: tools/install-deps check"
[ "${CI:-}" = true ] && exit 1
exit 77
