/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Hostile rings: random submissions, registrations and entries, and random words in the memory that the kernel shares, from short-lived
 * children, by a seed; Linux AIO's blocks beside them. The kernel survives, and gives back what it took. An argument replays one seed; a second
 * one sets the milliseconds. Names are of the program's own folder, addresses of sockets are names too.
 */
#include "uring.h"
#include <dirent.h>
#include <linux/aio_abi.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>

enum { MS = 5000, ROUNDS = 60, CHILD_MS = 300, STUCK_MS = 20000, POOL = 16 * 4096, FDS = 32, RINGS = 3 };

static uint64_t state;
static char *pool;

static uint64_t draw(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state * 0x2545f4914f6cdd1du;
}

#define BELOW(n) ((unsigned)((draw() >> 20) % (n)))
#define ONE_OF(array) ((array)[BELOW(sizeof(array) / sizeof((array)[0]))])

static uint64_t number(void)
{
	static const uint64_t edges[] = {0, 1, 7, 8, 63, 64, 4095, 4096, 65535, 65536, 0x7fffffff, 0x80000000, 0xffffffff, 1ull << 47, ~0ull, ~0ull - 7, INT64_MAX, 1ull << 63};

	return BELOW(3) ? BELOW(300) : BELOW(2) ? ONE_OF(edges) : draw();
}

/* Memory: mostly of the pool, which has vectors, times, addresses and names; at its end, or nowhere. */
static uint64_t place(void)
{
	switch (BELOW(12)) {
	case 0:
		return (uintptr_t)pool + POOL - BELOW(32);
	case 1:
		return number();
	case 2:
		return 0xffff800000000000u + draw() % (1u << 30);
	default:
		return (uintptr_t)pool + BELOW(16) * 4096 + BELOW(64) * 8;
	}
}

static void fill_pool(void)
{
	static const char *const names[] = {"a", "b", "d/c", "d", "none/x", ""};

	for (unsigned i = 0; i < 64; i++)
		memcpy(pool + BELOW(POOL - 8), &(uint64_t){number()}, 8);
	for (unsigned i = 0; i < 64; i++) {
		struct iovec *vector = (struct iovec *)(pool + 4096 + i * 16);

		*vector = (struct iovec){(void *)(uintptr_t)place(), BELOW(8) ? BELOW(9000) : number()};
	}
	for (unsigned i = 0; i < 64; i++)
		((struct __kernel_timespec *)(pool + 2 * 4096))[i] = BELOW(3) ? (struct __kernel_timespec){0, BELOW(3000000)} : (struct __kernel_timespec){(int64_t)number(), (long long)number()};
	for (unsigned i = 0; i < 64; i++)
		strcpy(pool + 3 * 4096 + i * 8, ONE_OF(names));
	for (unsigned i = 0; i < 8; i++) {
		struct sockaddr_un *at = (struct sockaddr_un *)(pool + 4 * 4096 + i * 128);

		*at = (struct sockaddr_un){.sun_family = BELOW(10) ? AF_UNIX : 1000, .sun_path = "socket"};
	}
	for (unsigned i = 0; i < 32; i++) {
		struct msghdr *message = (struct msghdr *)(pool + 5 * 4096 + i * 64);

		*message = (struct msghdr){.msg_iov = (void *)(pool + 4096 + BELOW(60) * 16), .msg_iovlen = BELOW(8) ? BELOW(5) : (size_t)number()};
		if (!BELOW(4))
			message->msg_control = (void *)(uintptr_t)place(), message->msg_controllen = BELOW(100);
	}
	for (unsigned i = 0; i < 256; i++)
		((int *)(pool + 6 * 4096))[i] = BELOW(10) ? (int)BELOW(FDS) : -1 - (int)BELOW(3);
}

/* An operation's kind of memory. */
static uint64_t memory_for(int opcode)
{
	static const int vectors[] = {IORING_OP_READV, IORING_OP_WRITEV}, times[] = {IORING_OP_TIMEOUT, IORING_OP_LINK_TIMEOUT}, messages[] = {IORING_OP_SENDMSG, IORING_OP_RECVMSG};
	static const int names[] = {IORING_OP_OPENAT, IORING_OP_OPENAT2, IORING_OP_STATX, IORING_OP_RENAMEAT, IORING_OP_UNLINKAT, IORING_OP_MKDIRAT, IORING_OP_SYMLINKAT, IORING_OP_LINKAT};

	if (!BELOW(8))
		return place();
	for (unsigned i = 0; i < 2; i++) {
		if (opcode == vectors[i])
			return (uintptr_t)pool + 4096 + BELOW(60) * 16;
		if (opcode == times[i])
			return (uintptr_t)pool + 2 * 4096 + BELOW(64) * 16;
		if (opcode == messages[i])
			return (uintptr_t)pool + 5 * 4096 + BELOW(32) * 64;
	}
	for (unsigned i = 0; i < 8; i++)
		if (opcode == names[i])
			return (uintptr_t)pool + 3 * 4096 + BELOW(64) * 8;
	if (opcode == IORING_OP_CONNECT)
		return (uintptr_t)pool + 4 * 4096 + BELOW(8) * 128;
	return BELOW(6) ? place() : BELOW(8);
}

