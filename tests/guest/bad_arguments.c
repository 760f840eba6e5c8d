/*
 * What every call says to arguments that are wrong: pointers to nowhere, lengths that are none, descriptors that are not open, flags that were
 * never defined. A call is made with good arguments first, then with one of them bad, each time in a fresh process.
 * With arguments: only the calls of these names.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/futex.h>
#include <linux/stat.h>
#include <mqueue.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/msg.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/timex.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <sys/xattr.h>
#include <utime.h>

#ifndef SYS_futex_waitv
#define SYS_futex_waitv 449
#endif
#include "show.h"

enum kind { NONE, VALUE, FD, STRING, IN, OUT, LENGTH, FLAGS };
enum fd { FILE_RW, FOLDER, PIPE_READ, PIPE_WRITE, PIPE_FULL, SOCKET, LISTENER, DATAGRAM, EPOLL, EVENT, TIMER, WATCHES, QUEUE, FDS };

struct argument {
	enum kind kind;
	long value; /* or the size */
	const void *content;
};

#define V(x)	   {VALUE, (long)(x), NULL}
#define F(x)	   {FD, x, NULL}
#define S(x)	   {STRING, sizeof(x), x}
#define I(x)	   {IN, sizeof(x), &(x)}
#define O(size)	   {OUT, size, NULL}
#define L(x)	   {LENGTH, x, NULL}
#define X(x)	   {FLAGS, x, NULL}
#define CWD	   {FD, -100, NULL}
#define C(n, ...)  {#n, SYS_##n, {__VA_ARGS__}}

static char text[64] = "some text";
static struct iovec iov[2] = {{text, 10}, {text, 20}};
static struct timespec short_time = {0, 1000}, two_times[2] = {{1000, 5}, {2000, 6}};
static struct timeval microseconds = {0, 1000}, two_microseconds[2] = {{1000, 5}, {2000, 6}};
static struct itimerspec timer_value = {{0, 0}, {100, 0}};
static struct itimerval interval = {{0, 0}, {100, 0}};
static struct pollfd polled[2];
static struct epoll_event event = {.events = EPOLLIN};
static struct sockaddr_un nobody = {AF_UNIX, "nobody"}, fresh = {AF_UNIX, "fresh"};
static struct msghdr message = {.msg_iov = iov, .msg_iovlen = 1};
static struct mmsghdr messages[2] = {{.msg_hdr = {.msg_iov = iov, .msg_iovlen = 1}}, {.msg_hdr = {.msg_iov = iov, .msg_iovlen = 1}}};
static int int_value = 1, socklen = sizeof(struct sockaddr_un), small_len = 4;
static uint64_t signals = 1ul << (SIGUSR2 - 1);
static struct {
	void *handler;
	unsigned long flags;
	void *restorer;
	uint64_t mask;
} action;
static stack_t stack = {.ss_size = 16384};
static siginfo_t queued = {.si_code = SI_QUEUE};
static struct rlimit limit = {1024, 4096};
static struct sched_param priority = {0};
static uint64_t affinity = 1;
static struct {
	unsigned size, policy;
	uint64_t flags;
	int nice;
	unsigned priority;
	uint64_t rest[3];
} attributes = {48};
static struct {
	uint64_t flags, mode, resolve;
} how = {O_RDONLY, 0, 0};
static unsigned word;
static struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
static unsigned groups[2] = {0, 1};
static const char *arguments[] = {"true", NULL}, *environment[] = {NULL};
static struct utimbuf times = {1, 2};
static long offset = 0;
static struct sembuf operation = {0, 1, 0};
static struct {
	long type;
	char text[16];
} sysv_message = {1, "text"};
static struct mq_attr queue_attributes = {.mq_maxmsg = 2, .mq_msgsize = 32};
static struct sigevent notice = {.sigev_notify = SIGEV_NONE};
static struct {
	uint64_t flags, pidfd, child, parent, signal, stack, stack_size, tls;
} clone_arguments = {.signal = SIGCHLD};
static fd_set set;
static unsigned long nodes = 1;
static struct timex adjustment;
static struct {
	uint64_t set;
	uint64_t size;
} set_argument = {0, 8};

