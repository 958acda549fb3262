/* SPDX-License-Identifier: Apache-2.0
 *
 * Which passwords nobody may have. The commonest ones are few words with
 * digits and signs around them, runs of the keyboard or the alphabet, and
 * something short several times over; so they are told by rules, not by a list
 * of millions.
 */
#include <ctype.h>
#include <string.h>

#include "auth/password.h"

/* What is left of a common password when digits and signs at its ends are taken
 * off and the signs within it are letters again. */
static const char *const common[] = {
    "abc",
    "access",
    "admin",
    "administrator",
    "adminadmin",
    "airplane",
    "angel",
    "arsenal",
    "asset",
    "autumn",
    "azerty",
    "banana",
    "baseball",
    "basketball",
    "batman",
    "butterfly",
    "changeme",
    "changeit",
    "charlie",
    "chelsea",
    "chocolate",
    "cisco",
    "cmdb",
    "company",
    "computer",
    "confidential",
    "cookie",
    "correcthorsebatterystaple",
    "database",
    "default",
    "defender",
    "dragon",
    "elephant",
    "enterprise",
    "facebook",
    "fallout",
    "family",
    "flower",
    "football",
    "forever",
    "freedom",
    "friday",
    "friends",
    "geheim",
    "google",
    "guest",
    "hallo",
    "hello",
    "helloworld",
    "hunter",
    "icecream",
    "iloveyou",
    "iloveyouforever",
    "internet",
    "january",
    "kennwort",
    "killer",
    "letmein",
    "letmeinplease",
    "linkedin",
    "liverpool",
    "login",
    "loveyou",
    "manager",
    "master",
    "michael",
    "microsoft",
    "monday",
    "monkey",
    "motdepasse",
    "muster",
    "mustermann",
    "mypassword",
    "mysecret",
    "ninja",
    "notebook",
    "office",
    "operator",
    "oracle",
    "pass",
    "passport",
    "passwd",
    "password",
    "passwordpassword",
    "passwort",
    "pokemon",
    "princess",
    "private",
    "root",
    "rootroot",
    "secret",
    "secretpassword",
    "security",
    "server",
    "service",
    "servicenow",
    "shadow",
    "soccer",
    "spring",
    "starwars",
    "sommer",
    "strawberry",
    "summer",
    "sunflower",
    "sunshine",
    "superman",
    "superuser",
    "support",
    "system",
    "temporary",
    "temp",
    "test",
    "testing",
    "thisismypassword",
    "thisisapassword",
    "trustno",
    "ubuntu",
    "unknown",
    "user",
    "username",
    "vagrant",
    "viewer",
    "welcome",
    "welcometo",
    "whatever",
    "windows",
    "winter",
    "yourpassword",
};

/* Ways of the fingers, in both directions. */
static const char *const runs[] = {
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfghjklzxcvbnm",
    "qwertzuiopasdfghjklyxcvbnm",
    "azertyuiopqsdfghjklmwxcvbn",
    "01234567890123456789",
    "qazwsxedcrfvtgbyhnujmikolp",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
    "1q2w3e4r5t6y7u8i9o0p",
    "q1w2e3r4t5y6u7i8o9p0",
};

static char letter_of(char c)
{
	static const char signs[] = "4@3105$78!|9+";
	static const char letters[] = "aaeiossbbilgt";
	const char *at = strchr(signs, c);

	if (c == '7')
		return 't';
	return at && c ? letters[at - signs] : (char)tolower((unsigned char)c);
}

/* Its letters, without what stands at the ends and is none. signs: those within
 * it are letters, too. */
static size_t bare(struct mst_slice p, bool signs, char *out, size_t room)
{
	size_t n = 0;

	while (p.n && !isalpha((unsigned char)p.p[p.n - 1]) &&
	       p.p[p.n - 1] != '$' && p.p[p.n - 1] != '@')
		p.n--;
	while (p.n && !isalpha((unsigned char)*p.p) && *p.p != '@')
		p = mst_slice(p.p + 1, p.n - 1);
	for (size_t i = 0; i < p.n && n + 1 < room; i++) {
		char c = signs ? letter_of(p.p[i])
			       : (char)tolower((unsigned char)p.p[i]);

		if (isalpha((unsigned char)c))
			out[n++] = c;
	}
	out[n] = 0;
	return n;
}

/* "abcabcabcabc", "aaaaaaaaaaaa": something of up to four characters over and
 * over, or of up to half of it twice. */
