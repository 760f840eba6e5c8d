/* SPDX-License-Identifier: BSD-3-Clause */
/* Stands before QEMU: writes to the file named by QEMU_STARTED when QEMU starts, in seconds of the monotonic clock, and becomes it. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	char text[64];
	struct timespec now;
	int fd = open(getenv("QEMU_STARTED"), O_WRONLY | O_CREAT | O_TRUNC, 0600), len;

	clock_gettime(CLOCK_MONOTONIC, &now);
	len = snprintf(text, sizeof(text), "%lld.%09ld\n", (long long)now.tv_sec, now.tv_nsec);
	if (fd < 0 || write(fd, text, (size_t)len) != len)
		return 1;
	close(fd);
	execvp("qemu-system-x86_64", argv);
	return 1;
}
