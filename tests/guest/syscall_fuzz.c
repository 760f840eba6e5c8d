/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Hostile system calls: random ones of the table below with random arguments, from short-lived children, by a seed. The kernel survives, and
 * still does what it should afterwards. An argument replays one seed; a second one sets the seconds.
 * On Linux it must do no harm, as root either: children touch only themselves and their own folder, whose names are relative and fixed.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	SECONDS = 5,
	CALLS_OF_CHILD = 400,
	CHILD_MS = 300,	   /* how long a child may run, */
	STUCK_MS = 20000, /* and how long it may take to die */
	POOL_PAGES = 16,
	FILE_SIZE_MAX = 4 << 20,
};

/* What an argument is. */
enum kind {
	NONE,
	NUMBER,	 /* anything */
	FD,	 /* of ours, or nonsense */
	NAME,	 /* of our folder: the call may change what it names */
	OPENED,	 /* a name to open or look at only */
	AT,	 /* a folder's descriptor */
	BUFFER,	 /* memory: good, at the end of what is mapped, or nonsense */
	LENGTH,	 /* small, or nonsense */
	SPACE,	 /* small, negative or absurd: what takes room on a disk */
	VECTOR,	 /* of struct iovec */
	COUNT,	 /* of a vector */
	MESSAGE, /* struct msghdr */
	PAGES,	 /* an address within the pool */
	FLAGS,	 /* few bits */
	SELF,	 /* our own process, 0 or one that is none */
	SIGNAL,
	TIMESPEC,
	SMALL,
	COMMAND, /* of ioctl */
	NODE,	 /* a mode of mknod, no device */
	ADVICE,
	LOCAL,	 /* address family: AF_UNIX or nonsense */
	SOCKADDR,
	LEVEL, /* of socket options */
	POLICY,
};

struct call {
	short nr;
	unsigned char kind[6];
};