static const struct call {
	const char *name;
	long nr;
	struct argument a[6];
} calls[] = {
    C(read, F(FILE_RW), O(16), L(16)), C(write, F(FILE_RW), I(text), L(10)), C(pread64, F(FILE_RW), O(16), L(16), L(0)), C(pwrite64, F(FILE_RW), I(text), L(10), L(0)),
    C(readv, F(FILE_RW), I(iov), L(2)), C(writev, F(FILE_RW), I(iov), L(2)), C(preadv, F(FILE_RW), I(iov), L(2), V(0), V(0)), C(pwritev, F(FILE_RW), I(iov), L(2), V(0), V(0)),
    C(preadv2, F(FILE_RW), I(iov), L(2), V(0), V(0), X(0)), C(pwritev2, F(FILE_RW), I(iov), L(2), V(0), V(0), X(0)),
    C(lseek, F(FILE_RW), L(3), X(0)), C(sendfile, F(PIPE_WRITE), F(FILE_RW), I(offset), L(8)), C(copy_file_range, F(FILE_RW), I(offset), F(FILE_RW), V(0), L(4), X(0)),
    C(splice, F(FILE_RW), I(offset), F(PIPE_WRITE), V(0), L(8), X(0)), C(tee, F(PIPE_READ), F(PIPE_WRITE), L(8), X(2)), C(vmsplice, F(PIPE_WRITE), I(iov), L(2), X(0)),
    C(open, S("file"), X(O_RDWR), V(0)), C(openat, CWD, S("file"), X(O_RDWR), V(0)), C(openat2, CWD, S("file"), I(how), L(24)), C(creat, S("new"), V(0600)),
    C(close, F(FILE_RW)), C(close_range, V(100), V(200), X(0)), C(dup, F(FILE_RW)), C(dup2, F(FILE_RW), V(90)), C(dup3, F(FILE_RW), V(90), X(0)),
    C(stat, S("file"), O(144)), C(lstat, S("file"), O(144)), C(fstat, F(FILE_RW), O(144)), C(newfstatat, CWD, S("file"), O(144), X(0)),
    C(statx, CWD, S("file"), X(0), X(0x7ff), O(256)), C(statfs, S("."), O(120)), C(fstatfs, F(FILE_RW), O(120)),
    C(access, S("file"), X(0)), C(faccessat, CWD, S("file"), X(0)), C(faccessat2, CWD, S("file"), X(0), X(0)),
    C(chmod, S("file"), V(0600)), C(fchmod, F(FILE_RW), V(0600)), C(fchmodat, CWD, S("file"), V(0600)), C(chown, S("file"), V(0), V(0)), C(lchown, S("file"), V(0), V(0)),
    C(fchown, F(FILE_RW), V(0), V(0)), C(fchownat, CWD, S("file"), V(0), V(0), X(0)), C(truncate, S("file"), L(3)), C(ftruncate, F(FILE_RW), L(3)),
    C(fallocate, F(FILE_RW), X(0), L(0), V(10)), C(fadvise64, F(FILE_RW), L(0), L(10), X(0)), C(readahead, F(FILE_RW), L(0), L(10)),
    C(utime, S("file"), I(times)), C(utimes, S("file"), I(two_microseconds)), C(futimesat, CWD, S("file"), I(two_microseconds)), C(utimensat, CWD, S("file"), I(two_times), X(0)),
    C(rename, S("file"), S("new")), C(renameat, CWD, S("file"), CWD, S("new")), C(renameat2, CWD, S("file"), CWD, S("new"), X(0)), C(link, S("file"), S("new")),
    C(linkat, CWD, S("file"), CWD, S("new"), X(0)), C(symlink, S("file"), S("new")), C(symlinkat, S("file"), CWD, S("new")), C(unlink, S("file")), C(unlinkat, CWD, S("file"), X(0)),
    C(mkdir, S("new"), V(0700)), C(mkdirat, CWD, S("new"), V(0700)), C(rmdir, S("folder")), C(mknod, S("new"), V(S_IFIFO | 0600), V(0)), C(mknodat, CWD, S("new"), V(S_IFIFO | 0600), V(0)),
    C(readlink, S("link"), O(16), L(16)), C(readlinkat, CWD, S("link"), O(16), L(16)), C(chdir, S("folder")), C(fchdir, F(FOLDER)), C(chroot, S("folder")), C(getcwd, O(256), L(256)),
    C(getdents, F(FOLDER), O(256), L(256)), C(getdents64, F(FOLDER), O(256), L(256)), C(fsync, F(FILE_RW)), C(fdatasync, F(FILE_RW)), C(syncfs, F(FILE_RW)),
    C(sync_file_range, F(FILE_RW), L(0), L(10), X(0)), C(flock, F(FILE_RW), X(2)), C(fcntl, F(FILE_RW), V(F_GETFL), V(0)), C(ioctl, F(PIPE_READ), V(0x541b), O(4)),
    C(setxattr, S("file"), S("user.x"), I(text), L(5), X(0)), C(lsetxattr, S("file"), S("user.x"), I(text), L(5), X(0)), C(fsetxattr, F(FILE_RW), S("user.x"), I(text), L(5), X(0)),
    C(getxattr, S("file"), S("user.a"), O(16), L(16)), C(lgetxattr, S("file"), S("user.a"), O(16), L(16)), C(fgetxattr, F(FILE_RW), S("user.a"), O(16), L(16)),
    C(listxattr, S("file"), O(64), L(64)), C(llistxattr, S("file"), O(64), L(64)), C(flistxattr, F(FILE_RW), O(64), L(64)), C(removexattr, S("file"), S("user.a")),
    C(lremovexattr, S("file"), S("user.a")), C(fremovexattr, F(FILE_RW), S("user.a")),
    C(poll, I(polled), L(2), V(0)), C(ppoll, I(polled), L(2), I(short_time), I(signals), L(8)), C(select, L(4), I(set), I(set), I(set), I(microseconds)),
    C(pselect6, L(4), I(set), I(set), I(set), I(short_time), I(set_argument)), C(epoll_create, L(1)), C(epoll_create1, X(0)), C(epoll_ctl, F(EPOLL), X(1), F(PIPE_READ), I(event)),
    C(epoll_wait, F(EPOLL), O(24), L(2), V(0)), C(epoll_pwait, F(EPOLL), O(24), L(2), V(0), I(signals), L(8)), C(epoll_pwait2, F(EPOLL), O(24), L(2), I(short_time), I(signals), L(8)),
    C(eventfd, V(0)), C(eventfd2, V(0), X(0)), C(signalfd, F(-1), I(signals), L(8)), C(signalfd4, F(-1), I(signals), L(8), X(0)), C(timerfd_create, X(1), X(0)),
    C(timerfd_settime, F(TIMER), X(0), I(timer_value), O(32)), C(timerfd_gettime, F(TIMER), O(32)), C(inotify_init1, X(0)), C(inotify_add_watch, F(WATCHES), S("file"), X(2)),
    C(inotify_rm_watch, F(WATCHES), V(77)), C(memfd_create, S("name"), X(0)), C(pipe, O(8)), C(pipe2, O(8), X(0)),
    C(socket, V(AF_UNIX), X(SOCK_STREAM), V(0)), C(socketpair, V(AF_UNIX), X(SOCK_STREAM), V(0), O(8)), C(bind, F(SOCKET), I(fresh), L(sizeof(fresh))),
    C(connect, F(SOCKET), I(nobody), L(sizeof(nobody))), C(listen, F(LISTENER), V(1)), C(accept, F(LISTENER), O(110), I(socklen)), C(accept4, F(LISTENER), O(110), I(socklen), X(0)),
    C(getsockname, F(LISTENER), O(110), I(socklen)), C(getpeername, F(DATAGRAM), O(110), I(socklen)), C(setsockopt, F(SOCKET), V(SOL_SOCKET), V(SO_KEEPALIVE), I(int_value), L(4)),
    C(getsockopt, F(SOCKET), V(SOL_SOCKET), V(SO_TYPE), O(4), I(small_len)), C(shutdown, F(DATAGRAM), X(0)), C(sendto, F(DATAGRAM), I(text), L(10), X(MSG_DONTWAIT), V(0), V(0)),
    C(recvfrom, F(DATAGRAM), O(16), L(16), X(MSG_DONTWAIT), O(110), I(socklen)), C(sendmsg, F(DATAGRAM), I(message), X(MSG_DONTWAIT)), C(recvmsg, F(DATAGRAM), I(message), X(MSG_DONTWAIT)),
    C(sendmmsg, F(DATAGRAM), I(messages), L(2), X(MSG_DONTWAIT)), C(recvmmsg, F(DATAGRAM), I(messages), L(1), X(MSG_DONTWAIT), I(short_time)),
    C(mmap, V(0), V(4096), X(3), X(MAP_PRIVATE | MAP_ANONYMOUS), F(-1), V(0)), C(munmap, O(4096), L(0)), C(mprotect, V(0x10000), L(4096), X(1)), C(mremap, V(0x10000), L(4096), L(8192), X(1), V(0)),
    C(madvise, V(0x10000), L(4096), X(0)), C(msync, V(0x10000), L(4096), X(1)), C(mincore, V(0x10000), L(4096), O(1)), C(mlock, V(0x10000), L(4096)), C(mlock2, V(0x10000), L(4096), X(0)),
    C(munlock, V(0x10000), L(4096)), C(mlockall, X(1)),
    C(rt_sigaction, V(SIGUSR1), I(action), O(32), L(8)), C(rt_sigprocmask, X(0), I(signals), O(8), L(8)), C(rt_sigpending, O(8), L(8)), C(rt_sigsuspend, I(signals), L(8)),
    C(rt_sigtimedwait, I(signals), O(128), I(short_time), L(8)), C(sigaltstack, I(stack), O(24)), C(rt_sigqueueinfo, V(0x7fffffff), V(10), I(queued)),
    C(rt_tgsigqueueinfo, V(0x7fffffff), V(0x7fffffff), V(10), I(queued)), C(kill, V(0x7fffffff), X(0)), C(tkill, V(0x7fffffff), X(0)), C(tgkill, V(0x7fffffff), V(0x7fffffff), X(0)),
    C(nanosleep, I(short_time), O(16)), C(clock_nanosleep, X(1), X(0), I(short_time), O(16)), C(clock_gettime, X(1), O(16)), C(clock_getres, X(1), O(16)), C(gettimeofday, O(16), O(8)),
    C(time, O(8)), C(times, O(32)), C(getitimer, X(1), O(32)), C(setitimer, X(1), I(interval), O(32)), C(timer_create, X(1), I(notice), O(4)), C(timer_settime, V(77), X(0), I(timer_value), O(32)),
    C(timer_gettime, V(77), O(32)), C(adjtimex, I(adjustment)), C(clock_adjtime, X(0), I(adjustment)),
    C(uname, O(390)), C(sysinfo, O(112)), C(getrandom, O(16), L(16), X(0)), C(getcpu, O(4), O(4), V(0)), C(getrlimit, X(7), O(16)), C(setrlimit, X(7), I(limit)), C(prlimit64, V(0), X(7), I(limit), O(16)),
    C(getrusage, X(0), O(144)), C(getgroups, L(64), O(256)), C(setgroups, L(2), I(groups)), C(getresuid, O(4), O(4), O(4)), C(getresgid, O(4), O(4), O(4)), C(capget, I(header), O(24)),
    C(sched_setaffinity, V(0), L(8), I(affinity)), C(sched_getaffinity, V(0), L(128), O(128)), C(sched_setscheduler, V(0), X(0), I(priority)), C(sched_setparam, V(0), I(priority)),
    C(sched_getparam, V(0), O(4)), C(sched_setattr, V(0), I(attributes), X(0)), C(sched_getattr, V(0), O(56), L(56), X(0)), C(sched_rr_get_interval, V(0), O(16)), C(sched_get_priority_max, X(0)),
    C(getpriority, X(0), V(0)), C(ioprio_get, X(1), V(0)), C(ioprio_set, X(1), V(0), X(0)),
    C(wait4, V(-1), O(4), X(0), O(144)), C(waitid, X(0), V(0), O(128), X(4), O(144)), C(execve, S("nothing"), I(arguments), I(environment)), C(execveat, CWD, S("nothing"), I(arguments), I(environment), X(0)),
    C(clone3, I(clone_arguments), L(64)), C(unshare, V(0)), C(set_tid_address, O(4)), C(set_robust_list, O(24), L(24)), C(get_robust_list, V(0), O(8), O(8)),
    C(futex, I(word), X(FUTEX_WAIT), V(0), I(short_time), V(0), V(0)), C(futex_waitv, O(24), L(0), X(0), V(0), V(0)), C(pidfd_open, V(0x7fffffff), X(0)), C(pidfd_send_signal, F(FILE_RW), V(0), V(0), X(0)),
    C(pidfd_getfd, F(FILE_RW), V(0), X(0)), C(process_vm_readv, V(0), I(iov), L(1), I(iov), L(1), X(0)), C(process_madvise, F(FILE_RW), I(iov), L(1), X(20), X(0)), C(kcmp, V(0), V(0), X(0), V(0), V(0)),
    C(membarrier, X(0), X(0), V(0)), C(get_mempolicy, O(4), O(128), L(1024), V(0), X(0)), C(set_mempolicy, X(0), I(nodes), L(1)), C(prctl, V(16), O(16)), C(arch_prctl, V(0x1003), O(8)),
    C(msgget, V(0), X(0)), C(msgsnd, V(0x7fffffff), I(sysv_message), L(8), X(0)), C(msgrcv, V(0x7fffffff), O(16), L(8), V(0), X(0)), C(msgctl, V(0x7fffffff), X(2), O(120)),
    C(semget, V(0), L(1), X(0)), C(semop, V(0x7fffffff), I(operation), L(1)), C(semtimedop, V(0x7fffffff), I(operation), L(1), I(short_time)), C(semctl, V(0x7fffffff), V(0), X(2), O(104)),
    C(shmat, V(0x7fffffff), V(0), X(0)), C(shmdt, V(0x10000)), C(shmctl, V(0x7fffffff), X(2), O(112)),
    C(mq_open, S("nothing"), X(O_RDWR), V(0), I(queue_attributes)), C(mq_timedsend, F(QUEUE), I(text), L(10), X(0), I(short_time)), C(mq_timedreceive, F(QUEUE), O(64), L(64), O(4), I(short_time)),
    C(mq_getsetattr, F(QUEUE), V(0), O(64)), C(mq_notify, F(QUEUE), I(notice)), C(mq_unlink, S("nothing")),
    C(mount, S("none"), S("nothing"), S("tmpfs"), X(0), V(0)), C(umount2, S("nothing"), X(0)), C(seccomp, X(2), X(0), I(word)),
};

