// SPDX-License-Identifier: Apache-2.0
//
// Makes a RecVer database on MongoDB 5 or later, or what is missing of one. It
// may be run again at any time.
//
//   mongosh "mongodb://HOST/?replicaSet=NAME" -u ADMIN \
//       --eval 'var recver_database_name = "muster_recver_NAME"' create.js
//
// muster makes the same by itself when its user may create collections. Only
// here, on a sharded cluster: groups are spread by a hash of their key. That
// needs the role clusterManager.

if (["admin", "local", "config"].includes(recver_database_name.toLowerCase())) {
	throw new Error(recver_database_name + " is a database of the server itself: RecVer needs one of its own");
}

const recver = db.getSiblingDB(recver_database_name);
const there = recver.getCollectionNames();

// What muster writes carries a term, but for the lease. Collections of these
// names without a version, and with anything else in them, are somebody else's.
if (!recver.meta.findOne({ _id: { target: "", name: "schema" } })) {
	for (const name of ["record_set", "grp", "parts", "lease", "meta"]) {
		const mine = name === "lease" ? ["token", "at"] : ["term"];
		const odd = Object.fromEntries(mine.map((field) => [field, { $exists: false }]));
		if (there.includes(name) && recver.getCollection(name).findOne(odd)) {
			throw new Error("the collection " + name + " is somebody else's: RecVer needs another database");
		}
	}
}

// record_set: the record sets of each destination, by number.
// grp: a document per group (a device, a package, a CVE) with the check sums of
//   its members. _id is the number of the set and the group's key.
// parts: of lists that are too long for one document.
// lease: who may write, one document.
// meta: small values by name; target "" is the database itself.
for (const name of ["record_set", "grp", "parts", "lease", "meta"]) {
	if (!there.includes(name)) {
		recver.createCollection(name);
		print("made " + name);
	}
}

// Behind the collections, because it says that they are there.
recver.meta.updateOne(
	{ _id: { target: "", name: "schema" } },
	{ $setOnInsert: { value: BinData(0, "MQ=="), term: Long("0") } },
	{ upsert: true, writeConcern: { w: "majority", j: true } },
);
print("version 1 is there");

// A cluster only. A collection that is not empty needs the index first.
const hello = db.adminCommand({ hello: 1 });
const full = recver_database_name + ".grp";
if (hello.msg === "isdbgrid" && !db.getSiblingDB("config").collections.findOne({ _id: full, dropped: { $ne: true } })) {
	db.adminCommand({ enableSharding: recver_database_name });
	recver.grp.createIndex({ _id: "hashed" });
	db.adminCommand({ shardCollection: full, key: { _id: "hashed" } });
	print("sharded grp");
}
