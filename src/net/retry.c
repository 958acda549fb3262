/* SPDX-License-Identifier: Apache-2.0
 *
 * The retry policy.
 */
#include "net/retry.h"

/* Attempts that were refused by 429 with a Retry-After are bounded by the
 * total time; this bounds them by number too, should a server ask for nothing
 * but zero seconds. */
#define ASKED_MAX 1000

bool mst_retry_status(int status)
{
	switch (status) {
	case 408: /* request time-out */
	case 425: /* too early */
	case 429:
	case 500:
	case 502:
	case 503:
	case 504:
	case 509: /* bandwidth limit, used by Microsoft's throttling */
		return true;
	default:
		return false;
	}
}

int64_t mst_retry_jitter(uint64_t *seed, int64_t max)
{
	uint64_t z;

	if (max <= 0)
		return 0;
	/* splitmix64 */
	*seed += 0x9e3779b97f4a7c15u;
	z = *seed;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	z ^= z >> 31;
	return (int64_t)(z % ((uint64_t)max + 1));
}

/* May this outcome be followed by the same request at all? */
static bool is_repeatable(enum mst_repeat repeat, const struct mst_try *t)
{
	if (t->hopeless)
		return false;
	if (repeat == MST_REPEAT_SAFE)
		return !t->answered || mst_retry_status(t->status);
	if (!t->answered)
		return !t->sent;
	/* A write: only answers that say "I did not begin". */
	return t->status == 429 || (t->status == 503 && t->retry_after_ms >= 0);
}

static int64_t backoff_ms(const struct mst_retry_policy *p, int attempts,
			  uint64_t *seed)
{
	int64_t top = p->base_ms;

	for (int i = 1; i < attempts && top < p->cap_ms; i++)
		top *= 2;
	return mst_retry_jitter(seed, MST_MIN(top, p->cap_ms));
}

bool mst_retry_next(const struct mst_retry_policy *p, enum mst_repeat repeat,
		    const struct mst_try *t, uint64_t *seed, int64_t *wait_ms_r)
{
	int64_t left_ms = p->total_ms - (t->now_us - t->first_us) / 1000;
	int64_t wait;

	if (!is_repeatable(repeat, t))
		return false;
	if (t->attempts - t->asked >= p->max || t->asked >= ASKED_MAX)
		return false;
	if (t->answered && t->retry_after_ms > 0) {
		/* Coming back before the time asked for only brings the next
		 * refusal, so a wait that is too long is not begun. Jitter on
		 * top keeps the workers from coming back in one burst. */
		if (t->retry_after_ms > p->retry_after_max_ms)
			return false;
		wait = t->retry_after_ms + mst_retry_jitter(seed, p->base_ms);
	} else {
		wait = backoff_ms(p, t->attempts, seed);
	}
	if (wait > left_ms)
		return false;
	*wait_ms_r = wait;
	return true;
}
