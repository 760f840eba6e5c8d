/* SPDX-License-Identifier: BSD-3-Clause */
/* fcntl(2), F_NOTIFY: signals about what happens in a directory. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "show.h"

#define CHOSEN (SIGRTMIN + 3)

static int directory;

/* What came, of signals that are blocked: one that is due is waited for, one that is not due a moment. */
static int took(int signal, bool is_due)
{
	struct timespec time = is_due ? (struct timespec){60, 0} : (struct timespec){0, 50000000};
	siginfo_t info;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, signal);
	if (sigtimedwait(&set, &info, &time) < 0)
		return 0;
	if (signal != SIGIO)
		printf("code %d, band %#lx, descriptor is ours: %d\n", info.si_code, info.si_band, info.si_fd == directory);
	return 1;
}

static void make_file(const char *name)
{
	close(openat(directory, name, O_CREAT | O_WRONLY, 0644));
}

static void write_file(const char *name, const char *text)
{
	int fd = openat(directory, name, O_WRONLY);

	if (write(fd, text, strlen(text)) < 0)
		perror("write");
	close(fd);
}

static void test_once(void)
{
	printf("-- once\n");
	SHOW(fcntl(directory, F_NOTIFY, DN_CREATE));
	SHOW(fcntl(directory, F_GETOWN) == getpid());
	make_file("a");
	SHOW(took(SIGIO, true));
	make_file("b");
	SHOW(took(SIGIO, false));
	SHOW(fcntl(directory, F_NOTIFY, DN_CREATE | DN_DELETE)); /* the first of them ends it */
	unlinkat(directory, "b", 0);
	SHOW(took(SIGIO, true));
	make_file("b");
	SHOW(took(SIGIO, false));
}

static void test_each(void)
{
	printf("-- each of them\n");
	SHOW(fcntl(directory, F_SETSIG, CHOSEN));
	SHOW(fcntl(directory, F_NOTIFY, DN_ACCESS | DN_MODIFY | DN_CREATE | DN_DELETE | DN_RENAME | DN_ATTRIB | DN_MULTISHOT));
	make_file("c");
	SHOW(took(CHOSEN, true));
	write_file("c", "text");
	SHOW(took(CHOSEN, true));
	fchmodat(directory, "c", 0600, 0);
	SHOW(took(CHOSEN, true));
	mkdirat(directory, "sub", 0755);
	SHOW(took(CHOSEN, true));
	renameat(directory, "c", directory, "sub/c"); /* left */
	SHOW(took(CHOSEN, true));
	renameat(directory, "sub/c", directory, "c"); /* came */
	SHOW(took(CHOSEN, true));
	renameat(directory, "c", directory, "d"); /* renamed, left, came */
	SHOW(took(CHOSEN, true) + took(CHOSEN, true) + took(CHOSEN, true));
	make_file("sub/inner"); /* of another directory */
	SHOW(took(CHOSEN, false));
	unlinkat(directory, "d", 0);
	SHOW(took(CHOSEN, true));
}

static void drain(void)
{
	while (took(CHOSEN, false))
		;
}

static void test_masks(void)
{
	printf("-- masks\n");
	SHOW(fcntl(directory, F_NOTIFY, 0)); /* nothing from now on */
	drain();
	make_file("e");
	SHOW(took(CHOSEN, false));
	SHOW(fcntl(directory, F_NOTIFY, DN_MULTISHOT));
	make_file("f");
	SHOW(took(CHOSEN, false));
	SHOW(fcntl(directory, F_NOTIFY, DN_CREATE));
	SHOW(fcntl(directory, F_NOTIFY, DN_DELETE | DN_MULTISHOT)); /* both, from now on */
	make_file("g");
	SHOW(took(CHOSEN, true));
	unlinkat(directory, "f", 0);
	SHOW(took(CHOSEN, true));
}

static void test_renamed_only(void)
{
	printf("-- renamed in the directory\n");
	SHOW(fcntl(directory, F_NOTIFY, 0));
	drain();
	SHOW(fcntl(directory, F_NOTIFY, DN_RENAME | DN_MULTISHOT));
	renameat(directory, "g", directory, "sub/g");
	SHOW(took(CHOSEN, false));
	renameat(directory, "sub/g", directory, "g");
	SHOW(took(CHOSEN, false));
	renameat(directory, "g", directory, "h");
	SHOW(took(CHOSEN, true));
	SHOW(took(CHOSEN, false));
}

/* Closing any descriptor of the file ends it, in the table that asked only. */
static void test_close(void)
{
	int copy = dup(directory);
	pid_t child = fork();

	printf("-- close\n");
	if (!child) {
		close(directory);
		_exit(0);
	}
	waitpid(child, NULL, 0);
	renameat(directory, "h", directory, "i");
	SHOW(took(CHOSEN, true));
	close(copy);
	renameat(directory, "i", directory, "j");
	SHOW(took(CHOSEN, false));
	SHOW(fcntl(directory, F_NOTIFY, DN_RENAME | DN_MULTISHOT));
	close(directory);
	rename("watched/j", "watched/k");
	SHOW(took(CHOSEN, false));
}

static void test_errors(void)
{
	int file = open("plain", O_CREAT | O_RDWR, 0644), ends[2], path = open("watched", O_PATH);

	printf("-- errors\n");
	SHOW(fcntl(file, F_NOTIFY, DN_CREATE));
	SHOW(fcntl(file, F_NOTIFY, 0));
	SHOW(pipe(ends));
	SHOW(fcntl(ends[0], F_NOTIFY, DN_CREATE));
	SHOW(fcntl(path, F_NOTIFY, DN_CREATE));
	SHOW(fcntl(-1, F_NOTIFY, DN_CREATE));
	SHOW(unlink("plain"));
}

int main(void)
{
	sigset_t set;

	setvbuf(stdout, NULL, _IOLBF, 0);
	sigemptyset(&set);
	sigaddset(&set, SIGIO);
	sigaddset(&set, CHOSEN);
	sigprocmask(SIG_BLOCK, &set, NULL);
	mkdir("watched", 0755);
	directory = open("watched", O_RDONLY | O_DIRECTORY);
	test_once();
	test_each();
	test_masks();
	test_renamed_only();
	test_close();
	test_errors();
	return 0;
}
