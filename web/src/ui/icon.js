// SPDX-License-Identifier: Apache-2.0
//
// The few pictures: strokes on a grid of 16, in the colour of the text. They
// say nothing that the text beside them does not, so readers skip them.
import { h } from '../lib/html.js';

const SHAPES = {
	overview: 'M2.5 13.5v-4M6.2 13.5v-8M9.8 13.5v-6M13.5 13.5v-11',
	runs: 'M8 2.5a5.5 5.5 0 1 0 5.5 5.5M8 5v3l2 1.5M10.5 2.5h3v3',
	jobs: 'M3 4.5h2M3 8h2M3 11.5h2M7.5 4.5H13M7.5 8H13M7.5 11.5H13',
	tasks: 'M2.5 3.5h11v9h-11zM5 8l2 2 4-4',
	approvals: 'M8 2l5 2v4c0 3-2 5-5 6-3-1-5-3-5-6V4zM6 8l1.5 1.5L10.5 6.5',
	connections: 'M5.5 3.5v3M10.5 3.5v3M4 6.5h8v2a4 4 0 0 1-8 0zM8 12.5v1.5',
	settings: 'M2.5 5h6M11.5 5h2M2.5 11h2M7.5 11h6M10 3.5v3M6 9.5v3',
	rules: 'M3 3.5h4v4H3zM9 8.5h4v4H9zM7 5.5h4v3M5 7.5v3h4',
	explain: 'M7 2.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9zM10.3 10.300l3.2 3.2',
	reports: 'M3 2.5h7l3 3v8H3zM6 11V9M8 11V7M10 11V8.5',
	forwarding: 'M2.5 8h9M8.5 4.5L12 8l-3.5 3.5M13.5 3v10',
	recver: 'M3 4.5c0-2.6 10-2.6 10 0v7c0 2.6-10 2.6-10 0zM3 4.5c0 2.6 10 2.6 10 0M3 8c0 2.6 10 2.6 10 0',
	audit: 'M4 2.5h8v11H4zM6 5.5h4M6 8h4M6 10.5h2.5',
	users: 'M8 3a2.5 2.5 0 1 1 0 5 2.5 2.5 0 0 1 0-5zM3 13.5c.5-3 2.5-4 5-4s4.5 1 5 4',
	ok: 'M3.5 8.5l3 3 6-7',
	warning: 'M8 2.5l6 11H2zM8 6.5v3.5M8 11.800v.2',
	error: 'M5.5 2.5h5l3 3v5l-3 3h-5l-3-3v-5zM8 5v4M8 11v.2',
	info: 'M8 2.5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11zM8 7.5v3.5M8 5v.2',
	wait: 'M4.5 2.5h7M4.5 13.5h7M5 2.5c0 3 3 4 3 5.5s-3 2.5-3 5.5M11 2.5c0 3-3 4-3 5.5s3 2.5 3 5.5',
	pause: 'M5.5 3.5v9M10.5 3.5v9',
	play: 'M5 3l8 5-8 5z',
	stop: 'M4 4h8v8H4z',
	undo: 'M6 3L2.5 6.5 6 10M3 6.5h6a3.5 3.5 0 0 1 0 7H6',
	plus: 'M8 3v10M3 8h10',
	close: 'M4 4l8 8M12 4l-8 8',
	right: 'M6 3.5L10.5 8 6 12.5',
	left: 'M10 3.5L5.5 8 10 12.5',
	down: 'M3.5 6L8 10.5 12.5 6',
	arrow: 'M2.5 8h11M9.5 4l4 4-4 4',
	menu: 'M2.5 4.5h11M2.5 8h11M2.5 11.5h11',
	sun: 'M8 5.5a2.5 2.5 0 1 1 0 5 2.5 2.5 0 0 1 0-5zM8 1.5v1.5M8 13v1.5M1.5 8H3M13 8h1.5M3.4 3.400l1 1M11.6 11.600l1 1M12.6 3.400l-1 1M4.4 11.600l-1 1',
	moon: 'M13 9.5A5.5 5.5 0 0 1 6.5 3a5.5 5.5 0 1 0 6.5 6.5z',
	download: 'M8 2.5v8M4.5 7.5L8 11l3.5-3.5M3 13.5h10',
	edit: 'M3 13l.5-3L11 2.5 13.5 5 6 12.5z',
	trash: 'M3 4.5h10M6 4.5v-2h4v2M4.5 4.5l.5 9h6l.5-9',
	lock: 'M4 7.5h8v6H4zM5.5 7.5v-2a2.5 2.5 0 0 1 5 0v2',
	out: 'M6.5 2.5h-4v11h4M6 8h7.5M10.5 5l3 3-3 3',
	refresh: 'M13 8a5 5 0 1 1-1.5-3.5L13 6M13 2.5V6H9.5',
};

/** name: one of the above */
export function Icon({ name, size = 16 }) {
	return h('svg', {
		class: 'icon', width: size, height: size, viewBox: '0 0 16 16',
		fill: 'none', stroke: 'currentColor', 'stroke-width': 1.5,
		'stroke-linecap': 'round', 'stroke-linejoin': 'round',
		'aria-hidden': 'true', focusable: 'false',
	}, h('path', { d: SHAPES[name] || '' }));
}
