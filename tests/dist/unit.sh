#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
#   unit.sh SOURCE     systemd understands every line of the unit, and finds
#                      nothing left open that the service does not need
set -eu
command -v systemd-analyze >/dev/null 2>&1 || {
	echo "skipped: no systemd-analyze here"
	exit 77
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Without what only an installed package has: the program, the manual pages.
sed -e 's,^ExecStart=/usr/bin/muster ,ExecStart=/bin/true ,' \
	-e '/^Documentation=/d' "$1/dist/muster.service" >"$work/muster.service"
systemd-analyze verify --man=no "$work/muster.service" >"$work/said" 2>&1 || true
# What it says of this machine is none of the unit's.
if grep -F muster.service "$work/said"; then
	exit 1
fi
if systemd-analyze security --help | grep -q -- --offline; then
	systemd-analyze security --offline=true --threshold=20 \
		"$work/muster.service" >"$work/open" || {
		grep '✗' "$work/open"
		exit 1
	}
fi
