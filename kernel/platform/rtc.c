/* SPDX-License-Identifier: BSD-3-Clause */
/* The clock chip: registers by index port 0x70 and data port 0x71, taken to be in UTC. */
#include "kernel/platform/rtc.h"
#include "kernel/arch/x86_64/x86.h"
#include "lib/string.h"

enum { RTC_SECOND, RTC_MINUTE = 2, RTC_HOUR = 4, RTC_DAY = 7, RTC_MONTH, RTC_YEAR, RTC_STATUS_A, RTC_STATUS_B };
#define UPDATING 0x80
#define HOURS_24 2
#define BINARY	 4
#define PM	 0x80

struct rtc_time {
	uint8_t second, minute, hour, day, month, year;
};

static uint8_t rtc_read(uint8_t reg)
{
	port_write_8(0x70, reg);
	return port_read_8(0x71);
}

static struct rtc_time rtc_read_time(void)
{
	struct rtc_time t;

	for (unsigned i = 0; i < 100000 && (rtc_read(RTC_STATUS_A) & UPDATING); i++)
		__builtin_ia32_pause();
	t.second = rtc_read(RTC_SECOND);
	t.minute = rtc_read(RTC_MINUTE);
	t.hour = rtc_read(RTC_HOUR);
	t.day = rtc_read(RTC_DAY);
	t.month = rtc_read(RTC_MONTH);
	t.year = rtc_read(RTC_YEAR);
	return t;
}

static unsigned from_bcd(uint8_t value)
{
	return (value >> 4) * 10u + (value & 15);
}

/* Days since 1970-01-01 of a date of the Gregorian calendar, counted in years that begin in March. */
static uint64_t days(unsigned year, unsigned month, unsigned day)
{
	unsigned y = month <= 2 ? year - 1 : year, m = month <= 2 ? month + 9 : month - 3;

	return y * 365ull + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 + day - 1 - 719468;
}

uint64_t rtc_read_seconds(void)
{
	struct rtc_time t = rtc_read_time(), again = rtc_read_time();
	uint8_t status = rtc_read(RTC_STATUS_B);
	unsigned hour;

	for (int i = 0; i < 3 && memcmp(&t, &again, sizeof(t)); i++) {
		t = again;
		again = rtc_read_time();
	}
	if (t.month == 0xff)
		return 0;
	hour = t.hour & ~PM;
	if (!(status & BINARY)) {
		hour = from_bcd((uint8_t)hour);
		t = (struct rtc_time){(uint8_t)from_bcd(t.second), (uint8_t)from_bcd(t.minute), t.hour, (uint8_t)from_bcd(t.day), (uint8_t)from_bcd(t.month),
		    (uint8_t)from_bcd(t.year)};
	}
	if (!(status & HOURS_24))
		hour = hour % 12 + (t.hour & PM ? 12 : 0);
	return (days(2000 + t.year, t.month, t.day) * 24 + hour) * 3600 + t.minute * 60u + t.second;
}
