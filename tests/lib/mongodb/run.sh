#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Runs a test program with a server of MongoDB's protocol:
#
#   run.sh FOLDER PROGRAM ARGUMENTS...
#
# MUSTER_TEST_MONGODB is its address, mongodb://host:port/. When it is set
# already, that server is used; it should be one for tests. Else an independent
# one in Java is installed with Maven, once, into a folder of the build, and
# started. Exit status 77, skipped, without Java or Maven, or without a way to
# Maven's repository; with CI=true these are failures.
set -eu

plugin=org.apache.maven.plugins:maven-dependency-plugin:3.6.1
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
dir=$(cd "$1" && pwd)
shift

[ -n "${MUSTER_TEST_MONGODB:-}" ] && exec "$@"

give_up() {
	echo "mongodb: $*; or set MUSTER_TEST_MONGODB to the address of a server for tests"
	[ "${CI:-}" = true ] && exit 1
	exit 77
}

install() {
	rm -rf "${dir:?}/lib"
	mvn -q -B -f "$here/pom.xml" -Dmaven.repo.local="$dir/repo" \
		"$plugin:copy-dependencies" -DoutputDirectory="$dir/lib" \
		>"$dir/mvn.log" 2>&1 &&
		javac -cp "$dir/lib/*" -d "$dir/lib" "$here/Server.java" \
			>"$dir/javac.log" 2>&1
}

# Meson sets it to find mistakes in C.
unset MALLOC_PERTURB_
for p in java javac mvn; do
	command -v "$p" >/dev/null 2>&1 ||
		give_up "$p is not installed: tools/install-deps check"
done

# Tests run side by side: one installs, the others wait.
exec 9>"$dir/lock"
flock 9
if ! cmp -s "$here/pom.xml" "$dir/installed"; then
	install || install || {
		tail -n 5 "$dir/mvn.log"
		give_up "Maven could not install the server"
	}
	rm -rf "$dir/repo"
	cp "$here/pom.xml" "$dir/installed"
fi
flock -u 9

# The server ends when this shell, which holds the pipe, does.
work=$(mktemp -d "$dir/run.XXXXXX")
mkfifo "$work/in" "$work/out"
java -cp "$dir/lib:$dir/lib/*" Server <"$work/in" >"$work/out" 2>"$work/log" 9>&- &
server=$!
exec 8>"$work/in"
# Its end is the pipe's end, too.
read -r MUSTER_TEST_MONGODB <"$work/out" || {
	tail -n 5 "$work/log"
	give_up "the server does not start"
}
export MUSTER_TEST_MONGODB
status=0
"$@" 8>&- 9>&- || status=$?
exec 8>&-
wait "$server" || :
rm -rf "$work"
exit "$status"
