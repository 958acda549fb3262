/* SPDX-License-Identifier: Apache-2.0
 *
 * MongoDB's errors by code and label: what another connection may mend, and
 * what only a DBA can.
 */
#include "recver/mongodb/private.h"

struct meaning {
	uint32_t code;
	enum mst_code is;
	const char *text; /* NULL: only what the server said */
};

static const struct meaning meanings[] = {
    {6, MST_E_TRANSIENT, NULL},	 /* HostUnreachable */
    {7, MST_E_TRANSIENT, NULL},	 /* HostNotFound */
    {24, MST_E_TRANSIENT, NULL}, /* LockTimeout */
    {43, MST_E_TRANSIENT, NULL}, /* CursorNotFound */
    {46, MST_E_TRANSIENT, NULL}, /* LockBusy */
    {50, MST_E_TRANSIENT, NULL}, /* MaxTimeMSExpired */
    {63, MST_E_TRANSIENT, NULL}, /* StaleShardVersion */
    {64, MST_E_TRANSIENT,	 /* WriteConcernFailed */
     "too few members of the replica set have confirmed the write within "
     "recver.timeout"},
    {89, MST_E_TRANSIENT, NULL},    /* NetworkTimeout */
    {91, MST_E_TRANSIENT, NULL},    /* ShutdownInProgress */
    {112, MST_E_TRANSIENT, NULL},   /* WriteConflict */
    {133, MST_E_TRANSIENT, NULL},   /* FailedToSatisfyReadPreference */
    {134, MST_E_TRANSIENT, NULL},   /* ReadConcernMajorityNotAvailableYet */
    {150, MST_E_TRANSIENT, NULL},   /* StaleEpoch */
    {175, MST_E_TRANSIENT, NULL},   /* QueryPlanKilled */
    {189, MST_E_TRANSIENT, NULL},   /* PrimarySteppedDown */
    {234, MST_E_TRANSIENT, NULL},   /* RetryChangeStream */
    {237, MST_E_TRANSIENT, NULL},   /* CursorKilled */
    {251, MST_E_TRANSIENT, NULL},   /* NoSuchTransaction */
    {262, MST_E_TRANSIENT, NULL},   /* ExceededTimeLimit */
    {9001, MST_E_TRANSIENT, NULL},  /* SocketException */
    {11600, MST_E_TRANSIENT, NULL}, /* InterruptedAtShutdown */
    {11601, MST_E_TRANSIENT, NULL}, /* Interrupted */
    {11602, MST_E_TRANSIENT, NULL}, /* InterruptedDueToReplStateChange */
    {13388, MST_E_TRANSIENT, NULL}, /* StaleConfig */
    {13436, MST_E_TRANSIENT, NULL}, /* NotPrimaryOrSecondary */
    {10058, MST_E_TRANSIENT, NULL}, /* LegacyNotPrimary */
    {10107, MST_E_TRANSIENT,	    /* NotWritablePrimary */
     "the server is not the primary: nothing can be written there; set "
     "recver.replica_set, so that the primary is found"},
    {13435, MST_E_TRANSIENT, /* NotPrimaryNoSecondaryOk */
     "the server is not the primary: set recver.replica_set, so that the "
     "primary is found"},
    {13, MST_E_FORBIDDEN,
     "the user lacks a right: run sql/mongodb/role.js for it"},
    {31, MST_E_FORBIDDEN,
     "the user's role does not exist: run "
     "sql/mongodb/role.js"},
    {18, MST_E_AUTH,
     "the server does not let this user in: check recver.user, "
     "recver.password, and recver.auth_source, the database that knows the "
     "user"},
    {11, MST_E_AUTH,
     "the server does not know this user: check recver.user and "
     "recver.auth_source"},
    {8000, MST_E_FORBIDDEN, "the hosted server refuses it"},
    {14031, MST_E_IO,
     "the server's disk is full: make room there; the next run looks up what "
     "was in flight"},
    {100, MST_E_UNSUPPORTED,
     "the replica set cannot confirm writes by a "
     "majority of its members"},
    {148, MST_E_UNSUPPORTED,
     "the server cannot confirm reads by a majority: "
     "enableMajorityReadConcern must not be off"},
    {10334, MST_E_INVALID, "a document is larger than MongoDB takes"},
    /* The filter did not match what is there: it has a higher term. */
    {MST_MONGO_DUPLICATE, MST_E_CONFLICT, "somebody else has the lease"},
};