static const struct call calls[] = {
	{SYS_read, {FD, BUFFER, LENGTH}}, {SYS_write, {FD, BUFFER, LENGTH}}, {SYS_close, {FD}}, {SYS_lseek, {FD, SPACE, SMALL}},
	{SYS_pread64, {FD, BUFFER, LENGTH, NUMBER}}, {SYS_pwrite64, {FD, BUFFER, LENGTH, SPACE}}, {SYS_readv, {FD, VECTOR, COUNT}},
	{SYS_writev, {FD, VECTOR, COUNT}}, {SYS_preadv2, {FD, VECTOR, COUNT, NUMBER, NUMBER, FLAGS}},
	{SYS_pwritev2, {FD, VECTOR, COUNT, SPACE, NONE, FLAGS}}, {SYS_open, {OPENED, NUMBER, NUMBER}}, {SYS_openat, {AT, OPENED, FLAGS, NUMBER}},
	{SYS_openat2, {AT, OPENED, BUFFER, LENGTH}}, {SYS_creat, {NAME, NUMBER}}, {SYS_stat, {OPENED, BUFFER}}, {SYS_fstat, {FD, BUFFER}},
	{SYS_lstat, {OPENED, BUFFER}}, {SYS_newfstatat, {AT, OPENED, BUFFER, FLAGS}}, {SYS_statx, {AT, OPENED, FLAGS, NUMBER, BUFFER}},
	{SYS_statfs, {OPENED, BUFFER}}, {SYS_fstatfs, {FD, BUFFER}}, {SYS_access, {OPENED, NUMBER}}, {SYS_faccessat2, {AT, OPENED, SMALL, FLAGS}},
	{SYS_poll, {BUFFER, LENGTH, SMALL}}, {SYS_ppoll, {BUFFER, SMALL, TIMESPEC, BUFFER, SMALL}}, {SYS_select, {SMALL, BUFFER, BUFFER, BUFFER, TIMESPEC}},
	{SYS_pselect6, {SMALL, BUFFER, BUFFER, BUFFER, TIMESPEC, BUFFER}}, {SYS_select, {NUMBER, BUFFER, BUFFER, BUFFER, TIMESPEC}},
	{SYS_ioctl, {FD, COMMAND, BUFFER}}, {SYS_ioctl, {FD, COMMAND, SMALL}}, {SYS_fcntl, {FD, SMALL, NUMBER}}, {SYS_fcntl, {FD, SMALL, BUFFER}},
	{SYS_fcntl, {FD, SMALL, FD}}, {SYS_flock, {FD, SMALL}}, {SYS_dup, {FD}}, {SYS_dup2, {FD, FD}}, {SYS_dup3, {FD, FD, FLAGS}},
	{SYS_close_range, {FD, FD, SMALL}}, {SYS_pipe2, {BUFFER, FLAGS}}, {SYS_ftruncate, {FD, SPACE}}, {SYS_truncate, {NAME, SPACE}},
	{SYS_fallocate, {FD, FLAGS, SPACE, SPACE}}, {SYS_fsync, {FD}}, {SYS_fdatasync, {FD}}, {SYS_sync_file_range, {FD, NUMBER, NUMBER, SMALL}},
	{SYS_fadvise64, {FD, NUMBER, NUMBER, SMALL}}, {SYS_readahead, {FD, NUMBER, LENGTH}}, {SYS_sendfile, {FD, FD, BUFFER, LENGTH}},
	{SYS_splice, {FD, BUFFER, FD, BUFFER, LENGTH, FLAGS}}, {SYS_splice, {FD, NONE, FD, NONE, LENGTH, FLAGS}}, {SYS_tee, {FD, FD, LENGTH, FLAGS}},
	{SYS_vmsplice, {FD, VECTOR, COUNT, FLAGS}}, {SYS_copy_file_range, {FD, BUFFER, FD, BUFFER, LENGTH, NONE}},
	{SYS_copy_file_range, {FD, NONE, FD, NONE, LENGTH, NONE}}, {SYS_getdents64, {FD, BUFFER, LENGTH}}, {SYS_getdents, {FD, BUFFER, LENGTH}},
	{SYS_getcwd, {BUFFER, LENGTH}}, {SYS_readlink, {OPENED, BUFFER, LENGTH}}, {SYS_readlinkat, {AT, OPENED, BUFFER, LENGTH}},
	{SYS_mkdir, {NAME, NUMBER}}, {SYS_mkdirat, {AT, NAME, NUMBER}}, {SYS_rmdir, {NAME}}, {SYS_unlink, {NAME}}, {SYS_unlinkat, {AT, NAME, FLAGS}},
	{SYS_rename, {NAME, NAME}}, {SYS_renameat2, {AT, NAME, AT, NAME, SMALL}}, {SYS_link, {NAME, NAME}}, {SYS_linkat, {AT, NAME, AT, NAME, FLAGS}},
	{SYS_symlink, {NAME, NAME}}, {SYS_symlinkat, {NAME, AT, NAME}}, {SYS_mknod, {NAME, NODE, NONE}}, {SYS_mknodat, {AT, NAME, NODE, NONE}},
	{SYS_chmod, {NAME, NUMBER}}, {SYS_fchmodat, {AT, NAME, NUMBER}}, {SYS_chown, {NAME, NUMBER, NUMBER}}, {SYS_utimensat, {AT, NAME, BUFFER, FLAGS}},
	{SYS_utimes, {NAME, BUFFER}}, {SYS_setxattr, {NAME, BUFFER, BUFFER, LENGTH, SMALL}}, {SYS_getxattr, {NAME, BUFFER, BUFFER, LENGTH}},
	{SYS_fsetxattr, {FD, OPENED, BUFFER, LENGTH, SMALL}}, {SYS_listxattr, {NAME, BUFFER, LENGTH}}, {SYS_removexattr, {NAME, BUFFER}},
	{SYS_fanotify_init, {NUMBER, FLAGS}}, {SYS_fanotify_mark, {FD, NUMBER, NUMBER, AT, OPENED}}, {SYS_inotify_init1, {FLAGS}}, {SYS_inotify_add_watch, {FD, OPENED, NUMBER}}, {SYS_inotify_rm_watch, {FD, SMALL}}, {SYS_eventfd2, {NUMBER, FLAGS}},
	{SYS_epoll_create1, {FLAGS}}, {SYS_epoll_ctl, {FD, SMALL, FD, BUFFER}}, {SYS_epoll_ctl, {FD, SMALL, FD, BUFFER}},
	{SYS_epoll_pwait, {FD, BUFFER, COUNT, SMALL, BUFFER, SMALL}}, {SYS_signalfd4, {FD, BUFFER, SMALL, FLAGS}}, {SYS_timerfd_create, {SMALL, FLAGS}},
	{SYS_timerfd_settime, {FD, SMALL, BUFFER, BUFFER}}, {SYS_timerfd_gettime, {FD, BUFFER}}, {SYS_memfd_create, {OPENED, FLAGS}},
	{SYS_pidfd_open, {SELF, FLAGS}}, {SYS_socket, {LOCAL, SMALL, SMALL}}, {SYS_socketpair, {LOCAL, SMALL, SMALL, BUFFER}},
	{SYS_bind, {FD, SOCKADDR, LENGTH}}, {SYS_bind, {FD, BUFFER, LENGTH}}, {SYS_connect, {FD, SOCKADDR, LENGTH}}, {SYS_listen, {FD, NUMBER}},
	{SYS_accept4, {FD, BUFFER, BUFFER, FLAGS}}, {SYS_getsockname, {FD, BUFFER, BUFFER}}, {SYS_getpeername, {FD, BUFFER, BUFFER}},
	{SYS_setsockopt, {FD, LEVEL, SMALL, BUFFER, LENGTH}}, {SYS_getsockopt, {FD, LEVEL, SMALL, BUFFER, BUFFER}}, {SYS_shutdown, {FD, SMALL}},
	{SYS_sendto, {FD, BUFFER, LENGTH, FLAGS, SOCKADDR, LENGTH}}, {SYS_recvfrom, {FD, BUFFER, LENGTH, FLAGS, BUFFER, BUFFER}},
	{SYS_sendmsg, {FD, MESSAGE, FLAGS}}, {SYS_sendmsg, {FD, MESSAGE, FLAGS}}, {SYS_recvmsg, {FD, MESSAGE, FLAGS}}, {SYS_recvmsg, {FD, MESSAGE, FLAGS}},
	{SYS_sendmmsg, {FD, MESSAGE, COUNT, FLAGS}}, {SYS_recvmmsg, {FD, MESSAGE, COUNT, FLAGS, TIMESPEC}},
	{SYS_mmap, {PAGES, LENGTH, SMALL, FLAGS, FD, NUMBER}}, {SYS_mmap, {NONE, LENGTH, SMALL, FLAGS, FD, NUMBER}},
	{SYS_mmap, {PAGES, SPACE, SMALL, FLAGS, FD, NONE}}, {SYS_munmap, {PAGES, LENGTH}}, {SYS_mprotect, {PAGES, LENGTH, SMALL}},
	{SYS_mremap, {PAGES, LENGTH, LENGTH, SMALL, PAGES}}, {SYS_madvise, {PAGES, LENGTH, ADVICE}}, {SYS_msync, {PAGES, LENGTH, SMALL}},
	{SYS_mincore, {PAGES, LENGTH, BUFFER}}, {SYS_mlock2, {PAGES, LENGTH, SMALL}}, {SYS_munlock, {PAGES, LENGTH}}, {SYS_mlockall, {SMALL}},
	{SYS_munlockall, {NONE}}, {SYS_brk, {NUMBER}}, {SYS_mbind, {PAGES, LENGTH, SMALL, BUFFER, LENGTH, SMALL}}, {SYS_set_mempolicy, {SMALL, BUFFER, LENGTH}},
	{SYS_get_mempolicy, {BUFFER, BUFFER, LENGTH, PAGES, SMALL}}, {SYS_membarrier, {FLAGS, SMALL, SMALL}},
	{SYS_rt_sigaction, {SIGNAL, BUFFER, BUFFER, SMALL}}, {SYS_rt_sigprocmask, {SMALL, BUFFER, BUFFER, SMALL}}, {SYS_rt_sigpending, {BUFFER, SMALL}},
	{SYS_rt_sigtimedwait, {BUFFER, BUFFER, TIMESPEC, SMALL}}, {SYS_rt_sigsuspend, {BUFFER, SMALL}}, {SYS_sigaltstack, {BUFFER, BUFFER}},
	{SYS_rt_sigqueueinfo, {SELF, SIGNAL, BUFFER}}, {SYS_rt_sigreturn, {NONE}}, {SYS_timer_create, {SMALL, BUFFER, BUFFER}},
	{SYS_timer_create, {SMALL, NONE, BUFFER}}, {SYS_timer_settime, {SMALL, SMALL, BUFFER, BUFFER}}, {SYS_timer_gettime, {SMALL, BUFFER}},
	{SYS_timer_delete, {SMALL}}, {SYS_timer_getoverrun, {SMALL}}, {SYS_getitimer, {SMALL, BUFFER}}, {SYS_setitimer, {SMALL, BUFFER, BUFFER}},
	{SYS_nanosleep, {TIMESPEC, BUFFER}}, {SYS_clock_nanosleep, {SMALL, SMALL, TIMESPEC, BUFFER}}, {SYS_clock_gettime, {SMALL, BUFFER}},
	{SYS_clock_getres, {NUMBER, BUFFER}}, {SYS_clock_gettime, {NUMBER, BUFFER}}, {SYS_gettimeofday, {BUFFER, BUFFER}}, {SYS_times, {BUFFER}},
	{SYS_time, {BUFFER}}, {SYS_getcpu, {BUFFER, BUFFER}}, {SYS_uname, {BUFFER}}, {SYS_sysinfo, {BUFFER}}, {SYS_getrandom, {BUFFER, LENGTH, FLAGS}},
	{SYS_getrusage, {SMALL, BUFFER}}, {SYS_getrlimit, {SMALL, BUFFER}}, {SYS_prlimit64, {SELF, SMALL, NONE, BUFFER}}, {SYS_getgroups, {NUMBER, BUFFER}},
	{SYS_getresuid, {BUFFER, BUFFER, BUFFER}}, {SYS_getresgid, {BUFFER, BUFFER, BUFFER}}, {SYS_getpgid, {SELF}}, {SYS_getsid, {SELF}},
	{SYS_setpgid, {SELF, SELF}}, {SYS_setsid, {NONE}}, {SYS_getpriority, {SMALL, SELF}}, {SYS_sched_yield, {NONE}},
	{SYS_sched_getaffinity, {SELF, LENGTH, BUFFER}}, {SYS_sched_setaffinity, {SELF, LENGTH, BUFFER}}, {SYS_sched_getparam, {SELF, BUFFER}},
	{SYS_sched_getattr, {SELF, BUFFER, LENGTH, SMALL}}, {SYS_sched_setscheduler, {SELF, POLICY, BUFFER}}, {SYS_sched_rr_get_interval, {SELF, BUFFER}},
	{SYS_sched_get_priority_max, {NUMBER}}, {SYS_futex, {BUFFER, SMALL, NUMBER, TIMESPEC, BUFFER, NUMBER}}, {SYS_futex, {BUFFER, FLAGS, SMALL, TIMESPEC, BUFFER, SMALL}},
	{SYS_set_robust_list, {BUFFER, SMALL}}, {SYS_set_robust_list, {BUFFER, SMALL}}, {SYS_get_robust_list, {SELF, BUFFER, BUFFER}},
	{SYS_set_tid_address, {BUFFER}}, {SYS_rseq, {BUFFER, LENGTH, SMALL, NUMBER}}, {SYS_arch_prctl, {NUMBER, BUFFER}}, {SYS_prctl, {SMALL, BUFFER, BUFFER, SMALL, SMALL}},
	{SYS_prctl, {SMALL, SMALL, SMALL, SMALL, SMALL}}, {SYS_personality, {NUMBER}}, {SYS_umask, {NUMBER}}, {SYS_wait4, {SELF, BUFFER, FLAGS, BUFFER}},
	{SYS_waitid, {SMALL, SELF, BUFFER, FLAGS, BUFFER}}, {SYS_tgkill, {SELF, SELF, SIGNAL}}, {SYS_capget, {BUFFER, BUFFER}},
	{SYS_execve, {OPENED, BUFFER, BUFFER}}, {SYS_execveat, {FD, OPENED, BUFFER, BUFFER, FLAGS}}, {SYS_ioprio_get, {SMALL, SELF}},
};

