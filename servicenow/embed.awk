# SPDX-License-Identifier: Apache-2.0
#
# A text file as C string literals, one a line.
{
	gsub(/\\/, "&&")
	gsub(/"/, "\\\"")
	gsub(/\t/, "\\t")
	print "\"" $0 "\\n\""
}