static int fds[FDS + 1];
static char *page; /* one that can be written; behind it nothing, before it one that can only be read */

static void open_all(void)
{
	struct sockaddr_un listening = {AF_UNIX, "listening"};
	struct mq_attr a = {.mq_maxmsg = 2, .mq_msgsize = 32};
	int two[2];

	fds[FILE_RW] = open("file", O_RDWR);
	fds[FOLDER] = open("folder", O_RDONLY | O_DIRECTORY);
	if (pipe2(two, O_NONBLOCK) || write(two[1], text, 10) != 10)
		_exit(1);
	fds[PIPE_READ] = two[0];
	if (pipe2(two, O_NONBLOCK))
		_exit(1);
	fds[PIPE_WRITE] = two[1];
	fds[SOCKET] = socket(AF_UNIX, SOCK_STREAM, 0);
	fds[LISTENER] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (bind(fds[LISTENER], (void *)&listening, sizeof(listening)) || listen(fds[LISTENER], 1))
		_exit(1);
	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, two) || write(two[1], text, 10) != 10)
		_exit(1);
	fds[DATAGRAM] = two[0];
	fds[EPOLL] = epoll_create1(0);
	fds[EVENT] = eventfd(0, 0);
	fds[TIMER] = timerfd_create(CLOCK_MONOTONIC, 0);
	fds[WATCHES] = inotify_init1(0);
	fds[QUEUE] = mq_open("/dory-bad", O_RDWR | O_CREAT | O_NONBLOCK, 0600, &a);
	mq_unlink("/dory-bad");
	polled[0] = (struct pollfd){fds[PIPE_READ], POLLIN, 0};
	polled[1] = (struct pollfd){fds[PIPE_WRITE], POLLOUT, 0};
	stack.ss_sp = malloc(16384);
}