static uint64_t state;
static char *pool; /* shared memory of the child's, the page behind it not mapped */
static const char *const names[] = {"a", "b", "c", "d", "d/e", "d/f", "s", "l", "a/b", "d/", "", "./a", "long-name-long-name-long-name-long-name"};
static const char *const looked_at[] = {
	".", "/", "/dev/null", "/dev/zero", "/dev/ptmx", "/dev/pts", "/proc/self/maps", "/proc/self/mem", "/proc/self/fd", "/proc/self/fd/3", "/proc/self/stat",
	"/proc/self/status", "/proc/self/exe", "/proc/self/cwd", "/proc/self/task", "/proc/meminfo", "/proc/cpuinfo", "/proc/self/environ", "/proc/mounts",
	"elf", "script", "/dev/full", "/proc/self/fd/5", "/dev/urandom", "/proc", "/proc/self/smaps", "/proc/self/cmdline", "/proc/stat", "/proc/self/auxv",
};

#define BELOW(n) ((unsigned)(draw() % (n)))
#define ONE_OF(array) ((array)[BELOW(sizeof(array) / sizeof((array)[0]))])

static uint64_t draw(void) /* xorshift64* */
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (state * 0x2545f4914f6cdd1du) >> 8;
}

static uint64_t number(void)
{
	static const uint64_t edges[] = {0, 1, 2, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, INT64_MAX, 1ull << 63, UINT64_MAX, UINT64_MAX - 4095, 4096, 0x7ffffffff000};

	switch (BELOW(4)) {
	case 0:
		return ONE_OF(edges);
	case 1:
		return ONE_OF(edges) - BELOW(8);
	case 2:
		return 1ull << BELOW(64);
	default:
		return draw() >> BELOW(56);
	}
}

