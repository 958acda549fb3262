#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Others judge our T-SQL: sqlglot, whose grammar knows SQL Server's, parses the
# scripts for a DBA and every statement that the program sends. It is installed
# with pip, once, into a folder of the build.
#
#   tsql.sh FOLDER CONTRACT-PROGRAM SETUP-PROGRAM MUSTER SCRIPT...
#
# Exit status 77, skipped, without Python's venv or without a way to its
# registry; with CI=true both are failures.
set -eu

version=30.30.0

give_up() {
	echo "tsql: $*"
	[ "${CI:-}" = true ] && exit 1
	exit 77
}

here=$(cd "$(dirname "$0")" && pwd)
dir=$1 program=$2 setup=$3 muster=$4
shift 4
if [ ! -e "$dir/sqlglot-$version" ]; then
	python3 -m venv "$dir" >/dev/null 2>&1 ||
		give_up "no venv of Python 3: tools/install-deps check"
	"$dir/bin/pip" install -q "sqlglot==$version" >"$dir/pip.log" 2>&1 ||
		give_up "sqlglot cannot be installed: see $dir/pip.log"
	: >"$dir/sqlglot-$version"
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$program" statements >"$work/statements.sql"
"$setup" statements >"$work/setup.sql"
"$muster" recver script --type sqlserver --for ssms --database "it's [one]" \
	--login "DOM\\o'neil ]x" >"$work/ssms.sql"
"$dir/bin/python3" "$here/tsql.py" "$work/statements.sql" "$work/setup.sql" \
	"$work/ssms.sql" "$@"
