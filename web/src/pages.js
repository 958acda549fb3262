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
	{ path: '/connections/:name/rules', title: 'Rules', need: 'read',
		load: () => import('./pages/rules.js') },
	{ path: '/connections/:name/mappings', title: 'Mappings', need: 'read',
		load: () => import('./pages/mappings.js') },
	{ path: '/forwarding', title: 'Forwarding', need: 'read', group: 'Set up', icon: 'forwarding',
		load: () => import('./pages/forwarding.js') },
	{ path: '/forwarding/:kind', title: 'Forwarding', need: 'read',
		load: () => import('./pages/forward-list.js') },
	{ path: '/forwarding/:kind/:name', title: 'Forwarding', need: 'read',
		load: () => import('./pages/forward-item.js') },
	{ path: '/new-forwarding/:kind', title: 'Forwarding', need: 'configure',
		load: () => import('./pages/forward-item.js') },

	{ path: '/explain', title: 'Explain', need: 'read', group: 'Look into', icon: 'explain',
		load: () => import('./pages/explain.js') },
	{ path: '/reports', title: 'Reports', need: 'read', group: 'Look into', icon: 'reports',
		load: () => import('./pages/reports.js') },
	{ path: '/reports/:name', title: 'Report', need: 'read',
		load: () => import('./pages/report.js') },
	{ path: '/recver', title: 'RecVer', need: 'read', group: 'Look into', icon: 'recver',
		load: () => import('./pages/recver.js') },

	{ path: '/audit', title: 'Audit', need: 'audit', group: 'Administer', icon: 'audit',
		load: () => import('./pages/audit.js') },
	{ path: '/users', title: 'Users and tokens', need: 'administer', group: 'Administer',
		icon: 'users', also: ['/tokens'], load: () => import('./pages/users.js') },
	{ path: '/tokens', title: 'Tokens', need: 'administer',
		load: () => import('./pages/tokens.js') },
	{ path: '/service', title: 'Service', need: 'administer', group: 'Administer', icon: 'settings',
		load: () => import('./pages/service.js') },

	{ path: '/account', title: 'Your account', need: '', load: () => import('./pages/account.js') },
];

/** In this order in the menu. */
export const GROUPS = ['Watch', 'Set up', 'Look into', 'Administer'];