static void *place(void)
{
	static const uintptr_t nonsense[] = {0, 8, 0x7ffffffff000, 0x7fffffffffff, 0x800000000000, 0xffff800000000000, 0xffffffff80000000, UINTPTR_MAX, UINTPTR_MAX - 7, 0x400000};

	switch (BELOW(16)) {
	case 0:
		return (void *)ONE_OF(nonsense);
	case 1:
		return pool + POOL_PAGES * 4096 - BELOW(64); /* runs out */
	case 2:
		return pool + BELOW(POOL_PAGES * 4096);
	default:
		return pool + BELOW(POOL_PAGES * 4096 / 8) * 8;
	}
}

/* Words that mean something, where a call will read: small numbers, descriptors, addresses. */
static void *buffer(void)
{
	char *at = place();
	size_t words = 1 + BELOW(24);

	if (at < pool || at + words * 8 > pool + POOL_PAGES * 4096)
		return at;
	for (size_t i = 0; i < words; i++) {
		uint64_t word = BELOW(2) ? BELOW(12) : BELOW(2) ? (uintptr_t)place() : number();

		memcpy(at + i * 8, &word, sizeof(word));
	}
	return at;
}

static uint64_t length(void)
{
	return BELOW(6) ? BELOW(BELOW(3) ? 200 : 70000) : number();
}

