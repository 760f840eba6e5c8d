/* SPDX-License-Identifier: BSD-3-Clause */
/* The program of exhaustion.test: takes all that there is of something, and says with which error that ended. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MIB = 1 << 20 };

/* Ends what was started below, and shows that the machine still makes processes. */
static int recover(void)
{
	pid_t child;
	int status;

	signal(SIGTERM, SIG_IGN);
	kill(0, SIGTERM);
	while (wait(NULL) > 0)
		;
	/* Grandchildren are init's to wait for. */
	for (int tries = 0; (child = fork()) < 0 && errno == EAGAIN && tries < 1000; tries++)
		usleep(10000);
	if (!child)
		_exit(7);
	if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) != 7) {
		printf("no new process: %s\n", strerror(errno));
		return 1;
	}
	puts("and goes on");
	return 0;
}

/* Every process forks until fork fails. */
static int fork_bomb(void)
{
	pid_t first = getpid();
	int error;

	while (fork() >= 0)
		;
	error = errno;
	if (getpid() != first)
		for (;;)
			pause();
	printf("fork: %s\n", strerror(error));
	return recover();
}

/* Children that nobody waits for. */
static int zombies(void)
{
	pid_t child;

	while ((child = fork()) > 0)
		;
	if (!child)
		_exit(0);
	printf("fork: %s\n", strerror(errno));
	return recover();
}

static void *stay(void *unused)
{
	for (;;)
		pause();
	return unused;
}

static int threads(void)
{
	pthread_attr_t attr;
	pthread_t thread;
	int error;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 16384);
	while (!(error = pthread_create(&thread, &attr, stay, NULL)))
		;
	printf("pthread_create: %s\n", strerror(error));
	return 0;
}

static void take_all_memory(void)
{
	for (char *p; (p = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) != MAP_FAILED;)
		memset(p, 1, MIB);
	_exit(3);
}

/* `nr` children take all memory; this process lives. */
static int hogs(int nr)
{
	int status, killed = 0;

	for (int i = 0; i < nr; i++)
		if (!fork())
			take_all_memory();
	while (wait(&status) > 0)
		killed += WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
	printf("%d of %d killed\n", killed, nr);
	return recover();
}

/* A file in memory, without a name, that its mapping alone keeps. */
static void fill_memory_file(void)
{
	size_t len = 1ul << 30;
	int fd = memfd_create("hog", 0);
	volatile char *at;

	if (ftruncate(fd, (off_t)len))
		_exit(1);
	at = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	for (size_t i = 0; i < len; i += 4096)
		at[i] = 1;
	_exit(2);
}

/* The one that keeps files in memory is the largest, though its own pages are few. */
static int memory_files(void)
{
	char *memory = mmap(NULL, 4 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int status;

	memset(memory, 1, 4 * MIB);
	if (!fork()) {
		munmap(memory, 4 * MIB);
		for (;;) {
			int fd = memfd_create("kept", 0);

			for (int i = 0; i < 1024; i++)
				if (write(fd, "x", 1) == 1)
					lseek(fd, 1023, SEEK_CUR);
		}
	}
	wait(&status);
	printf("%d of 1 killed\n", WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	munmap(memory, 4 * MIB);
	return recover();
}

/* Whoever needs memory while a hog is dying, and gives its own back, waits for it, and does not die too. */
static int beside_hogs(void)
{
	int status, killed = 0;

	for (int i = 0; i < 15; i++) {
		pid_t pid = fork();

		if (!pid)
			fill_memory_file();
		while (!waitpid(pid, &status, WNOHANG)) {
			char *memory = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

			if (memory != MAP_FAILED) {
				memset(memory, 1, MIB);
				munmap(memory, MIB);
			}
		}
		killed += WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
	}
	printf("%d of 15 killed\n", killed);
	return recover();
}

/* A file in memory is bounded by its file system, which has half of the memory. */
static int shared_memory(void)
{
	static char block[MIB];
	int fd = open("/dev/shm/all", O_CREAT | O_RDWR, 0600);

	memset(block, 1, sizeof(block));
	while (write(fd, block, sizeof(block)) > 0)
		;
	printf("write: %s\n", strerror(errno));
	unlink("/dev/shm/all");
	close(fd);
	return recover();
}

static int descriptors(void)
{
	int ends[2], nr = 0;

	while (!pipe(ends))
		nr += 2;
	printf("pipe: %s after %d\n", strerror(errno), nr + 3);
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	setvbuf(stdout, NULL, _IOLBF, 0);
	return !strcmp(what, "fork") ? fork_bomb()
	     : !strcmp(what, "zombies") ? zombies()
	     : !strcmp(what, "threads") ? threads()
	     : !strcmp(what, "memory") ? (take_all_memory(), 1)
	     : !strcmp(what, "hog") ? hogs(1)
	     : !strcmp(what, "hogs") ? hogs(8)
	     : !strcmp(what, "beside-hogs") ? beside_hogs()
	     : !strcmp(what, "memory-files") ? memory_files()
	     : !strcmp(what, "shm") ? shared_memory()
	     : !strcmp(what, "descriptors") ? descriptors()
	     : 2;
}
