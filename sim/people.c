/* SPDX-License-Identifier: Apache-2.0
 *
 * See people.h.
 */
#include "sim/people.h"

#include <stdio.h>

#include "base/hash.h"

static const char *const firsts[] = {
    "Lena",  "Jonas", "Mia",   "Emil",	"Nora",	 "Paul",  "Ida",   "Karl",
    "Ella",  "Finn",  "Clara", "Anton", "Frida", "Oskar", "Marta", "Henri",
    "Julia", "Leo",   "Alma",  "Bruno", "Greta", "Hugo",  "Edith", "Viktor",
    "Ruth",  "Erik",  "Tilda", "Arne",	"Selma", "Jakob", "Signe", "Rolf",
    "Agnes", "Kurt",  "Olga",  "Sven",	"Vera",	 "Otto",  "Wanda", "Axel"};
static const char *const lasts[] = {
    "Fischer", "Larsen",  "Novak",   "Meyer",	"Dubois",  "Rossi",   "Silva",
    "Kowal",   "Jensen",  "Huber",   "Keller",	"Moreau",  "Bianchi", "Costa",
    "Zeman",   "Olsen",	  "Weber",   "Lambert", "Ricci",   "Pereira", "Horak",
    "Nilsen",  "Wagner",  "Girard",  "Greco",	"Almeida", "Dvorak",  "Berg",
    "Becker",  "Renaud",  "Conti",   "Ramos",	"Maly",	   "Dahl",    "Schulz",
    "Marchal", "Ferrari", "Cardoso", "Kral",	"Lund"};

/* Everybody stands in for a kind by number, so that a small organisation has
 * them all. */
static enum sim_person_kind kind_of(uint32_t n)
{
	static const uint8_t kinds[40] = {
	    [3] = SIM_PERSON_INACTIVE, [5] = SIM_PERSON_UPPER,
	    [7] = SIM_PERSON_TWIN,     [9] = SIM_PERSON_UPN,
	    [11] = SIM_PERSON_NO_MAIL, [13] = SIM_PERSON_GUEST,
	    [15] = SIM_PERSON_LOCAL,   [16] = SIM_PERSON_DOMAIN,
	    [17] = SIM_PERSON_BACK,    [18] = SIM_PERSON_AT,
	    [19] = SIM_PERSON_MOVED,   [21] = SIM_PERSON_NOBODY,
	    [22] = SIM_PERSON_FREE,    [23] = SIM_PERSON_TOKEN,
	    [25] = SIM_PERSON_UPPER,   [35] = SIM_PERSON_UPPER,
	};

	return (enum sim_person_kind)kinds[n % 40];
}

static void lower(char *s)
{
	for (; *s; s++)
		if (*s >= 'A' && *s <= 'Z')
			*s = (char)(*s + 32);
}

static void upper(char *s)
{
	for (; *s; s++)
		if (*s >= 'a' && *s <= 'z')
			*s = (char)(*s - 32);
}

static void name(struct sim_person *p)
{
	uint32_t n = p->n;
	uint32_t round = n / (uint32_t)(MST_LEN(firsts) * MST_LEN(lasts));
	/* every pair once: the last names move on with each round of firsts */
	uint32_t f = n % MST_LEN(firsts);
	uint32_t l = (n / MST_LEN(firsts) + f) % MST_LEN(lasts);

	(void)snprintf(p->first, sizeof(p->first), "%s", firsts[f]);
	(void)snprintf(p->last, sizeof(p->last), "%s", lasts[l]);
	if (round)
		(void)snprintf(p->user_name, sizeof(p->user_name), "%s.%s%u",
			       firsts[f], lasts[l], round + 1);
	else
		(void)snprintf(p->user_name, sizeof(p->user_name), "%s.%s",
			       firsts[f], lasts[l]);
	lower(p->user_name);
	(void)snprintf(p->email, sizeof(p->email), "%.60s@corp.example.com",
		       p->user_name);
	(void)snprintf(p->logged, sizeof(p->logged), "%s", p->email);
}

/* How the logs name the person, and what differs in sys_user. */
static void special(struct sim_person *p)
{
	uint64_t v[2] = {p->n, 91};
	struct mst_hash h = mst_hash128(v, sizeof(v), 91);
	char plain[64];

	(void)snprintf(plain, sizeof(plain), "%.63s", p->user_name);
	switch (p->kind) {
	case SIM_PERSON_TWIN:
	case SIM_PERSON_BACK:
		(void)snprintf(p->second, sizeof(p->second), "x.%.34s", plain);
		break;
	case SIM_PERSON_UPN:
		(void)snprintf(p->user_name, sizeof(p->user_name),
			       "%.20s@id.example.com", plain);
		(void)snprintf(p->logged, sizeof(p->logged), "%s",
			       p->user_name);
		break;
	case SIM_PERSON_NO_MAIL:
		p->email[0] = '\0';
		break;
	case SIM_PERSON_DOMAIN:
		(void)snprintf(p->logged, sizeof(p->logged), "CORP\\%s", plain);
		break;
	case SIM_PERSON_AT:
		(void)snprintf(p->logged, sizeof(p->logged), "%s\\CORP", plain);
		break;
	case SIM_PERSON_LOCAL:
		(void)snprintf(p->logged, sizeof(p->logged), "%s\\DESKTOP-%07X",
			       plain, (unsigned)(h.lo & 0xfffffff));
		break;
	case SIM_PERSON_MOVED:
		(void)snprintf(p->logged, sizeof(p->logged),
			       "%s@old.example.com", plain);
		break;
	case SIM_PERSON_GUEST:
		(void)snprintf(p->logged, sizeof(p->logged),
			       "%s@partner.example.net", plain);
		break;
	case SIM_PERSON_TOKEN:
		(void)snprintf(p->logged, sizeof(p->logged), "%016llx%016llx",
			       (unsigned long long)h.hi,
			       (unsigned long long)h.lo);
		break;
	case SIM_PERSON_NOBODY:
		(void)snprintf(p->logged, sizeof(p->logged), "AnonymousUser");
		break;
	case SIM_PERSON_FREE:
		(void)snprintf(p->logged, sizeof(p->logged), "%s %s", p->first,
			       p->last);
		break;
	case SIM_PERSON_UPPER:
		upper(p->logged);
		break;
	case SIM_PERSON_PLAIN:
	case SIM_PERSON_INACTIVE:
		break;
	}
}

void sim_person(uint32_t n, struct sim_person *p)
{
	*p = (struct sim_person){.n = n, .kind = kind_of(n)};
	name(p);
	special(p);
}
