#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The running API against its own description: who may do what (roles.py), and
# how it answers (fuzz.py), judged by jsonschema, which is installed with pip,
# once, into a folder of the build.
#
#   openapi.sh FOLDER SERVER EXAMPLES SEED METRICS-PAGE
#
# Exit status 77, skipped, without Python's venv or without a way to its
# registry; with CI=true both are failures.
set -eu

version=4.26.0

give_up() {
	echo "openapi: $*"
	[ "${CI:-}" = true ] && exit 1
	exit 77
}

here=$(cd "$(dirname "$0")" && pwd)
dir=$1 server=$2 examples=$3 seed=$4 page=$5
if [ ! -e "$dir/jsonschema-$version" ]; then
	python3 -m venv "$dir" >/dev/null 2>&1 ||
		give_up "no venv of Python 3: tools/install-deps check"
	"$dir/bin/pip" install -q "jsonschema==$version" >"$dir/pip.log" 2>&1 ||
		give_up "jsonschema cannot be installed: see $dir/pip.log"
	: >"$dir/jsonschema-$version"
fi
work=$(mktemp -d)
trap 'exec 3>&-; rm -rf "$work"' EXIT
status=0

# A server of its own for each: what one of them leaves, wrong sign-ins of this
# address among it, is not the other's.
begin() {
	mkfifo "$work/$1.in" "$work/$1.out"
	FAKE=fake "$server" "$work/$1" ${2:+"$2"} <"$work/$1.in" >"$work/$1.out" \
		2>"$work/$1.log" &
	exec 3>"$work/$1.in"
	read -r address tokens <"$work/$1.out" || cat "$work/$1.log"
}

end() {
	exec 3>&-
	wait $! || { echo "the server ended with $?"; status=1; }
	if grep -v '^[^ ]* info' "$work/$1.log" | grep -q 'rror: request'; then
		cat "$work/$1.log"
		status=1
	fi
}

begin fuzz
token=${tokens%% *}
"$dir/bin/python3" -B "$here/fuzz.py" "$address" "${token#*=}" "$examples" \
	"$seed" "$page" || status=$?
end fuzz
begin roles second
# shellcheck disable=SC2086  # one word for each who asks
"$dir/bin/python3" -B "$here/roles.py" "$address" "$work/roles/state.db" 2 \
	"$seed" $tokens || status=$?
end roles
exit $status
