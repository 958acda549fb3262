// SPDX-License-Identifier: Apache-2.0
//
// The least rights for muster: the role muster_agent may find, insert, update
// and remove documents of RecVer's collections, and ask how large the database
// is. It may make, drop and index nothing. Run it after create.js, with
// userAdmin:
//
//   mongosh "mongodb://HOST/?replicaSet=NAME" -u ADMIN \
//       --eval 'var recver_database_name = "muster_recver_NAME", recver_user = "muster"' role.js
//
// The role is made in RecVer's database. The user must be there, in the
// database that recver.auth_source names, admin unless recver_auth_source says
// another:
//
//   db.getSiblingDB("admin").createUser({ user: "muster", pwd: passwordPrompt(), roles: [] })
//
// It may be run again at any time.

if (["admin", "local", "config"].includes(recver_database_name.toLowerCase())) {
	throw new Error(recver_database_name + " is a database of the server itself: RecVer needs one of its own");
}

const recver = db.getSiblingDB(recver_database_name);
const users = db.getSiblingDB(typeof recver_auth_source === "undefined" ? "admin" : recver_auth_source);
const privileges = ["record_set", "grp", "parts", "lease", "meta"].map((name) => ({
	resource: { db: recver_database_name, collection: name },
	actions: ["find", "insert", "update", "remove"],
}));
privileges.push({ resource: { db: recver_database_name, collection: "" }, actions: ["dbStats"] });

if (recver.getRole("muster_agent")) {
	recver.updateRole("muster_agent", { privileges, roles: [] });
} else {
	recver.createRole({ role: "muster_agent", privileges, roles: [] });
}
users.grantRolesToUser(recver_user, [{ role: "muster_agent", db: recver_database_name }]);
print("muster_agent is given to " + recver_user);