/* Those whose memory is a name must not get another: it could lead out of the folder. */
static int is_of_names(int opcode)
{
	return opcode == IORING_OP_RENAMEAT || opcode == IORING_OP_UNLINKAT || opcode == IORING_OP_MKDIRAT || opcode == IORING_OP_SYMLINKAT || opcode == IORING_OP_LINKAT ||
	       opcode == IORING_OP_OPENAT || opcode == IORING_OP_OPENAT2;
}

static void submission(struct ring *r)
{
	int opcode = BELOW(30) ? (int)BELOW(47) : (int)BELOW(256);
	struct io_uring_sqe *sqe = sqe_next(r, opcode, BELOW(12) ? (int)BELOW(FDS) : (int)number(), BELOW(16));

	if (BELOW(40) == 0) /* garbage from end to end, of an operation that names nothing */
		for (unsigned i = 0; i < 64; i++)
			((unsigned char *)sqe)[i] = (unsigned char)draw();
	else {
		sqe->flags = (unsigned char)(BELOW(2) ? 0 : 1u << BELOW(7) | (BELOW(3) ? 0 : 1u << BELOW(8)));
		sqe->ioprio = (unsigned short)(BELOW(4) ? 0 : BELOW(8));
		sqe->addr = memory_for(opcode);
		sqe->off = BELOW(3) ? BELOW(3) ? 0 : BELOW(5000) : BELOW(2) ? (uint64_t)-1 : place();
		sqe->len = BELOW(4) ? BELOW(4) : BELOW(2) ? BELOW(5000) : (unsigned)number();
		sqe->rw_flags = BELOW(3) ? 0 : BELOW(2) ? 1u << BELOW(32) : BELOW(64);
		sqe->buf_index = (unsigned short)(BELOW(3) ? BELOW(4) : number());
		sqe->personality = (unsigned short)(BELOW(12) ? 0 : BELOW(4));
		sqe->file_index = BELOW(3) ? 0 : BELOW(4) ? BELOW(10) : (unsigned)number();
	}
	if (sqe->opcode != opcode && is_of_names(sqe->opcode))
		sqe->opcode = IORING_OP_NOP;
	if (is_of_names(sqe->opcode)) {
		sqe->fd = AT_FDCWD;
		sqe->addr = (uintptr_t)pool + 3 * 4096 + BELOW(64) * 8;
		if (sqe->opcode != IORING_OP_OPENAT2)
			sqe->off = BELOW(2) ? 0 : (uintptr_t)pool + 3 * 4096 + BELOW(64) * 8;
		if (sqe->opcode == IORING_OP_LINKAT || sqe->opcode == IORING_OP_RENAMEAT)
			sqe->len = (unsigned)AT_FDCWD;
	}
	if (sqe->opcode == IORING_OP_SOCKET)
		sqe->fd = BELOW(4) ? AF_UNIX : 1000;
	if (sqe->opcode == IORING_OP_FALLOCATE)
		sqe->addr = BELOW(1 << 20);
	if (sqe->opcode == IORING_OP_MADVISE) {
		sqe->addr = (uintptr_t)pool + BELOW(18) * 4096;
		sqe->fadvise_advice = BELOW(30);
	}
}

static void registration(struct ring *r)
{
	unsigned opcode = BELOW(28), count = BELOW(3) ? BELOW(10) : (unsigned)number();
	uint64_t address = BELOW(3) ? place() : 0;

	if (opcode == IORING_REGISTER_BUFFERS)
		address = (uintptr_t)pool + 4096;
	if (opcode == IORING_REGISTER_FILES || opcode == IORING_REGISTER_EVENTFD)
		address = (uintptr_t)pool + 6 * 4096 + BELOW(200) * 4;
	if (opcode == IORING_REGISTER_PBUF_RING && BELOW(4)) {
		struct io_uring_buf_reg *reg = (void *)(pool + 7 * 4096);

		memset(reg, 0, sizeof(*reg));
		reg->ring_addr = (uintptr_t)pool + (8 + BELOW(8)) * 4096;
		reg->ring_entries = 1u << BELOW(8);
		reg->bgid = (unsigned short)BELOW(4);
		address = (uintptr_t)reg;
		count = 1;
	}
	uring_register(r->fd, opcode, (void *)(uintptr_t)address, count);
}