static struct iovec *vector(void)
{
	struct iovec *iov = (struct iovec *)(pool + BELOW(8) * 4096);

	for (unsigned i = 0; i < 8; i++)
		iov[i] = (struct iovec){place(), length()};
	return BELOW(8) ? iov : place();
}

static int has_inet; /* the network is ours alone */

/* Of this host, on few ports, so that they meet. */
static void *inet_address(void *at)
{
	struct sockaddr_in *four = at;
	struct sockaddr_in6 *six = at;
	unsigned short port = htons((unsigned short)(48200 + BELOW(6)));

	if (BELOW(3)) {
		*four = (struct sockaddr_in){.sin_family = BELOW(10) ? AF_INET : (unsigned short)number(), .sin_port = port,
					     .sin_addr.s_addr = htonl(BELOW(8) ? INADDR_LOOPBACK : BELOW(2) ? 0 : (unsigned)number())};
	} else {
		*six = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = port, .sin6_scope_id = BELOW(4)};
		if (BELOW(2))
			memcpy(&six->sin6_addr, "\0\0\0\0\0\0\0\0\0\0\377\377\177\0\0\1", 16);
		else
			six->sin6_addr.s6_addr[15] = (unsigned char)BELOW(2);
	}
	return at;
}

static void *address(void)
{
	struct sockaddr_un *to = (struct sockaddr_un *)(pool + 4096 + BELOW(4) * 256);

	if (has_inet && BELOW(2))
		return BELOW(12) ? inet_address(to) : place();
	memset(to, 0, sizeof(*to));
	to->sun_family = BELOW(10) ? AF_UNIX : BELOW(2) ? 0 : 1000;
	snprintf(to->sun_path + BELOW(2), 20, "%s", ONE_OF(names));
	return BELOW(8) ? to : place();
}

static struct msghdr *message(void)
{
	struct mmsghdr *all = (struct mmsghdr *)(pool + 2 * 4096);

	for (unsigned i = 0; i < 4; i++) {
		struct cmsghdr *control = (struct cmsghdr *)(pool + 3 * 4096 + i * 512);

		all[i].msg_hdr = (struct msghdr){.msg_name = BELOW(3) ? NULL : address(), .msg_namelen = BELOW(3) ? BELOW(2) ? 16 : sizeof(struct sockaddr_un) : (unsigned)length(), .msg_iov = vector(), .msg_iovlen = BELOW(5) ? BELOW(8) : number(), .msg_control = BELOW(8) ? control : place(), .msg_controllen = BELOW(4) ? 16 + BELOW(100) : number()};
		for (unsigned n = 0; n < 120; n += 24) {
			struct cmsghdr *part = (struct cmsghdr *)((char *)control + n);
			int *fds = (int *)CMSG_DATA(part);

			*part = (struct cmsghdr){.cmsg_len = BELOW(4) ? 16 + BELOW(9) : number(), .cmsg_level = BELOW(8) ? SOL_SOCKET : (int)number(), .cmsg_type = BELOW(8) ? 1 + (int)BELOW(2) : (int)number()};
			fds[0] = (int)BELOW(20);
			fds[1] = (int)BELOW(20);
		}
	}
	return BELOW(10) ? &all[0].msg_hdr : place();
}

static struct timespec *timespec(void)
{
	struct timespec *time = (struct timespec *)(pool + 5 * 4096);

	*time = BELOW(3) ? (struct timespec){0, BELOW(2000000)} : (struct timespec){(time_t)number(), (long)number()};
	return BELOW(8) ? time : place();
}

