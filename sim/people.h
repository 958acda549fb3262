/* SPDX-License-Identifier: Apache-2.0
 *
 * The people of the simulated organisation: who they are in ServiceNow
 * (sys_user) and how the logs of cloud discovery name them. Person n is always
 * the same one, so that both sides agree without talking to each other.
 */
#ifndef MST_SIM_PEOPLE_H
#define MST_SIM_PEOPLE_H

#include "base/defs.h"

/* What is special about a person; most are SIM_PERSON_PLAIN. */
enum sim_person_kind {
	SIM_PERSON_PLAIN,    /* by e-mail address */
	SIM_PERSON_UPPER,    /* some logs write the address in capitals */
	SIM_PERSON_INACTIVE, /* has left: sys_user is not active */
	SIM_PERSON_TWIN,     /* two active users have the address */
	SIM_PERSON_BACK,     /* the same, one of them is not active */
	SIM_PERSON_UPN,	     /* logs have user_name, not the address */
	SIM_PERSON_NO_MAIL,  /* sys_user has no address */
	SIM_PERSON_DOMAIN,   /* CORP\name */
	SIM_PERSON_AT,	     /* name\CORP */
	SIM_PERSON_LOCAL,    /* name\COMPUTER */
	SIM_PERSON_MOVED,    /* logs have the address of an old domain */
	SIM_PERSON_GUEST,    /* no user of the instance */
	SIM_PERSON_TOKEN,    /* a hash instead of a name */
	SIM_PERSON_NOBODY,   /* "AnonymousUser" */
	SIM_PERSON_FREE	     /* a name in words */
};

struct sim_person {
	uint32_t n;
	enum sim_person_kind kind;
	char first[24], last[24];
	char user_name[80]; /* of sys_user */
	char email[100];    /* of sys_user; "" when there is none */
	char second[80];    /* user_name of the second user, or "" */
	char logged[120];   /* how logs name the person */
};

void sim_person(uint32_t n, struct sim_person *p_r);

#endif