/* Words of the shared memory that are the kernel's or the program's. */
static void scribble(struct ring *r)
{
	const unsigned words[] = {r->p.sq_off.head, r->p.sq_off.tail, r->p.sq_off.ring_mask, r->p.sq_off.ring_entries, r->p.sq_off.flags, r->p.sq_off.array, r->p.cq_off.head, r->p.cq_off.tail,
				  r->p.cq_off.ring_mask, r->p.cq_off.ring_entries, r->p.cq_off.overflow, r->p.cq_off.flags};

	WORD(r->sq, ONE_OF(words)) = (unsigned)number();
}

static void enter(struct ring *r)
{
	struct __kernel_timespec soon = {.tv_nsec = BELOW(3000000)};
	struct io_uring_getevents_arg argument = {.ts = (uintptr_t)&soon};
	unsigned flags = BELOW(2) ? IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG : 0;

	if (!BELOW(10))
		flags |= 1u << BELOW(6);
	__atomic_store_n((unsigned *)(r->sq + r->p.sq_off.tail), r->tail, __ATOMIC_RELEASE);
	uring_enter(r->fd, BELOW(10) ? r->pending : (unsigned)number(), BELOW(3), flags, flags & IORING_ENTER_EXT_ARG ? (void *)&argument : NULL, sizeof(argument));
	r->pending = 0;
}

static void drain(struct ring *r)
{
	struct io_uring_cqe cqe;

	for (int i = 0; i < 64 && ring_take(r, &cqe); i++)
		;
}

static void aio(aio_context_t context)
{
	struct iocb iocbs[4], *list[4];
	struct timespec soon = {0, 1000000};

	for (unsigned i = 0; i < 4; i++) {
		iocbs[i] = (struct iocb){
			.aio_lio_opcode = (uint16_t)BELOW(10),
			.aio_fildes = BELOW(12) ? BELOW(FDS) : (unsigned)number(),
			.aio_buf = BELOW(3) ? place() : number(),
			.aio_nbytes = BELOW(3) ? BELOW(5000) : number(),
			.aio_offset = BELOW(3) ? (long)BELOW(5000) : 0,
			.aio_flags = BELOW(4) ? 0 : BELOW(4),
			.aio_resfd = BELOW(FDS),
		};
		list[i] = BELOW(12) ? &iocbs[i] : (void *)(uintptr_t)place();
	}
	syscall(SYS_io_submit, context, BELOW(5), list);
	if (BELOW(2))
		syscall(SYS_io_getevents, BELOW(10) ? context : number(), BELOW(3), BELOW(10), place(), &soon);
	if (!BELOW(4))
		syscall(SYS_io_cancel, context, &iocbs[BELOW(4)], place());
	if (!BELOW(8) && context)
		((unsigned *)context)[BELOW(8)] = (unsigned)number();
	if (!BELOW(10))
		syscall(SYS_io_destroy, BELOW(4) ? context : number());
}

static void wake(int signal)
{
}

