// SPDX-License-Identifier: Apache-2.0
//
// The functions of mapping expressions, in short; muster-mappings(7) says all.
export const FUNCTIONS = [
	['Sources', [
		['field(name)', 'a field of the source record that muster does not read by itself'],
		['column(name)', 'what the rules make of a column'],
	]],
	['Texts', [
		['lower(text)', ''], ['upper(text)', ''], ['trim(text)', ''],
		['length(text)', 'in characters'],
		['substr(text, start, length)', 'the first is 1; a negative start counts from the end'],
		['concat(text, text, …)', 'no value if one of them has none'],
		['replace(text, what, with)', 'all places'],
	]],
	['Choices', [
		['coalesce(value, …)', 'the first that has a value'],
		['default(value, otherwise)', ''],
		['if(condition, then, otherwise)', ''],
		['lookup(table, key, otherwise)', 'a table below lookup, "key=value"'],
	]],
	['Conditions', [
		['and(…)', ''], ['or(…)', ''], ['not(condition)', ''],
		['has(value)', 'there is one'],
		['eq(a, b)', 'also ne, lt, le, gt, ge'],
		['starts(text, start)', ''], ['ends(text, end)', ''],
		['contains(list or text, what)', ''],
	]],
	['Numbers and times', [
		['number(value, decimals)', ''], ['add(a, b)', 'also sub, mul, div'],
		['date(time, format)', "as in '%F %T', in UTC"],
	]],
	['Lists', [
		['join(between, list, …)', ''], ['split(text, separator)', ''],
		['nth(list, number)', '1 is the first, -1 the last'], ['count(list)', ''],
	]],
	['Patterns', [
		['capture(text, pattern, group)', 'what the group matched'],
		['matches(text, pattern)', 'a condition'],
	]],
];

export const EXAMPLE = `mappings:
  devices.u_site:
    value: lookup(sites, capture(computerDnsName, '^([A-Z]{3})-', 1))
    when: always              # or insert, update
  devices.short_description:
    insert: "'found by Defender'"
  devices.os_version:
    drop: yes
lookup:
  sites: ["AMS=Amsterdam", "BER=Berlin"]
`;
