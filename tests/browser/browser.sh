#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The console in Chromium. Libraries are those of web/node_modules, where
# somebody works on it, else npm installs them into a folder of the build, once.
#
#   browser.sh FOLDER [MUSTER [WORD...]]
#
# MUSTER: the program, for the flows against a real server. The word "view"
# alone: no tests, but the figures of the first view. Exit status 77, skipped,
# without Chromium or npm; with CI=true both are failures.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
web=$here/../../web
mkdir -p "$1"
dir=$(cd "$1" && pwd)
shift
if [ $# -gt 0 ]; then
	MUSTER=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
	export MUSTER
	shift
fi

give_up() {
	echo "browser: $*"
	[ "${CI:-}" = true ] && exit 1
	exit 77
}

# Meson sets it to find mistakes in C; it makes Node.js and Chromium slow.
unset MALLOC_PERTURB_
CHROMIUM=${CHROMIUM:-$(command -v chromium || :)}
[ -n "$CHROMIUM" ] || give_up "chromium is not installed: tools/install-deps check"
command -v node >/dev/null 2>&1 ||
	give_up "node is not installed: tools/install-deps check"
modules=$web/node_modules
if [ ! -d "$modules/playwright-core" ] || [ ! -d "$modules/axe-core" ]; then
	modules=$dir/node_modules
fi
if [ ! -d "$modules/playwright-core" ]; then
	cp "$web/package.json" "$web/package-lock.json" "$dir/"
	npm ci --prefix "$dir" --ignore-scripts --no-audit --no-fund \
		--no-update-notifier --prefer-offline >"$dir/npm.log" 2>&1 || {
		tail -n 5 "$dir/npm.log"
		give_up "npm could not install what the tests need"
	}
fi
export CHROMIUM BROWSER_MODULES="$modules" BROWSER_PICTURES="$dir"
[ "$*" = view ] && exec node "$here/view.mjs"
exec node "$here/run.mjs" "$@"
