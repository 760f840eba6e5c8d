/* SPDX-License-Identifier: BSD-3-Clause */
/* Opening, reading, writing, seeking, sizes, holes, O_* flags, sparse files, sendfile and friends. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>
#include "show.h"

static char buffer[65536];

static void sizes(const char *what, int fd)
{
	struct stat st;

	fstat(fd, &st);
	printf("%s: size %ld mode %o links %d\n", what, (long)st.st_size, st.st_mode, (int)st.st_nlink);
}

static void flags(void)
{
	int fd;

	SHOW(open("absent", O_RDONLY));
	SHOW(open("absent/", O_CREAT | O_WRONLY, 0644));
	SHOW(open("", O_RDONLY));
	SHOW_OK(fd = open("one", O_CREAT | O_EXCL | O_RDWR, 0666));
	SHOW(open("one", O_CREAT | O_EXCL | O_RDWR, 0666));
	SHOW(open("one/", O_RDONLY));
	SHOW(open("one/x", O_RDONLY));
	SHOW(open("one", O_DIRECTORY | O_RDONLY));
	SHOW(open(".", O_WRONLY));
	SHOW(open(".", O_RDWR | O_CREAT, 0644));
	SHOW(write(fd, "hello world", 11));
	SHOW(lseek(fd, 0, SEEK_SET));
	SHOW(read(fd, buffer, 5));
	SHOW(read(fd, buffer, 100));
	SHOW(read(fd, buffer, 100));
	SHOW(read(fd, (void *)1, 0));
	SHOW(lseek(fd, -3, SEEK_END));
	SHOW(lseek(fd, -100, SEEK_CUR));
	SHOW(lseek(fd, 0, 99));
	SHOW(lseek(fd, 3, SEEK_SET));
	SHOW(read(fd, (void *)8, 4));
	SHOW(write(fd, (void *)8, 4));
	SHOW(fcntl(fd, F_GETFL) & (O_ACCMODE | O_APPEND | O_NONBLOCK));
	close(fd);
	SHOW(read(fd, buffer, 1));
	SHOW_OK(fd = open("one", O_RDONLY));
	SHOW(write(fd, "x", 1));
	SHOW(ftruncate(fd, 1));
	close(fd);
	SHOW_OK(fd = open("one", O_WRONLY | O_TRUNC));
	SHOW(read(fd, buffer, 1));
	sizes("truncated", fd);
	close(fd);
	SHOW_OK(fd = open("one", O_WRONLY | O_APPEND));
	SHOW(write(fd, "abc", 3));
	SHOW(lseek(fd, 0, SEEK_SET));
	SHOW(write(fd, "def", 3));
	SHOW(pwrite(fd, "ghi", 3, 0));
	SHOW(lseek(fd, 0, SEEK_CUR));
	sizes("appended", fd);
	close(fd);
	SHOW_OK(fd = open("one", O_PATH));
	SHOW(read(fd, buffer, 1));
	SHOW(fchmod(fd, 0600));
	SHOW(fcntl(fd, F_GETFL) & O_PATH ? 1 : 0);
	sizes("path", fd);
	close(fd);
	SHOW_OK(fd = open(".", O_TMPFILE | O_RDWR, 0600));
	SHOW(write(fd, "unnamed", 7));
	sizes("tmpfile", fd);
	snprintf(buffer, sizeof(buffer), "/proc/self/fd/%d", fd);
	SHOW(linkat(AT_FDCWD, buffer, AT_FDCWD, "named", AT_SYMLINK_FOLLOW));
	sizes("linked", fd);
	close(fd);
	SHOW(unlink("named"));
	SHOW(creat("one", 0644) >= 0);
}

static void holes(void)
{
	int fd = open("holes", O_CREAT | O_RDWR | O_TRUNC, 0644);
	long sum = 0;

	SHOW(pwrite(fd, "end", 3, 100000));
	sizes("hole", fd);
	SHOW(pread(fd, buffer, 20000, 50000));
	for (int i = 0; i < 20000; i++)
		sum += buffer[i];
	printf("sum of hole %ld\n", sum);
	SHOW(ftruncate(fd, 100001));
	SHOW(ftruncate(fd, 200000));
	SHOW(pread(fd, buffer, 4, 99999));
	printf("%d %d %d %d\n", buffer[0], buffer[1], buffer[2], buffer[3]);
	SHOW(pread(fd, buffer, 10, 199995));
	SHOW(pread(fd, buffer, 10, 300000));
	SHOW(pread(fd, buffer, 10, -1));
	SHOW(ftruncate(fd, -1));
	SHOW(truncate("holes", 10));
	SHOW(truncate("absent", 10));
	SHOW(truncate(".", 10));
	sizes("truncated", fd);
	SHOW(fallocate(fd, 0, 0, 5000));
	sizes("allocated", fd);
	SHOW(fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 50000));
	sizes("kept", fd);
	SHOW(fallocate(fd, 0, -1, 5));
	SHOW(fallocate(fd, 0, 0, 0));
	memset(buffer, 'x', 20000);
	SHOW(pwrite(fd, buffer, 20000, 0));
	SHOW(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 5000, 10000));
	SHOW(pread(fd, buffer, 20000, 0));
	for (int i = sum = 0; i < 20000; i++)
		sum += buffer[i] == 'x';
	printf("x: %ld, at edges %d %d %d %d\n", sum, buffer[4999], buffer[5000], buffer[14999], buffer[15000]);
	SHOW(fallocate(fd, FALLOC_FL_PUNCH_HOLE, 0, 10));
	SHOW(lseek(fd, 0, SEEK_DATA));
	SHOW(lseek(fd, 20000, SEEK_DATA));
	SHOW(lseek(fd, 19999, SEEK_HOLE));
	close(fd);
}

static void vectors(void)
{
	char a[4], b[4], c[20];
	struct iovec out[3] = {{"12", 2}, {"", 0}, {"3456789", 7}}, in[3] = {{a, 4}, {b, 4}, {c, 20}};
	int fd = open("vector", O_CREAT | O_RDWR | O_TRUNC, 0644);

	SHOW(writev(fd, out, 3));
	SHOW(writev(fd, out, -1));
	SHOW(writev(fd, out, 0));
	SHOW(lseek(fd, 0, SEEK_SET));
	SHOW(readv(fd, in, 3));
	printf("%.4s|%.4s|%.1s\n", a, b, c);
	SHOW(preadv(fd, in, 2, 3));
	printf("%.4s|%.2s\n", a, b);
	SHOW(pwritev(fd, out, 3, 100));
	SHOW(preadv2(fd, in, 1, 100, 0));
	printf("%.4s\n", a);
	SHOW(pwritev2(fd, out, 3, 0, RWF_APPEND));
	sizes("vector", fd);
	out[1].iov_len = (size_t)-1;
	SHOW(writev(fd, out, 3));
	close(fd);
}

static void copies(void)
{
	int from = open("vector", O_RDONLY), to = open("copy", O_CREAT | O_RDWR | O_TRUNC, 0644), p[2];
	loff_t at = 3, where = 1;
	off_t offset = 2;

	SHOW(sendfile(to, from, (off_t *)mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 0));
	SHOW(sendfile(to, from, NULL, 5));
	SHOW(lseek(from, 0, SEEK_CUR));
	SHOW(sendfile(to, from, &offset, 4));
	printf("offset %ld position %ld\n", (long)offset, (long)lseek(from, 0, SEEK_CUR));
	SHOW(copy_file_range(from, &at, to, &where, 6, 0));
	printf("%ld %ld\n", (long)at, (long)where);
	SHOW(pread(to, buffer, 100, 0));
	printf("%.9s\n", buffer);
	SHOW(copy_file_range(from, NULL, from, NULL, 6, 1));
	SHOW(pipe(p));
	SHOW(splice(from, NULL, p[1], NULL, 4, 0));
	SHOW(splice(p[0], NULL, to, NULL, 4, 0));
	SHOW(splice(from, NULL, to, NULL, 4, 0));
	SHOW(splice(p[0], NULL, to, NULL, 4, SPLICE_F_NONBLOCK));
	sizes("copy", to);
}

static void set_size_limit(unsigned long bytes)
{
	struct rlimit limit = {bytes, RLIM_INFINITY};

	setrlimit(RLIMIT_FSIZE, &limit);
}

/* The results are printed later: the limit holds for a file that takes our output, too. */
static void limits(void)
{
	int fd = open("limited", O_CREAT | O_RDWR | O_TRUNC, 0644), status;
	long results[4], errors[4];

	if (!fork()) {
		set_size_limit(10);
		pwrite(fd, "x", 1, 10);
		_exit(0);
	}
	wait(&status);
	printf("killed by %d\n", WTERMSIG(status));
	signal(SIGXFSZ, SIG_IGN);
	set_size_limit(10);
	results[0] = write(fd, "123456789012345", 15), errors[0] = errno;
	results[1] = write(fd, "x", 1), errors[1] = errno;
	results[2] = ftruncate(fd, 11), errors[2] = errno;
	results[3] = ftruncate(fd, 5), errors[3] = errno;
	set_size_limit(RLIM_INFINITY);
	for (int i = 0; i < 4; i++)
		printf("%ld %s\n", results[i], results[i] < 0 ? strerrorname_np((int)errors[i]) : "ok");
	sizes("limited", fd);
}

static void many(void)
{
	int fd = open("many", O_CREAT | O_RDWR | O_TRUNC, 0644);
	unsigned long sum = 0;

	for (int i = 0; i < 1000; i++) {
		memset(buffer, i, 3000);
		if (write(fd, buffer, 3000) != 3000)
			printf("short\n");
	}
	lseek(fd, 0, SEEK_SET);
	for (long n; (n = read(fd, buffer, 7777)) > 0;)
		for (long i = 0; i < n; i++)
			sum = sum * 31 + (unsigned char)buffer[i];
	printf("sum %lu\n", sum);
	SHOW(fsync(fd));
	SHOW(fdatasync(fd));
	SHOW(syncfs(fd));
	sync();
	close(fd);
}

int main(void)
{
	umask(022);
	flags();
	holes();
	vectors();
	copies();
	limits();
	many();
	SHOW(open("/dev/null", O_RDONLY) >= 0);
	SHOW(write(open("/dev/full", O_WRONLY), "x", 1));
	SHOW(read(open("/dev/zero", O_RDONLY), buffer, 65536));
	SHOW(read(open("/dev/urandom", O_RDONLY), buffer, 1000));
	SHOW(read(open("/dev/null", O_RDONLY), buffer, 1000));
	return 0;
}