static const struct meaning *meaning_of(uint32_t code)
{
	for (size_t i = 0; i < MST_LEN(meanings); i++) {
		if (meanings[i].code == code)
			return &meanings[i];
	}
	return NULL;
}

/* Did a server say it, and not the library? */
static bool from_server(const bson_error_t *e)
{
	return e->domain == MONGOC_ERROR_SERVER ||
	       e->domain == MONGOC_ERROR_WRITE_CONCERN;
}

bool mst_mongo_is(const bson_error_t *e, uint32_t code)
{
	return from_server(e) && e->code == code;
}

static bool may_pass(const bson_t *reply)
{
	static const char *const labels[] = {
	    "RetryableWriteError", "TransientTransactionError",
	    "UnknownTransactionCommitResult", "NetworkError"};

	for (size_t i = 0; reply && i < MST_LEN(labels); i++) {
		if (mongoc_error_has_label(reply, labels[i]))
			return true;
	}
	return false;
}

static int first_line(const char *text)
{
	return (int)strcspn(text, "\r\n");
}

static int said(enum mst_code code, const char *meaning, const bson_error_t *e,
		struct mst_err *err)
{
	return mst_err_set(err, code, "%s%s%.*s (%u)", meaning ? meaning : "",
			   meaning ? "; the server says: " : "",
			   first_line(e->message), e->message, e->code);
}

/* Why no server answers, as the library tells it in the middle of its text;
 * the first that fits. */
static const struct {
	const char *in, *means;
} reasons[] = {
    {"resolve '", "its name is not known: check recver.server"},
    {"verify failed (62)",
     "its certificate is for another name: let recver.server be the name in "
     "the certificate, or see recver.encrypt"},
    {"verify failed (63)",
     "its certificate is for another name: let recver.server be the name in "
     "the certificate, or see recver.encrypt"},
    {"verify failed (64)",
     "its certificate is for another address: let recver.server be the name "
     "in the certificate, or see recver.encrypt"},
    {"verify failed (10)", "its certificate has expired: have it renewed"},
    {"verify failed",
     "its certificate is not of an authority that is trusted here: name that "
     "in recver.ca_file, or see recver.encrypt"},
    {"TLS handshake failed",
     "does it speak TLS (recver.encrypt), and is recver.server right?"},
    {"connection refused",
     "nothing listens there: is the port in recver.server right, and does the "
     "server run?"},
    {"socket timeout",
     "it takes connections and says nothing: is that MongoDB's port, does "
     "it speak TLS (recver.encrypt), and is recver.timeout long enough?"},
    {"connection timeout",
     "there is no way to it: is recver.server right, and does a firewall let "
     "muster through?"},
    {"connection closed",
     "it closes the connection: does it want TLS (recver.encrypt)?"},
    {"nvalid reply", "it does not speak MongoDB's protocol: is that its port?"},
    {"", "is recver.server right, and recver.replica_set?"},
};

static int nobody_answers(const bson_error_t *e, struct mst_err *err)
{
	size_t i = 0;

	while (!strstr(e->message, reasons[i].in))
		i++;
	return mst_err_set(err, MST_E_TRANSIENT, "no server answers: %s %.*s",
			   reasons[i].means, first_line(e->message),
			   e->message);
}

/* The library's own errors. */
static int not_reached(const bson_error_t *e, struct mst_err *err)
{
	if (e->domain == MONGOC_ERROR_CLIENT &&
	    e->code == MONGOC_ERROR_CLIENT_AUTHENTICATE)
		return said(MST_E_AUTH, meaning_of(18)->text, e, err);
	if (e->domain == MONGOC_ERROR_SERVER_SELECTION)
		return nobody_answers(e, err);
	if (e->domain == MONGOC_ERROR_STREAM)
		return mst_err_set(err, MST_E_TRANSIENT,
				   "the connection was lost: %.*s",
				   first_line(e->message), e->message);
	return said(MST_E_IO, NULL, e, err);
}

int mst_mongo_fail(const struct mst_mongo *c, const bson_t *reply,
		   const bson_error_t *e, struct mst_err *err)
{
	const struct meaning *m = from_server(e) ? meaning_of(e->code) : NULL;

	/* Where nobody else could be the primary, waiting does not help. */
	if (m && c->alone && (e->code == 10107 || e->code == 13435))
		return said(MST_E_FORBIDDEN, "the server is read-only", e, err);
	if (m)
		return said(m->is, m->text, e, err);
	if (may_pass(reply))
		return said(MST_E_TRANSIENT, NULL, e, err);
	return from_server(e) ? said(MST_E_IO, NULL, e, err)
			      : not_reached(e, err);
}
