/* SPDX-License-Identifier: Apache-2.0
 *
 * The certificate stores: folders with the names that Windows' stores have.
 * docs/certificates.md shows the layout.
 */
#ifndef MST_CRED_CERTS_H
#define MST_CRED_CERTS_H

#include "base/err.h"
#include "base/secret.h"

struct x509_st; /* OpenSSL's X509 */

#define MST_CERT_LOCATIONS "LocalMachine|CurrentUser"
#define MST_CERT_STORES                                                        \
	"My|Root|CertificateAuthority|AuthRoot|AddressBook|TrustedPeople|"     \
	"TrustedPublisher"
#define MST_CERT_SOON_US (30 * 24 * 3600 * (int64_t)1000000)

extern const char *const mst_cert_locations[]; /* NULL ended */
extern const char *const mst_cert_stores[];

struct mst_cert_entry {
	const char *location, *store; /* of the lists above */
	char *path, *key_path;	      /* key_path NULL: in the same file */
	char *subject;		      /* "CN=muster, O=Example" */
	char *name;		      /* the common name, "" when none */
	char thumb[41];		      /* SHA-1 in hex */
	char thumb256[65];
	int64_t from_us, to_us;
	bool has_key;
	/* Why it cannot be used, NULL when it can; of one without a key NULL,
	 * too: it is there for others. */
	char *problem;
};

struct mst_cert_list {
	struct mst_cert_entry *v;
	size_t n;
};

/* The folder of a store. location and store: of the lists above, store NULL:
 * the location's folder. free() it. NULL: there is no place, no home folder is
 * known. */
char *mst_cert_dir(const char *location, const char *store);
/* What is in a store, in order of file names; a folder that is not there is an
 * empty store. A file that cannot be read has a problem and no subject.
 * password: tried on what is protected, NULL: none. Adds to list_r. */
int mst_cert_list(const char *location, const char *store,
		  const struct mst_secret *password,
		  struct mst_cert_list *list_r, struct mst_err *err);
/* One file, as an entry without location and store. */
void mst_cert_look(const char *path, const char *key_path,
		   const struct mst_secret *password, struct mst_cert_entry *e);
void mst_cert_entry_fini(struct mst_cert_entry *e);
void mst_cert_list_fini(struct mst_cert_list *l);
/* Does a name (subject, common name or thumbprint) mean this one? */
bool mst_cert_is(const struct mst_cert_entry *e, const char *name);
/* The one that a name means; its paths are moved to e_r, which the caller
 * frees. MST_E_NOTFOUND when there is none, MST_E_CONFLICT when there are
 * several. */
int mst_cert_find(const char *location, const char *store, const char *name,
		  const struct mst_secret *password, struct mst_cert_entry *e_r,
		  struct mst_err *err);

/* "CN=muster, O=Example"; free() it. */
char *mst_cert_subject(const struct x509_st *x);
/* Of a certificate: its dates, MST_TIME_NONE when unreadable; its thumbprint
 * in hex (41 or 65 bytes). */
void mst_cert_dates(const struct x509_st *x, int64_t *from_us_r,
		    int64_t *to_us_r);
void mst_cert_hex(const struct x509_st *x, bool sha256, char *out);

#endif