static long argument(enum kind kind)
{
	static const int terminal[] = {FIONREAD, FIONBIO, FIOCLEX, FIONCLEX, FIOASYNC};
	static const int node[] = {S_IFREG, S_IFIFO, S_IFSOCK, S_IFDIR, S_IFLNK};
	static const int policy[] = {SCHED_OTHER, SCHED_BATCH, 4, 100, -1};
	static const long large[] = {-1, -4096, INT64_MIN, INT64_MAX, INT64_MAX - 4095, 1l << 60, 1l << 52};

	switch (kind) {
	case FD:
		return BELOW(12) ? (long)BELOW(24) : (long)number();
	case NAME:
		return BELOW(20) ? (long)ONE_OF(names) : 8;
	case OPENED:
		return BELOW(20) ? (long)(BELOW(3) ? ONE_OF(names) : ONE_OF(looked_at)) : (long)place();
	case AT:
		return BELOW(3) ? AT_FDCWD : (long)BELOW(24);
	case BUFFER:
		return (long)buffer();
	case LENGTH:
		return (long)length();
	case SPACE:
		return BELOW(4) ? (long)BELOW(FILE_SIZE_MAX) : ONE_OF(large);
	case VECTOR:
		return (long)vector();
	case COUNT:
		return BELOW(4) ? (long)BELOW(9) : (long)number();
	case MESSAGE:
		return (long)message();
	case PAGES:
		return BELOW(20) ? (long)(pool + BELOW(POOL_PAGES + 2) * 4096) : (long)place();
	case FLAGS:
		return BELOW(3) ? (1l << BELOW(20) | (BELOW(2) ? 0 : 1l << BELOW(20)) | BELOW(4)) : BELOW(2) ? 0 : (long)number();
	case SELF:
		return BELOW(2) ? getpid() : BELOW(2) ? 0 : 0x7fffff00;
	case SIGNAL:
		return BELOW(8) ? (long)BELOW(70) : (long)number();
	case TIMESPEC:
		return (long)timespec();
	case SMALL:
		return BELOW(12) ? (long)BELOW(BELOW(2) ? 8 : 70) : (long)number();
	case COMMAND: /* of terminals but TIOCCONS, which is for the whole machine */
		return BELOW(4) ? 0x5401 + BELOW(0x1c) : BELOW(2) ? 0x5420 + BELOW(0x17) : ONE_OF(terminal);
	case NODE:
		return ONE_OF(node) | (long)BELOW(07777);
	case ADVICE: /* from 100 on it is for the machine's memory */
		return (long)BELOW(30);
	case LOCAL:
		if (has_inet && BELOW(2))
			return BELOW(3) ? AF_INET : AF_INET6;
		return BELOW(10) ? AF_UNIX : 1000;
	case LEVEL:
		return ONE_OF(((int[]){SOL_SOCKET, SOL_SOCKET, IPPROTO_IP, IPPROTO_TCP, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_IPV6, 77}));
	case SOCKADDR:
		return (long)address();
	case POLICY:
		return ONE_OF(policy);
	case NUMBER:
		return (long)number();
	case NONE:
		break;
	}
	return 0;
}

/* A program that no kernel should trust: random headers, and behind them nothing but int3. */
static void write_program(void)
{
	static const unsigned types[] = {1, 1, 1, 2, 3, 4, 6, 7, 0x6474e551};
	unsigned char image[4096];
	uint64_t word[8];
	int fd = open("elf", O_WRONLY | O_CREAT | O_TRUNC, 0755);

	memset(image, 0xcc, sizeof(image));
	memset(image, 0, 64);
	memcpy(image, "\177ELF\2\1\1", 7);
	word[0] = (2 + BELOW(2)) | 62 << 16 | 1ull << 32, word[1] = BELOW(4) ? 0x10000 + BELOW(4096) : number(), word[2] = BELOW(8) ? 64 : number(), word[3] = 0;
	word[4] = 64ull << 32, word[5] = 56 | (uint64_t)(BELOW(8) ? 1 + BELOW(6) : number()) << 16;
	memcpy(image + 16, word, 48);
	for (unsigned i = 0; i < 6; i++) {
		uint64_t segment[7] = {ONE_OF(types) | (uint64_t)BELOW(8) << 32, BELOW(4) ? 0 : number(), 0x10000ull * (i + 1), 0, 4096, 4096 + BELOW(3) * 4096, 4096};

		if (!BELOW(3))
			segment[1 + BELOW(6)] = number();
		memcpy(image + 64 + i * 56, segment, sizeof(segment));
	}
	for (unsigned damage = BELOW(3); damage--;)
		image[BELOW(64 + 6 * 56)] = (unsigned char)draw();
	if (fd < 0)
		return;
	if (write(fd, image, BELOW(6) ? sizeof(image) : BELOW(500)) < 0)
		(void)!ftruncate(fd, 0);
	close(fd);
}