static void make_memory(void)
{
	page = (char *)mmap((void *)0x20000000, 4 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) + 8192;
	memset(page - 4096, 0, 4096);
	mprotect(page - 4096, 4096, PROT_READ);
	munmap(page + 4096, 4096);
	/* What calls on memory are made on. */
	mmap((void *)0x10000, 4 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	munmap((void *)0x11000, 3 * 4096);
}

/* A copy of the content, where there is room for that much of it. */
static long put(const struct argument *a, char *at, size_t room)
{
	size_t size = (size_t)a->value < room ? (size_t)a->value : room;

	if (a->content)
		memcpy(at, a->content, size);
	return (long)at;
}

static char *valid_place(unsigned index)
{
	return page + 16 + index * 600;
}

static long good(const struct argument *a, unsigned index)
{
	switch (a->kind) {
	case FD:
		return a->value < 0 ? a->value : fds[a->value];
	case STRING:
	case IN:
	case OUT:
		return put(a, a->value > 600 ? page : valid_place(index), 4096);
	default:
		return a->value;
	}
}

static const char *const pointer_names[] = {"null", "low", "kernel", "wild", "last", "odd", "edge", "read-only"};
static const char *const fd_names[] = {"-1", "closed", "path", "folder", "pipe"};
static const char *const length_names[] = {"0", "-1", "2^31", "2^62", "-2^63", "2^63-1"};
static const char *const flag_names[] = {"2^31", "-1", "2^30", "2^22"};

static unsigned nr_variants(enum kind kind)
{
	switch (kind) {
	case STRING:
	case IN:
	case OUT:
		return 8;
	case FD:
		return 5;
	case LENGTH:
		return 6;
	case FLAGS:
		return 4;
	default:
		return 0;
	}
}

static const char *variant_name(enum kind kind, unsigned n)
{
	return kind == FD ? fd_names[n] : kind == LENGTH ? length_names[n] : kind == FLAGS ? flag_names[n] : pointer_names[n];
}

static long bad_pointer(const struct argument *a, unsigned index, unsigned n)
{
	static const unsigned long places[] = {0, 8, 0xffff888000000000, 0x800000000000, 0x7fffffffffff};
	size_t half = a->value > 1 ? (size_t)a->value / 2 : 0;

	switch (n) {
	case 5:
		return put(a, valid_place(index) + 1, 4096);
	case 6:
		return put(a, page + 4096 - half, half);
	case 7:
		mprotect(page - 4096, 4096, PROT_READ | PROT_WRITE);
		put(a, page - 4096 + 64, 4000);
		mprotect(page - 4096, 4096, PROT_READ);
		return (long)page - 4096 + 64;
	default:
		return (long)places[n];
	}
}

static long bad(const struct argument *a, unsigned index, unsigned n)
{
	static const long lengths[] = {0, -1, 1l << 31, 1l << 62, INT64_MIN, INT64_MAX}, flags[] = {1l << 31, 0xffffffff, 1l << 30, 1l << 22};

	switch (a->kind) {
	case FD:
		return n == 0 ? -1 : n == 1 ? 999 : n == 2 ? open("file", O_PATH) : n == 3 ? fds[FOLDER] : fds[PIPE_READ];
	case LENGTH:
		return lengths[n];
	case FLAGS:
		return flags[n];
	default:
		return bad_pointer(a, index, n);
	}
}

static void on_alarm(int signal)
{
}

static volatile long *shared;

/* In a child: the call with argument `which` (-1: none) in its n-th bad form. */
static void make_call(const struct call *call, int which, unsigned n)
{
	struct sigaction on = {.sa_handler = on_alarm};
	struct itimerval soon = {{0, 20000}, {0, 60000}};
	long a[6], ret;

	open_all();
	make_memory();
	for (unsigned i = 0; i < 6; i++)
		a[i] = (int)i == which ? bad(&call->a[i], i, n) : good(&call->a[i], i);
	sigaction(SIGALRM, &on, NULL);
	setitimer(ITIMER_REAL, &soon, NULL);
	errno = 0;
	ret = syscall(call->nr, a[0], a[1], a[2], a[3], a[4], a[5]);
	if (getpid() != shared[1]) /* a clone */
		_exit(0);
	*shared = ret < 0 && ret >= -4095 && errno ? -errno : 0;
	_exit(0);
}

static void fresh_folder(void)
{
	static const char *const names[] = {"listening", "fresh", "new", "file", "link"};
	int fd;

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unlink(names[i]);
	rmdir("new");
	mq_unlink("/nothing");
	mkdir("folder", 0700);
	fd = open("file", O_RDWR | O_CREAT | O_TRUNC, 0600);
	if (write(fd, text, 20) != 20 || fsetxattr(fd, "user.a", "b", 1, 0) || symlink("file", "link"))
		exit(1);
	close(fd);
}

static const char *result_of(const struct call *call, int which, unsigned n)
{
	int status;
	pid_t pid;

	fresh_folder();
	*shared = 1;
	fflush(stdout);
	pid = fork();
	if (!pid) {
		shared[1] = getpid();
		make_call(call, which, n);
	}
	waitpid(pid, &status, 0);
	if (WIFSIGNALED(status))
		return strsignal(WTERMSIG(status));
	return *shared == 0 ? "ok" : *shared == 1 ? "no answer" : strerrorname_np((int)-*shared);
}

static void test(const struct call *call)
{
	printf("%s: %s\n", call->name, result_of(call, -1, 0));
	for (int i = 0; i < 6; i++) {
		unsigned nr = nr_variants(call->a[i].kind);

		if (!nr)
			continue;
		printf("  %d:", i + 1);
		for (unsigned n = 0; n < nr; n++)
			printf(" %s=%s", variant_name(call->a[i].kind, n), result_of(call, i, n));
		puts("");
	}
}

int main(int argc, char **argv)
{
	char folder[] = "bad-XXXXXX";

	if (!mkdtemp(folder) || chdir(folder))
		return 1;
	shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (unsigned i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		int wanted = argc == 1;

		for (int n = 1; n < argc; n++)
			wanted |= !strcmp(argv[n], calls[i].name);
		if (wanted)
			test(&calls[i]);
	}
	return 0;
}