static void repair(int signal)
{
	static unsigned times;

	if (++times > 20)
		_exit(0);
	mmap(pool, POOL, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

static void open_some(void)
{
	int two[2];

	for (int i = 0; i < 3; i++) {
		(void)!pipe(two);
		(void)!socketpair(AF_UNIX, i ? SOCK_STREAM : SOCK_DGRAM, 0, two);
		open(i ? "a" : "b", O_RDWR | O_CREAT, 0644);
	}
	eventfd(1, 0);
	syscall(SYS_epoll_create1, 0);
	open("/dev/zero", O_RDWR);
	open("/dev/null", O_RDWR);
	two[0] = socket(AF_UNIX, SOCK_STREAM, 0);
	struct sockaddr_un at = {.sun_family = AF_UNIX, .sun_path = "socket"};
	if (!bind(two[0], (void *)&at, sizeof(at)))
		listen(two[0], 4);
}

static int ring_try(struct ring *r)
{
	static const unsigned choices[] = {0, 0, 0, IORING_SETUP_SUBMIT_ALL, IORING_SETUP_SQPOLL, IORING_SETUP_CQSIZE, IORING_SETUP_R_DISABLED, IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN, IORING_SETUP_SQE128, IORING_SETUP_CQE32, IORING_SETUP_COOP_TASKRUN};
	struct io_uring_params p = {.flags = ONE_OF(choices) | ONE_OF(choices), .cq_entries = 1u << BELOW(8), .sq_thread_idle = BELOW(50)};
	int fd = uring_setup(1 + BELOW(BELOW(4) ? 16 : 300), &p);

	if (fd < 0)
		return 0;
	close(fd);
	ring_open(r, p.sq_entries, p.flags, p.cq_entries);
	return 1;
}

static void child(uint64_t seed)
{
	static const struct { int resource; rlim_t most; } limits[] = {{RLIMIT_CORE, 0}, {RLIMIT_FSIZE, 4 << 20}, {RLIMIT_AS, 256 << 20}, {RLIMIT_NOFILE, 256}, {RLIMIT_CPU, 2}};
	const struct itimerval often = {{0, 3000}, {0, 3000}};
	struct ring rings[RINGS];
	aio_context_t context = 0;
	unsigned nr = 0;

	state = seed * 0x9e3779b97f4a7c15u + 1;
	draw();
	for (unsigned i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		setrlimit(limits[i].resource, &(struct rlimit){limits[i].most, limits[i].most});
	alarm(2);
	pool = mmap(NULL, POOL + 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	munmap(pool + POOL, 4096);
	sigaction(SIGALRM, &(struct sigaction){.sa_handler = wake}, NULL);
	sigaction(SIGSEGV, &(struct sigaction){.sa_handler = repair}, NULL);
	sigaction(SIGBUS, &(struct sigaction){.sa_handler = repair}, NULL);
	signal(SIGXFSZ, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	open_some();
	setitimer(ITIMER_REAL, &often, NULL);
	for (unsigned i = 0; i < RINGS; i++)
		nr += ring_try(&rings[nr]);
	syscall(SYS_io_setup, BELOW(200) + 1, &context);
	for (unsigned round = 0; nr && round < ROUNDS; round++) {
		struct ring *r = &rings[BELOW(nr)];

		if (!BELOW(4))
			fill_pool();
		for (unsigned i = BELOW(r->p.sq_entries + 1); i > 0; i--)
			submission(r);
		if (!BELOW(3))
			registration(r);
		if (!BELOW(12))
			scribble(r);
		enter(r);
		if (BELOW(3))
			drain(r);
		if (!BELOW(4))
			aio(context);
		if (!BELOW(40) && !fork())
			_exit(0);
		if (!BELOW(60)) /* without its memory the ring lives on */
			munmap(r->cq, 4096);
		if (!BELOW(80)) {
			close(r->fd);
			r->fd = -1;
		}
	}
	_exit(0);
}

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

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
		nanosleep(&(struct timespec){0, 1000000}, NULL);
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

/* Files, pipes and rings work as before. */
static int still_works(void)
{
	char text[8] = "";
	struct ring r;
	int fd = open("after", O_RDWR | O_CREAT | O_TRUNC, 0644);

	ring_open(&r, 8, 0, 0);
	sqe_rw(&r, IORING_OP_WRITE, fd, 1, "hello", 5, 0);
	if (ring_one(&r) != 5)
		return 0;
	sqe_rw(&r, IORING_OP_READ, fd, 1, text, 5, 0)->flags = IOSQE_ASYNC;
	if (ring_one(&r) != 5)
		return 0;
	ring_close(&r);
	close(fd);
	unlink("after");
	return !strcmp(text, "hello");
}

int main(int argc, char **argv)
{
	uint64_t first = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
	long end = now_ms() + (argc > 2 ? strtol(argv[2], NULL, 0) : MS);
	char folder[] = "uring-fuzz-XXXXXX";
	unsigned children = 0;

	if (!mkdtemp(folder) || chdir(folder))
		return 1;
	for (uint64_t seed = first; now_ms() < end; seed++, children++) {
		pid_t pid;

		mkdir("work", 0755);
		mkdir("work/d", 0755);
		pid = fork();
		if (!pid) {
			if (chdir("work"))
				_exit(1);
			int null = open("/dev/null", O_RDWR);

			for (int fd = 0; fd < 3; fd++)
				dup2(null, fd);
			child(seed);
		}
		if (getenv("FUZZ_VERBOSE"))
			fprintf(stderr, "seed %llu\n", (unsigned long long)seed);
		if (pid > 0 && !reap(pid)) {
			printf("child of seed %llu does not die\n", (unsigned long long)seed);
			return 1;
		}
		remove_all("work");
	}
	printf("# %u children\n", children);
	puts(still_works() ? "the kernel survives" : "the kernel is damaged");
	return chdir("..") || (remove_all(folder), 0);
}
