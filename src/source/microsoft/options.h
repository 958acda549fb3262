/* SPDX-License-Identifier: Apache-2.0
 *
 * The options that every source of Microsoft's has, for its table of options.
 * AT(member): offset of a member of struct ms_conf; COMMON(member) of struct
 * mst_source_common, RECVER(member) of its recver.
 */
#ifndef MST_SOURCE_MICROSOFT_OPTIONS_H
#define MST_SOURCE_MICROSOFT_OPTIONS_H

#include "cred/certs.h"
#include "source/microsoft/microsoft.h"
#include "source/recver_opts.h"

/* Who logs in, and to which cloud. */
#define MS_LOGIN_OPTS(AT)                                                      \
	{"tenant_id", MST_OPT_TEXT, AT(tenant_id),                             \
	 .help = "Directory (tenant) id, or a domain of the tenant."},         \
	    {"client_id", MST_OPT_TEXT, AT(client_id),                         \
	     .help = "Application (client) id of the app registration."},      \
	    {"client_secret", MST_OPT_SECRET, AT(client_secret),               \
	     .help =                                                           \
		 "Client secret (its value, not its id), as a reference."},    \
	    {"secret_expires", MST_OPT_TEXT, AT(secret_expires),               \
	     .help = "Date on which client_secret expires, as the app "        \
		     "registration shows it; from 30 days before each run "    \
		     "warns."},                                                \
	    {"certificate", MST_OPT_TEXT, AT(certificate),                     \
	     .help = "File with the certificate, PEM or PKCS#12, and its key " \
		     "unless certificate_key names one; or a PKCS#11 URI; "    \
		     "instead of client_secret."},                             \
	    {"certificate_key", MST_OPT_TEXT, AT(certificate_key),             \
	     .help = "PEM file with the private key of the certificate."},     \
	    {"certificate_password", MST_OPT_SECRET, AT(certificate_password), \
	     .help = "Password of the certificate's file or key, or the PIN "  \
		     "of the token."},                                         \
	    {"certificate_location",                                           \
	     MST_OPT_CHOICE,                                                   \
	     AT(certificate_location),                                         \
	     "LocalMachine",                                                   \
	     MST_CERT_LOCATIONS,                                               \
	     .help = "Where the store is that holds the certificate: the "     \
		     "machine's, or the user's."},                             \
	    {"certificate_store",                                              \
	     MST_OPT_CHOICE,                                                   \
	     AT(certificate_store),                                            \
	     "My",                                                             \
	     MST_CERT_STORES,                                                  \
	     .help = "Store that holds the certificate."},                     \
	    {"certificate_name", MST_OPT_TEXT, AT(certificate_name),           \
	     .help = "Subject, common name or thumbprint of the certificate "  \
		     "in the store; instead of client_secret."},               \
	    {"assertion_alg",                                                  \
	     MST_OPT_CHOICE,                                                   \
	     AT(assertion_alg),                                                \
	     "PS256",                                                          \
	     "PS256|RS256",                                                    \
	     .help = "How the assertion is signed with the certificate: "      \
		     "PS256 with a SHA-256 thumbprint, or RS256 with a SHA-1 " \
		     "thumbprint for older set-ups."},                         \
	    {"send_x5c", MST_OPT_BOOL, AT(send_x5c), "no",                     \
	     .help = "Send the certificate and its issuers along; needed "     \
		     "where the application trusts a subject name and "        \
		     "issuer."},                                               \
	    {"federated_token_file", MST_OPT_TEXT, AT(federated_token_file),   \
	     .help = "File with a token of a federated issuer (workload "      \
		     "identity), read anew for every log-in; instead of "      \
		     "client_secret."},                                        \
	{                                                                      \
		"cloud", MST_OPT_CHOICE, AT(cloud), "commercial",              \
		    MS_CLOUD_CHOICES,                                          \
		    .help = "Microsoft cloud of the tenant: commercial, a "    \
			    "region of it, or a government cloud."             \
	}

/* Addresses that are not the cloud's. */
#define MS_HOST_OPTS(AT)                                                       \
	{"login_url", MST_OPT_URL, AT(login_url),                              \
	 .help = "Address of the login host, when it is not the cloud's."},    \
	{                                                                      \
		"graph_url", MST_OPT_URL, AT(graph_url),                       \
		    .help = "Address of Microsoft Graph, when it is not the "  \
			    "cloud's."                                         \
	}

#define MS_NAME_OPTS(AT)                                                       \
	{"environments",                                                       \
	 MST_OPT_LIST,                                                         \
	 AT(environments),                                                     \
	 NULL,                                                                 \
	 "test|prod",                                                          \
	 .help = "Environments that this connection may be used in."},         \
	{                                                                      \
		"alias", MST_OPT_TEXT, AT(alias), .help = "A name for people." \
	}

/* saved: what the folder holds. */
#define MS_COMMON_OPTS(COMMON, RECVER, saved)                                  \
	{"read_from", MST_OPT_TEXT, COMMON(read_from),                         \
	 .help = "Folder of " saved " that is read instead of the API."},      \
	    {"assume_complete", MST_OPT_BOOL, COMMON(assume_complete), "no",   \
	     .help = "Take a folder without a manifest for everything there "  \
		     "is, so that what it does not show is retired."},         \
	    {"concurrent_runs",                                                \
	     MST_OPT_INT,                                                      \
	     COMMON(concurrent_runs),                                          \
	     "1",                                                              \
	     NULL,                                                             \
	     1,                                                                \
	     100,                                                              \
	     .help = "How many runs of the service may read from it at "       \
		     "once."},                                                 \
	    MST_RECVER_OPTS(RECVER), MST_PROXY_OPTS(COMMON),                   \
	{                                                                      \
		"ca_file", MST_OPT_TEXT, COMMON(ca_file),                      \
		    .help = "PEM file of certificates to trust besides the "   \
			    "system's."                                        \
	}

#endif
