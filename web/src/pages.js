// SPDX-License-Identifier: Apache-2.0
//
// All pages: address, title, what one must be allowed to see it, its module.
// group: where it stands in the menu; without one it is reached from others.
/** @type {{path: string, title: string, need: string, group?: string,
 *	icon?: string, load: () => Promise<{default: Function}>}[]} */
export const pages = [
	{ path: '/', title: 'Overview', need: 'read', group: 'Watch', icon: 'overview',
		load: () => import('./pages/overview.js') },
	{ path: '/runs', title: 'Runs', need: 'read', group: 'Watch', icon: 'runs',
		load: () => import('./pages/runs.js') },
	{ path: '/runs/:id', title: 'Run', need: 'read', load: () => import('./pages/run.js') },
	{ path: '/tasks', title: 'Tasks', need: 'read', group: 'Watch', icon: 'tasks',
		load: () => import('./pages/tasks.js') },
	{ path: '/tasks/:id', title: 'Task', need: 'read', load: () => import('./pages/task.js') },
	{ path: '/approvals', title: 'Approvals', need: 'read', group: 'Watch', icon: 'approvals',
		load: () => import('./pages/approvals.js') },

	{ path: '/jobs', title: 'Jobs', need: 'read', group: 'Set up', icon: 'jobs',
		load: () => import('./pages/jobs.js') },
	{ path: '/jobs/:name', title: 'Job', need: 'read', load: () => import('./pages/job.js') },
	{ path: '/new-job', title: 'New job', need: 'configure',
		load: () => import('./pages/job-wizard.js') },
	{ path: '/jobs/:name/edit', title: 'Edit job', need: 'configure',
		load: () => import('./pages/job-wizard.js') },
	{ path: '/connections', title: 'Connections', need: 'read', group: 'Set up', icon: 'connections',
		also: ['/new-connection'], load: () => import('./pages/connections.js') },
	{ path: '/new-connection', title: 'New connection', need: 'configure',
		load: () => import('./pages/new-connection.js') },
	{ path: '/connections/:name', title: 'Connection', need: 'read',
		load: () => import('./pages/connection.js') },
	{ path: '/connections/:name/settings', title: 'Settings', need: 'read',
		load: () => import('./pages/settings.js') },

	{ path: '/account', title: 'Your account', need: '', load: () => import('./pages/account.js') },
];

/** In this order in the menu. */
export const GROUPS = ['Watch', 'Set up', 'Look into', 'Administer'];
