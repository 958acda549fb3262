// SPDX-License-Identifier: Apache-2.0
//
// Every page of the console, and what must be there: with data, without any,
// when the server does not answer, and for whom. look.test.mjs goes through it.

const ALL = ['viewer', 'operator', 'administrator', 'auditor'];
const ADMIN = ['administrator'];
const OPERATE = ['operator', 'administrator'];

/**
 * By group: {address: {title, text: what there must be, needs: what of the API
 * its error is of, empty: what stands there without data, who: may see it,
 * offers: {button: who is offered it}}}
 */
export const GROUPS = {
	watch: {
		'/': { title: 'Overview', text: 'Open CVEs', needs: '/overview', empty: 'Nothing is set up yet' },
		'/runs': { title: 'Runs', text: '1,170', needs: '/runs', empty: 'No run yet' },
		'/runs/4713': { title: 'Run 4713', text: 'Time left', needs: '/runs/4713', offers: { 'Cancel …': OPERATE } },
		'/runs/4712': { title: 'Run 4712', text: 'What it changed', needs: '/runs/4712', offers: { 'Undo: preview …': OPERATE } },
		'/runs/4709': { title: 'Run 4709', text: 'The guard holds this run back', needs: '/runs/4709', offers: { 'Approve …': OPERATE } },
		'/runs/4692?tab=items': { title: 'Run 4692', text: 'Validate serial number', needs: '/runs/4692/items',
			offers: { 'Try the refused again now': OPERATE } },
		'/runs/4692?tab=proof': { title: 'Run 4692', text: 'page 3 came short', needs: '/runs/4692' },
		'/tasks': { title: 'Tasks', text: 'done, changes', needs: '/tasks', empty: 'Nothing was asked for yet' },
		'/approvals': { title: 'Approvals', text: 'run job main (PROD)', needs: '/approvals', empty: 'Nothing waits for approval' },
	},
	tasks: {
		'/tasks/811': { title: 'Plan of main', text: '6 held by the guard', needs: '/tasks/811/changes',
			offers: { 'Approve and write …': OPERATE } },
		'/tasks/811?tab=output': { title: 'Plan of main', text: '"status": "ok"', needs: '/tasks/811/output' },
		'/tasks/811?tab=log': { title: 'Plan of main', text: '3 records were refused', needs: '/tasks/811/log' },
		'/tasks/810': { title: 'Test of defender', text: 'expires in 12 days', needs: '/tasks/810' },
		'/tasks/809': { title: 'Undo of main', text: 'somebody changed os_version since', needs: '/tasks/809/undo',
			offers: { 'Undo 3 records …': OPERATE } },
		'/tasks/806': { title: 'Run of main', text: 'killed by signal 9', needs: '/tasks/806' },
		'/jobs': { title: 'Jobs', text: 'every 30 minutes', needs: '/jobs', empty: 'No job yet',
			offers: { 'Run now: plant': OPERATE, 'New job': ADMIN } },
		'/jobs/plant': { title: 'plant', text: 'firmware update of the sensors', needs: '/jobs/plant',
			offers: { Resume: OPERATE, Edit: ADMIN } },
		'/new-job': { title: 'New job', text: 'Microsoft Defender for Endpoint', needs: '/connections', empty: 'There is no source yet', who: ADMIN },
		'/jobs/main/edit?step=sets': { title: 'Edit main', text: 'Asset types', needs: '/job-choices', who: ADMIN },
		'/jobs/main/edit?step=relationships': { title: 'Edit main', text: 'All that the source\'s settings offer', who: ADMIN },
		'/jobs/main/edit?step=schedule': { title: 'Edit main', text: 'At an interval', who: ADMIN },
		'/jobs/main/edit?step=review': { title: 'Edit main', text: 'A first plan reads the source', who: ADMIN },
	},
	'set-up': {
		'/connections': { title: 'Connections', text: 'Production tenant', needs: '/connections', empty: 'No source yet',
			offers: { 'Add a source': ADMIN } },
		'/connections/defender': { title: 'defender', text: 'Tenant and app registration', needs: '/connections/defender',
			offers: { Test: OPERATE, Save: ADMIN } },
		'/connections/defender/settings': { title: 'Settings of defender', text: 'Minimum CVSS', needs: '/connections/defender/settings',
			offers: { 'Review and save': ADMIN } },
		'/connections/cmdb/settings': { title: 'Settings of cmdb', text: 'write_mode', needs: '/connections/cmdb/settings' },
		'/connections/defender/rules': { title: 'Rules of defender', text: 'Life cycle of a CVE instance', needs: '/connections/defender/rules' },
		'/connections/defender/mappings': { title: 'Mappings of defender', text: 'On sample records', needs: '/connections/defender/mappings/test',
			offers: { Preview: OPERATE } },
		'/new-connection': { title: 'New connection', text: 'The CMDB that is kept true', needs: '/connection-types', who: ADMIN },
		'/new-connection?type=endpoint': { title: 'New connection', text: 'Authentication method', who: ADMIN },
	},
	forwarding: {
		'/forwarding': { title: 'Forwarding', text: '3 deliveries failed', needs: '/forward/alerts', empty: 'No alert has come yet',
			offers: { 'Retry alert 640': OPERATE } },
		'/forwarding/rules': { title: 'Forwarding', text: 'plant, major and above → tickets', needs: '/forward/rules',
			empty: 'No rules yet', offers: { 'Add a rule': ADMIN } },
		'/forwarding/rules/plant': { title: 'plant', text: 'Alerts of this severity and above', needs: '/forward/rules/plant' },
		'/forwarding/windows': { title: 'Forwarding', text: 'Exclusion windows', needs: '/forward/windows', empty: 'No exclusion windows yet' },
		'/forwarding/outbox': { title: 'Forwarding', text: 'The outbox', needs: '/forward/outbox' },
		'/new-forwarding/actions': { title: 'New action', text: 'Incident in ServiceNow', needs: '/forward/forms', who: ADMIN },
	},
	'looking into': {
		'/explain': { title: 'Explain a record', text: 'It reads the source anew', needs: '/jobs', empty: 'There is no job yet' },
		'/explain?job=main&key=ws-00057': { title: 'Explain a record', text: 'nothing: the destination was given exactly this' },
		'/reports': { title: 'Reports', text: 'CVEs in the CMDB', needs: '/reports', empty: 'There is no job yet' },
		'/reports/cve': { title: 'CVEs in the CMDB', text: 'Not made yet', needs: '/reports', empty: 'There is no job yet' },
		'/recver': { title: 'RecVer', text: 'does not answer: connection refused', needs: '/recver', empty: 'No RecVer yet',
			offers: { Verify: OPERATE, 'Reset…': ADMIN } },
	},
	people: {
		'/audit': { title: 'Audit', text: '5120', needs: '/audit', empty: 'No entries yet', who: ['administrator', 'auditor'] },
		'/users': { title: 'Users and tokens', text: 'Cleo Carter', needs: '/users', who: ADMIN },
		'/tokens': { title: 'Users and tokens', text: 'grafana', needs: '/tokens', empty: 'No tokens', who: ADMIN },
		'/account': { title: 'Your account', text: 'Chrome 141 on Windows', needs: '/me/sessions' },
		'/service': { title: 'Service', text: 'A session that is not used for so long ends', needs: '/service', who: ADMIN },
		'/service?tab=proxy': { title: 'Service', text: 'Address of the proxy', needs: '/proxy', who: ADMIN },
		'/service?tab=nodes': { title: 'Service', text: 'cmdb2', needs: '/nodes', who: ADMIN },
		'/service?tab=secrets': { title: 'Service', text: 'sealed:old.password', needs: '/secrets', empty: 'No sealed secrets', who: ADMIN },
		'/service?tab=certificates': { title: 'Service', text: 'ends in 20 days', needs: '/certificates', empty: 'No certificates', who: ADMIN },
	},
};

for (const pages of Object.values(GROUPS)) {
	for (const page of Object.values(pages)) {
		page.who ||= ALL;
		page.offers ||= {};
	}
}

export const ROLES = ALL;
