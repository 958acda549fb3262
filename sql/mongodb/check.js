// SPDX-License-Identifier: Apache-2.0
//
// Looks at a RecVer database and changes nothing. Every line of the answer
// should say ok.
//
//   mongosh "mongodb://HOST/?replicaSet=NAME" -u ADMIN \
//       --eval 'var recver_database_name = "muster_recver_NAME", recver_user = "muster"' check.js

const recver = db.getSiblingDB(recver_database_name);
const users = db.getSiblingDB(typeof recver_auth_source === "undefined" ? "admin" : recver_auth_source);
const hello = db.adminCommand({ hello: 1 });
const say = (what, is) => print(what + ": " + is);

say("server is MongoDB 5.0 or later", hello.maxWireVersion >= 13 ? "ok" : "too old: " + db.version());
say("server is the primary, or a router", hello.isWritablePrimary ? "ok" : "no: nothing can be written there");
say(
	"another server can take over",
	hello.setName || hello.msg === "isdbgrid" ? "ok" : "no: it is a server alone, without a replica set",
);

const there = recver.getCollectionNames();
for (const name of ["record_set", "grp", "parts", "lease", "meta"]) {
	say("collection " + name, there.includes(name) ? "ok" : "missing: run create.js again");
}
const schema = recver.meta.findOne({ _id: { target: "", name: "schema" } });
if (!schema) {
	say("collections are version 1", "not finished: run create.js again");
} else {
	const version = schema.value.toString("utf8");
	say("collections are version 1", version === "1" ? "ok" : "version " + version);
}
if (hello.msg === "isdbgrid") {
	const full = recver_database_name + ".grp";
	const sharded = db.getSiblingDB("config").collections.findOne({ _id: full });
	say("grp is sharded by a hash", sharded && sharded.key && sharded.key._id === "hashed" ? "ok" : "no: run create.js");
}

const user = users.getUser(recver_user);
const roles = user ? user.roles.map((r) => r.role + "@" + r.db) : [];
const own = "muster_agent@" + recver_database_name;
if (!user) {
	say("user", "there is no " + recver_user + " in " + users.getName());
} else {
	say("user has muster_agent", roles.includes(own) ? "ok" : "no: run role.js");
	const more = roles.filter((r) => !r.startsWith("muster_agent@"));
	say("user has nothing else", more.length === 0 ? "ok" : "it has " + more.join(", "));
}

const lease = recver.lease.findOne({ _id: "writer" });
if (!lease) {
	say("in use", "ok, never yet");
} else if (!lease.token) {
	say("in use", "ok, by nobody");
} else {
	const ends = new Date(lease.renewed.getTime() + Number(lease.for_ms));
	const over = ends < hello.localTime;
	say("in use", over ? "ok, the lease of " + lease.holder + " has ended" : "ok, by " + lease.holder + " until " + ends.toISOString());
}

const stats = recver.stats();
say("megabytes on disk", ((stats.storageSize + stats.indexSize) / 1048576).toFixed(1));
