#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
#   deb.sh SOURCE BUILD     the package of a build has what it should, owned by
#                           root, and its program runs
set -eu
for tool in dpkg-deb dpkg-shlibdeps; do
	command -v $tool >/dev/null 2>&1 || {
		echo "skipped: no $tool here"
		exit 77
	}
done
cd "$1"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# A program without its console is no package unless that is meant.
without=
if ! "$2/src/cli/muster" version | grep -q 'console: built in'; then
	without=--without-console
	if tools/deb "$2" 2>"$work/refused"; then
		echo "a program without its console was packed"
		exit 1
	fi
	grep -q -- '--without-console' "$work/refused"
fi
file=$(tools/deb "$2" $without)

dpkg-deb -c "$file" >"$work/list"
for want in ./usr/bin/muster ./usr/bin/muster-sim \
	./lib/systemd/system/muster.service ./usr/lib/sysusers.d/muster.conf \
	./usr/share/man/man1/muster.1.gz ./usr/share/muster/muster-cve.xml \
	./usr/share/bash-completion/completions/muster \
	./etc/muster/service.env ./usr/share/doc/muster/copyright \
	./usr/share/doc/muster/docs/administration.md; do
	grep -q " $want\$" "$work/list" || {
		echo "the package has no $want"
		exit 1
	}
done
if grep -v ' root/root ' "$work/list"; then
	echo "the above is not root's"
	exit 1
fi
dpkg-deb -f "$file" Depends | grep -q libsqlite3-0 || {
	echo "it does not say what the program needs"
	exit 1
}
dpkg-deb -x "$file" "$work/root"
version=$(dpkg-deb -f "$file" Version)
"$work/root/usr/bin/muster" version | grep -q "^muster $version " || {
	echo "its program does not run"
	exit 1
}
# The same build gives the same bytes.
sha256sum "$file" >"$work/sum"
tools/deb "$2" $without >/dev/null
sha256sum -c --quiet "$work/sum"
rm -f "$file"