static void write_script(void)
{
	static const char *const first[] = {"#!script\n", "#!elf\n", "#!\n", "#! \t elf  x  \n", "#!a", "#!/proc/self/fd/9 y\n", "#!elf\0z\n"};
	const char *line = ONE_OF(first);
	int fd = open("script", O_WRONLY | O_CREAT | O_TRUNC, 0755);

	if (fd >= 0 && write(fd, line, strlen(line) + 2) >= 0)
		(void)!fchmod(fd, 0755);
	if (fd >= 0)
		close(fd);
}

/* A socket of the Internet families, often with another one that talks to it. */
static int open_inet(void)
{
	struct sockaddr_in at;
	int fd, type = BELOW(3) ? SOCK_STREAM : SOCK_DGRAM;

	if (!has_inet)
		return -1;
	fd = socket(BELOW(4) ? AF_INET : AF_INET6, type | SOCK_NONBLOCK, 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
	at = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((unsigned short)(48200 + BELOW(6))), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	if (BELOW(2) && !bind(fd, (void *)&at, sizeof(at)) && type == SOCK_STREAM)
		listen(fd, 3);
	else if (BELOW(2))
		(void)!connect(fd, (void *)&at, sizeof(at));
	return fd;
}

static void open_some(void)
{
	int two[2], fd;

	for (unsigned i = 0; i < 14; i++) {
		switch (BELOW(10)) {
		case 0:
			fd = pipe2(two, O_NONBLOCK);
			break;
		case 1:
			fd = socketpair(AF_UNIX, ONE_OF(((int[]){SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET})), 0, two);
			break;
		case 2:
			fd = (int)syscall(SYS_memfd_create, "m", BELOW(4));
			break;
		case 3:
			fd = posix_openpt(O_RDWR | O_NOCTTY);
			break;
		case 4:
			fd = open(ONE_OF(looked_at), O_RDONLY | O_NONBLOCK);
			break;
		case 6:
			fd = open_inet();
			break;
		case 5:
			fd = (int)ONE_OF(((long[]){syscall(SYS_epoll_create1, 0), syscall(SYS_eventfd2, 3, 0), syscall(SYS_inotify_init1, 0), syscall(SYS_fanotify_init, BELOW(2) ? 2 : 0xe02, 0)}));
			break;
		default:
			fd = open(ONE_OF(names), O_RDWR | O_CREAT | (BELOW(4) ? O_NONBLOCK : O_NONBLOCK | O_APPEND), 0644);
		}
		(void)fd;
	}
}

static void wake(int signal)
{
}

/* The child spoiled its own memory: it gets new memory there, some times. */
static void repair(int signal)
{
	static unsigned times;

	if (++times > 40)
		_exit(0);
	mmap(pool, POOL_PAGES * 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

/* Calls that need a shape: new processes end at once, and share no memory that they could spoil. */
static void clone_hostile(void)
{
	uint64_t arguments[11] = {1ull << BELOW(32) | (BELOW(2) ? 1ull << BELOW(32) : 0)};
	const uint64_t excluded = 0x100 | 0x4000 | 0x7e020000 | 0x80 | CLONE_PARENT; /* VM, VFORK, new name spaces, NEWTIME */

	arguments[0] &= ~excluded;
	arguments[1] = arguments[2] = arguments[3] = (uintptr_t)place();
	arguments[4] = BELOW(2) ? SIGCHLD : BELOW(70);
	if (!BELOW(8))
		arguments[5 + BELOW(6)] = number();
	arguments[0] &= ~excluded;
	if (syscall(SYS_clone3, arguments, BELOW(4) ? 64 : length()) == 0)
		_exit(0);
}

static void child(uint64_t seed)
{
	static const struct {
		int resource;
		rlim_t most;
	} limits[] = {{RLIMIT_CORE, 0}, {RLIMIT_FSIZE, FILE_SIZE_MAX}, {RLIMIT_AS, 96 << 20}, {RLIMIT_NOFILE, 64}, {RLIMIT_MEMLOCK, 1 << 20}, {RLIMIT_CPU, 2}, {RLIMIT_SIGPENDING, 100}};
	const struct itimerval often = {{0, 3000}, {0, 3000}};

	state = seed * 0x9e3779b97f4a7c15u + 1;
	draw();
	for (unsigned i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		setrlimit(limits[i].resource, &(struct rlimit){limits[i].most, limits[i].most});
	setsid();
	alarm(2);
	for (int fd = 0; fd < 3; fd++)
		dup2(3, fd);
	close(3);
	pool = mmap(NULL, (POOL_PAGES + 1) * 4096, PROT_READ | PROT_WRITE, (BELOW(2) ? MAP_SHARED : MAP_PRIVATE) | MAP_ANONYMOUS, -1, 0);
	munmap(pool + POOL_PAGES * 4096, 4096);
	sigaction(SIGALRM, &(struct sigaction){.sa_handler = wake}, NULL);
	sigaction(SIGSEGV, &(struct sigaction){.sa_handler = repair}, NULL);
	sigaction(SIGBUS, &(struct sigaction){.sa_handler = repair}, NULL);
	sigaction(SIGXFSZ, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
	sigaction(SIGPIPE, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
	write_program();
	write_script();
	open_some();
	setitimer(ITIMER_REAL, &often, NULL);
	for (unsigned i = 0; i < CALLS_OF_CHILD; i++) {
		const struct call *call = &ONE_OF(calls);
		long a[6];

		if ((call->nr == SYS_execve || call->nr == SYS_execveat) && BELOW(3)) /* else too few calls follow */
			continue;
		for (unsigned n = 0; n < 6; n++)
			a[n] = argument(call->kind[n]);
		if (call->nr == SYS_mmap) /* no memory that must be there at once */
			a[3] &= ~(long)(MAP_POPULATE | MAP_HUGETLB);
		if (call->nr == SYS_fanotify_init) /* nobody would answer whether others may open files */
			a[0] &= ~12l;
		if (call->nr == SYS_fcntl && ((int)a[1] == F_SETOWN || (int)a[1] == F_SETOWN_EX)) /* no signals to others */
			continue;
		syscall(call->nr, a[0], a[1], a[2], a[3], a[4], a[5]);
		if (!BELOW(40))
			clone_hostile();
	}
	_exit(0);
}

/* Nothing of this may leave the host, nor meet its servers: on Linux in a network of its own, or not at all. */
static void take_network(void)
{
	struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	int fd;

	has_inet = !access("/proc/dory", F_OK) || !unshare(CLONE_NEWNET);
	fd = has_inet ? socket(AF_INET, SOCK_DGRAM, 0) : -1;
	if (fd >= 0) {
		ioctl(fd, SIOCSIFFLAGS, &lo);
		close(fd);
	}
}

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Ends the child after its time, however it blocks signals; false if it does not die. */
static int reap(pid_t pid)
{
	long start = now_ms();
	int killed = 0;

	while (waitpid(pid, NULL, WNOHANG) == 0) {
		long ms = now_ms() - start;

		if (ms > CHILD_MS && !killed)
			killed = !kill(pid, SIGKILL);
		if (ms > STUCK_MS)
			return 0;
		nanosleep(&(struct timespec){0, 2000000}, NULL);
	}
	return 1;
}

static void remove_all(const char *path)
{
	char inner[4096];
	DIR *folder;
	struct dirent *entry;

	chmod(path, 0755);
	folder = opendir(path);
	while (folder && (entry = readdir(folder))) {
		struct stat status;

		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		snprintf(inner, sizeof(inner), "%s/%s", path, entry->d_name);
		if (!lstat(inner, &status) && S_ISDIR(status.st_mode))
			remove_all(inner);
		else
			unlink(inner);
	}
	if (folder)
		closedir(folder);
	rmdir(path);
}

/* The kernel is as it was: files, pipes, memory and processes work. */
static int still_works(void)
{
	char text[6] = "";
	int two[2], status = -1, fd = open("after", O_RDWR | O_CREAT | O_TRUNC, 0644);
	pid_t pid;

	if (pipe(two) || write(fd, "hello", 5) != 5 || pread(fd, text, 5, 0) != 5 || strcmp(text, "hello"))
		return 0;
	pid = fork();
	if (!pid)
		_exit(write(two[1], "x", 1) == 1 ? 7 : 8);
	waitpid(pid, &status, 0);
	return read(two[0], text, 1) == 1 && text[0] == 'x' && WIFEXITED(status) && WEXITSTATUS(status) == 7;
}

int main(int argc, char **argv)
{
	uint64_t first = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
	long end = now_ms() + (argc > 2 ? strtol(argv[2], NULL, 0) : SECONDS) * 1000;
	char folder[] = "fuzz-XXXXXX";

	if (!mkdtemp(folder) || chdir(folder))
		return 1;
	take_network();
	for (uint64_t seed = first * 1000000; now_ms() < end; seed++) {
		int null;
		pid_t pid;

		mkdir("work", 0755);
		mkdir("work/d", 0755);
		null = open("/dev/null", O_RDWR);
		pid = fork();
		if (!pid) {
			if (chdir("work") || null != 3)
				_exit(1);
			child(seed);
		}
		close(null);
		if (getenv("FUZZ_VERBOSE"))
			fprintf(stderr, "seed %llu\n", (unsigned long long)seed);
		if (pid > 0 && !reap(pid)) {
			printf("child of seed %llu does not die\n", (unsigned long long)seed);
			return 1;
		}
		remove_all("work");
	}
	puts(still_works() ? "the kernel survives" : "the kernel is damaged");
	return chdir("..") || (remove_all(folder), 0);
}