static bool repeats(struct mst_slice p)
{
	for (size_t len = 1; len <= p.n / 2; len++) {
		size_t same = len;

		while (same < p.n && p.p[same] == p.p[same - len])
			same++;
		if (same == p.n && (len <= 4 || p.n % len == 0))
			return true;
	}
	return false;
}

static size_t along(const char *run, const char *p, size_t n, int step)
{
	size_t most = 0, len = strlen(run);

	for (size_t i = 0; i < len; i++) {
		size_t k = 0;

		for (size_t at = i; k < n && at < len && run[at] == p[k];
		     at += (size_t)step)
			k++;
		if (k > most)
			most = k;
	}
	return most;
}

/* All of it pieces of at least three characters of ways of the fingers. */
static bool is_run(const char *p, size_t n)
{
	while (n) {
		size_t most = 0;

		for (size_t i = 0; i < MST_LEN(runs); i++) {
			size_t up = along(runs[i], p, n, 1);
			size_t down = along(runs[i], p, n, -1);

			most = up > most ? up : most;
			most = down > most ? down : most;
		}
		if (most < 3 && most < n)
			return false;
		p += most;
		n -= most;
	}
	return true;
}

/* Nothing but common words, one behind the other. */
static bool is_words(const char *p, size_t n)
{
	bool reach[130] = {true};

	if (n == 0 || n >= MST_LEN(reach))
		return false;
	for (size_t at = 0; at < n; at++) {
		for (size_t i = 0; reach[at] && i < MST_LEN(common); i++) {
			size_t len = strlen(common[i]);

			if (len <= n - at &&
			    memcmp(p + at, common[i], len) == 0)
				reach[at + len] = true;
		}
	}
	return reach[n];
}

bool mst_password_is_common(struct mst_slice p)
{
	char low[MST_PASSWORD_MOST + 1], letters[MST_PASSWORD_MOST + 1];
	size_t n = 0;
	bool is;

	if (p.n > MST_PASSWORD_MOST)
		return false;
	for (; n < p.n; n++)
		low[n] = (char)tolower((unsigned char)p.p[n]);
	low[n] = 0;
	is = repeats(mst_slice(low, p.n));
	n = 0;
	for (size_t i = 0; i < p.n; i++) { /* signs between do not hide a run */
		if (isalnum((unsigned char)low[i]))
			low[n++] = low[i];
	}
	is = is || (n && is_run(low, n));
	for (int signs = 0; signs < 2 && !is; signs++) {
		n = bare(p, signs, letters, sizeof(letters));
		is = is_words(letters, n);
	}
	mst_wipe(low, sizeof(low));
	mst_wipe(letters, sizeof(letters));
	return is;
}

static size_t characters(struct mst_slice p)
{
	size_t n = 0;

	for (size_t i = 0; i < p.n; i++)
		n += ((unsigned char)p.p[i] & 0xc0) != 0x80;
	return n;
}

static bool holds(struct mst_slice p, const char *name)
{
	char low[MST_PASSWORD_MOST + 1];
	bool found;

	if (strlen(name) < 3 || p.n > MST_PASSWORD_MOST)
		return false;
	memcpy(low, p.p, p.n);
	low[p.n] = 0;
	found = mst_slice_ifind(mst_slice(low, p.n), name) != NULL;
	mst_wipe(low, sizeof(low));
	return found;
}

int mst_password_check(struct mst_slice p, const char *user,
		       const char *full_name, int64_t min_length,
		       struct mst_err *err)
{
	if (characters(p) < (size_t)min_length)
		return mst_err_set(err, MST_E_INVALID,
				   "the password is too short: at least %lld "
				   "characters",
				   (long long)min_length);
	if (p.n > MST_PASSWORD_MOST)
		return mst_err_set(err, MST_E_INVALID,
				   "the password is too long: at most %d bytes",
				   MST_PASSWORD_MOST);
	if (memchr(p.p, 0, p.n))
		return mst_err_set(err, MST_E_INVALID,
				   "the password holds a zero byte; it must be "
				   "text");
	if (holds(p, user) || (full_name && holds(p, full_name)))
		return mst_err_set(err, MST_E_INVALID,
				   "the password holds the user's name; choose "
				   "another");
	if (mst_password_is_common(p))
		return mst_err_set(
		    err, MST_E_INVALID,
		    "the password is one of those that are tried "
		    "first: common words with digits, a row of "
		    "the keyboard, or a part over and over; "
		    "choose another");
	return 0;
}
