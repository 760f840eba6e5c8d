/* Calls of all kinds, for strace.test: between two marks, what is printed depends on nothing but the calls. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

static int pipes[2];

static void handler(int signal)
{
}

static void *reader(void *unused)
{
	char byte;

	return (void *)read(pipes[0], &byte, 1);
}

static void files(void)
{
	char bytes[64];
	struct iovec iov[2] = {{"one", 3}, {"two\n", 4}};
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 10};
	struct timespec times[2] = {{5, 6}, {0, UTIME_OMIT}};
	int fd = open("strace-file", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);

	write(fd, "a\tb\1" "2\"\\\n", 8);
	writev(fd, iov, 2);
	lseek(fd, 0, SEEK_SET);
	read(fd, bytes, 4);
	pread(fd, bytes, 40, 2);
	lseek(fd, -1, SEEK_SET);
	fcntl(fd, F_GETFD);
	fcntl(fd, F_GETFL);
	fcntl(fd, F_SETFL, O_APPEND | O_NONBLOCK);
	fcntl(fd, F_SETLK, &lock);
	flock(fd, LOCK_EX | LOCK_NB);
	fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 100);
	ftruncate(fd, 3);
	futimens(fd, times);
	posix_fadvise(fd, 0, 10, POSIX_FADV_WILLNEED);
	fsetxattr(fd, "user.x", "value", 5, XATTR_CREATE);
	fgetxattr(fd, "user.x", bytes, sizeof(bytes));
	close(fd);
	open("strace-none/x", O_RDONLY | O_NOFOLLOW);
	openat(AT_FDCWD, "strace-none", O_WRONLY | O_DIRECTORY);
	access("strace-file", R_OK | W_OK);
	faccessat(AT_FDCWD, "strace-none", F_OK, 0);
	chmod("strace-file", 04755);
	symlink("strace-file", "strace-link");
	readlink("strace-link", bytes, sizeof(bytes));
	rename("strace-file", "strace-new");
	renameat2(AT_FDCWD, "strace-new", AT_FDCWD, "strace-link", RENAME_NOREPLACE);
	mkdir("strace-folder", 0700);
	rmdir("strace-folder");
	unlink("strace-link");
	unlinkat(AT_FDCWD, "strace-new", 0);
	mknod("strace-fifo", S_IFIFO | 0600, 0);
	unlink("strace-fifo");
	getcwd(bytes, 1);
	close(777);
	memfd_create("memory", MFD_CLOEXEC | MFD_ALLOW_SEALING);
}

static void memory(void)
{
	char *at = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	mprotect(at, 4096, PROT_NONE);
	madvise(at, 4096, MADV_DONTNEED);
	mremap(at, 8192, 4096, MREMAP_MAYMOVE);
	msync(at, 4096, MS_SYNC);
	munmap(at, 4096);
	mmap(NULL, 0, PROT_READ, MAP_SHARED, -1, 0);
}

static void signals(void)
{
	struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART | SA_NODEFER};
	stack_t stack = {.ss_flags = SS_DISABLE};
	siginfo_t info;
	struct timespec none = {0, 0};
	sigset_t set;

	sigemptyset(&action.sa_mask);
	sigaddset(&action.sa_mask, SIGUSR2);
	sigaction(SIGUSR1, &action, NULL);
	sigaction(SIGUSR1, NULL, &action);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGRTMIN + 3);
	sigprocmask(SIG_BLOCK, &set, NULL);
	sigfillset(&set);
	sigprocmask(SIG_SETMASK, &set, &set);
	sigprocmask(SIG_SETMASK, &set, NULL);
	sigaltstack(&stack, NULL);
	sigtimedwait(&set, &info, &none);
	signalfd(-1, &set, SFD_NONBLOCK);
	kill(getpid(), SIGUSR1);
	kill(0x7fffffff, 0);
}

static void processes(void)
{
	struct rlimit limit = {10, RLIM_INFINITY};
	int status;

	if (!syscall(SYS_fork))
		syscall(SYS_exit_group, 3);
	wait4(-1, &status, 0, NULL);
	if (!syscall(SYS_fork))
		kill(getpid(), SIGKILL);
	wait4(-1, &status, WUNTRACED, NULL);
	wait4(-1, &status, WNOHANG, NULL);
	setrlimit(RLIMIT_CORE, &limit);
	prctl(PR_SET_NAME, "a name");
	prctl(PR_SET_PDEATHSIG, SIGHUP);
	getpriority(PRIO_PROCESS, 0);
	execl("strace-none", "strace-none", "argument", NULL);
	syscall(SYS_futex, &status, 1 | 128, 1, NULL, NULL, 0);
	syscall(9999, 1, 2, 3, 4, 5, 6);
}

static void sockets(void)
{
	struct sockaddr_in four = {AF_INET, htons(9), {htonl(INADDR_LOOPBACK)}};
	struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(80), .sin6_addr.s6_addr = {0x20, 1, 0xd, 0xb8, [15] = 7}};
	struct sockaddr_un local = {AF_UNIX, "strace-socket"};
	int two[2], one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP);
	char bytes[8];

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	setsockopt(fd, IPPROTO_TCP, 1, &one, sizeof(one));
	bind(fd, (void *)&six, sizeof(six));
	bind(777, (void *)&four, sizeof(four));
	connect(777, (void *)&local, sizeof(local));
	socketpair(AF_UNIX, SOCK_DGRAM, 0, two);
	sendto(two[0], "hello", 5, MSG_NOSIGNAL | MSG_DONTWAIT, NULL, 0);
	recvfrom(two[1], bytes, sizeof(bytes), MSG_PEEK, NULL, NULL);
	shutdown(two[0], SHUT_RDWR);
}

static void events(void)
{
	struct epoll_event event = {EPOLLIN | EPOLLET, {.u64 = 7}};
	struct itimerspec timer = {{1, 2}, {3, 4}};
	struct timespec short_time = {0, 1000};
	struct pollfd polled;
	fd_set set;
	int epoll = epoll_create1(EPOLL_CLOEXEC), fd = eventfd(1, EFD_NONBLOCK);

	polled = (struct pollfd){fd, POLLIN | POLLPRI, 0};
	poll(&polled, 1, 0);
	polled.events = POLLPRI;
	poll(&polled, 1, 0);
	FD_ZERO(&set);
	FD_SET(fd, &set);
	syscall(SYS_select, fd + 1, NULL, NULL, &set, &(struct timeval){0, 5});
	epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
	epoll_wait(epoll, &event, 1, 0);
	fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	timerfd_settime(fd, 0, &timer, NULL);
	fd = inotify_init1(IN_NONBLOCK);
	inotify_add_watch(fd, "strace-none", IN_CREATE | IN_DELETE);
	clock_nanosleep(CLOCK_MONOTONIC, 0, &short_time, NULL);
	syscall(SYS_clock_gettime, CLOCK_TAI, 8);
	prctl(PR_GET_KEEPCAPS);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

int main(void)
{
	pthread_t thread;

	alarm(30);
	write(777, "begin", 5);
	files();
	memory();
	signals();
	processes();
	sockets();
	events();
	write(777, "end", 3);
	/* Another thread waits in a call, and goes on. */
	if (pipe(pipes))
		return 1;
	pthread_create(&thread, NULL, reader, NULL);
	usleep(100000);
	write(pipes[1], "x", 1);
	pthread_join(thread, NULL);
	return 5;
}
