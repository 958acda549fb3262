#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
#   completion.sh SOURCE PROGRAM     what bash offers behind some words
set -eu
program=$(cd "$(dirname "$2")" && pwd)/$(basename "$2")
cd "$1"
MUSTER_STATE=$(mktemp -d)
export MUSTER_STATE
trap 'rm -rf "$MUSTER_STATE"' EXIT
# shellcheck source=/dev/null
source dist/completion/muster.bash

failed=0
# offers "WORDS" WANT...: the last word is what has been typed of it.
offers() {
	local words=()

	mapfile -t words < <(printf '%s\n' "$1" | tr ' ' '\n')
	COMP_WORDS=("$program" "${words[@]}")
	COMP_CWORD=${#words[@]}
	COMPREPLY=()
	_muster
	for want in "${@:2}"; do
		case " ${COMPREPLY[*]} " in
		*" $want "*) ;;
		*)
			echo "muster $1: not offered: $want (${COMPREPLY[*]})"
			failed=1
			;;
		esac
	done
}

"$program" apply --quiet -f tests/dist/completion.yaml >/dev/null
offers 'r' run runs rules report
offers 'run --f' --full
offers 'run ' nightly
offers 'connection t' test
offers 'rules ' defender cmdb
exit $failed
