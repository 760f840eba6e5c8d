/* SPDX-License-Identifier: BSD-3-Clause */
/* The smallest program whose first output is timed; as a Linux guest's /init it ends the machine too. */
#include <sys/reboot.h>
#include <unistd.h>

int main(void)
{
	if (write(1, "hello\n", 6) != 6)
		return 1;
	if (getpid() == 1)
		reboot(RB_AUTOBOOT);
	return 0;
}
