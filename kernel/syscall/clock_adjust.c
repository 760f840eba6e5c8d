/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * adjtimex(2), clock_adjtime(2). The clock's rate is the machine's and is not steered: an offset is applied at once, and what a time daemon says of
 * frequency and errors is kept and told, as long as the machine runs.
 */
#include "kernel/sched/clock_watch.h"
#include "kernel/syscall/clock.h"
#include "kernel/uapi/time.h"

enum {
	ADJ_OFFSET = 0x0001, ADJ_FREQUENCY = 0x0002, ADJ_MAXERROR = 0x0004, ADJ_ESTERROR = 0x0008, ADJ_STATUS = 0x0010, ADJ_TIMECONST = 0x0020, ADJ_TAI = 0x0080,
	ADJ_SETOFFSET = 0x0100, ADJ_MICRO = 0x1000, ADJ_NANO = 0x2000, ADJ_TICK = 0x4000,
	ADJ_ADJTIME = 0x8000, ADJ_OFFSET_SINGLESHOT = 0x8001, ADJ_OFFSET_SS_READ = 0xa001,
	STA_UNSYNC = 0x0040, STA_NANO = 0x2000, TIME_OK = 0, TIME_ERROR = 5, TICK_US = 10000, FREQUENCY_MAX = 500 << 16, ERROR_MAX = 16000000,
};

struct linux_timex {
	uint32_t modes;
	int64_t offset, frequency, max_error, estimated_error;
	int32_t status;
	int64_t constant, precision, tolerance;
	int64_t seconds, microseconds; /* nanoseconds with STA_NANO */
	int64_t tick, pps_frequency, jitter;
	int32_t shift;
	int64_t stability, jitter_count, calibration_count, error_count, stability_count;
	int32_t tai;
	int32_t pad[11];
};

static struct spinlock lock;
static struct linux_timex kept = {.max_error = ERROR_MAX, .estimated_error = ERROR_MAX, .status = STA_UNSYNC, .constant = 2};

static int64_t clamp(int64_t value, int64_t low, int64_t high)
{
	return value < low ? low : value > high ? high : value;
}

static void shift_clock(int64_t ns)
{
	clock_step(clock_realtime_ns() + (uint64_t)ns);
}

static int set_offset(const struct linux_timex *t)
{
	int64_t unit = t->modes & ADJ_NANO ? 1 : 1000;

	if (t->microseconds < 0 || t->microseconds * unit >= (int64_t)NS_PER_SECOND || clamp(t->seconds, -(1ll << 32), 1ll << 32) != t->seconds)
		return -EINVAL;
	shift_clock(t->seconds * (int64_t)NS_PER_SECOND + t->microseconds * unit);
	return 0;
}

static int apply(const struct linux_timex *t)
{
	int ret = 0;

	if (t->modes & ADJ_TICK && t->tick != clamp(t->tick, TICK_US * 9 / 10, TICK_US * 11 / 10))
		return -EINVAL;
	if (t->modes & ADJ_SETOFFSET)
		ret = set_offset(t);
	if (t->modes & ADJ_NANO)
		kept.status |= STA_NANO;
	if (t->modes & ADJ_MICRO)
		kept.status &= ~STA_NANO;
	if (t->modes & ADJ_STATUS)
		kept.status = (t->status & 0xff) | (kept.status & STA_NANO);
	if (t->modes & ADJ_FREQUENCY)
		kept.frequency = clamp(t->frequency, -FREQUENCY_MAX, FREQUENCY_MAX);
	if (t->modes & ADJ_MAXERROR)
		kept.max_error = t->max_error;
	if (t->modes & ADJ_ESTERROR)
		kept.estimated_error = t->estimated_error;
	if (t->modes & ADJ_TIMECONST)
		kept.constant = clamp(t->constant, 0, 10);
	if (t->modes & ADJ_TAI)
		kept.tai = (int32_t)clamp(t->constant, 0, 100000);
	if (t->modes & ADJ_OFFSET)
		shift_clock(clamp(t->offset, -500000000, 500000000) * (kept.status & STA_NANO ? 1 : 1000));
	return ret;
}

/* Fills what is told in all cases; the state of the clock is the result. */
static int64_t tell(struct linux_timex *t)
{
	uint64_t now = clock_realtime_ns(), part = now % NS_PER_SECOND;
	uint32_t modes = t->modes;

	*t = kept;
	t->modes = modes;
	t->precision = 1;
	t->tolerance = FREQUENCY_MAX;
	t->tick = TICK_US;
	t->seconds = (int64_t)(now / NS_PER_SECOND);
	t->microseconds = (int64_t)(kept.status & STA_NANO ? part : part / 1000);
	return kept.status & STA_UNSYNC ? TIME_ERROR : TIME_OK;
}

static int64_t adjust(uint64_t address)
{
	struct linux_timex t;
	int64_t state;
	int ret = 0;

	if (copy_from_user(&t, address, sizeof(t)))
		return -EFAULT;
	if ((t.modes & ADJ_ADJTIME) && !(t.modes & ADJ_OFFSET)) /* a single shot is one of an offset */
		return -EINVAL;
	if (t.modes && t.modes != ADJ_OFFSET_SS_READ && !credentials_have(credentials_current(), CAPABILITY_SYS_TIME))
		return -EPERM;
	spin_lock(&lock);
	if (t.modes == ADJ_OFFSET_SINGLESHOT) /* adjtime(3): microseconds */
		shift_clock(t.offset * 1000);
	else if (t.modes != ADJ_OFFSET_SS_READ)
		ret = apply(&t);
	state = tell(&t);
	spin_unlock(&lock);
	if (ret)
		return ret;
	return copy_to_user(address, &t, sizeof(t)) ? -EFAULT : state;
}

SYSCALL_PARTIAL(adjtimex, "the clock is set at once instead of being slewed");
SYSCALL(adjtimex, 1, "p")
{
	return adjust(a->v[0]);
}

SYSCALL_PARTIAL(clock_adjtime, "of CLOCK_REALTIME alone; the clock is set at once instead of being slewed");
SYSCALL(clock_adjtime, 2, "dp")
{
	uint64_t reading;
	int clock = (int)a->v[0];

	if (clock < 0 && (clock & 7) != 3) /* clocks of CPU time (clock_getcpuclockid(3)), whether or not they are anybody's */
		return -EOPNOTSUPP;
	if (clock_read(clock, &reading))
		return -EINVAL;
	return clock == LINUX_CLOCK_REALTIME ? adjust(a->v[1]) : -EOPNOTSUPP;
}
