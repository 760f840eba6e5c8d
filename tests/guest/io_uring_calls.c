/* SPDX-License-Identifier: BSD-3-Clause */
/* io_uring's operations that are other system calls: polling, sockets, names, pipes, provided buffers, messages between rings. */
#include "uring.h"
#include "show.h"
#include <sched.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <netinet/in.h>
#include <pthread.h>

enum { ACCEPT_MULTISHOT = 1, RECV_MULTISHOT = 2, POLL_FIRST = 1 };

static void feed(int fd, const char *text)
{
	if (write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		exit(1);
}

static void polls(void)
{
	struct io_uring_sqe *sqe;
	char text[16];
	struct ring r;
	int two[2];

	puts("-- poll");
	if (pipe(two))
		exit(1);
	ring_open(&r, 16, 0, 0);
	sqe_next(&r, IORING_OP_POLL_ADD, two[1], 1)->poll32_events = POLLOUT;
	ring_run(&r, "ready at once", 1);
	sqe_next(&r, IORING_OP_POLL_ADD, two[0], 1)->poll32_events = POLLIN;
	ring_run(&r, "waits", 0);
	printf("ready %u\n", ring_ready(&r));
	feed(two[1], "x");
	ring_run(&r, "came", 1);
	if (read(two[0], text, 1) != 1)
		exit(1);
	sqe = sqe_next(&r, IORING_OP_POLL_ADD, two[0], 1);
	sqe->poll32_events = POLLIN;
	sqe->len = IORING_POLL_ADD_MULTI;
	ring_run(&r, "many times", 0);
	for (int i = 0; i < 3; i++) {
		feed(two[1], "y");
		ring_run(&r, "once", 1);
		if (read(two[0], text, 1) != 1)
			exit(1);
	}
	sqe_next(&r, IORING_OP_POLL_REMOVE, -1, 2)->addr = 1;
	ring_run(&r, "removed", 2);
	sqe_next(&r, IORING_OP_POLL_REMOVE, -1, 2)->addr = 1;
	ring_run(&r, "nothing to remove", 1);
	sqe_next(&r, IORING_OP_POLL_ADD, two[0], 1)->poll32_events = POLLIN;
	ring_run(&r, "waits", 0);
	sqe = sqe_next(&r, IORING_OP_POLL_REMOVE, -1, 2);
	sqe->addr = 1;
	sqe->off = 5;
	sqe->len = IORING_POLL_UPDATE_USER_DATA;
	ring_run(&r, "renamed", 1);
	feed(two[1], "z");
	ring_run(&r, "came by the new name", 1);
	sqe = sqe_next(&r, IORING_OP_POLL_ADD, two[0], 1);
	sqe->len = 1 << 9;
	ring_run(&r, "a flag that is none", 1);
	close(two[1]);
	if (read(two[0], text, 1) != 1)
		exit(1);
	sqe_next(&r, IORING_OP_POLL_ADD, two[0], 1)->poll32_events = POLLOUT;
	ring_run(&r, "hung up", 1);
	close(two[0]);
	ring_close(&r);
}

static void streams(void)
{
	char text[64] = "", more[64] = "";
	struct iovec io = {text, sizeof(text)};
	struct msghdr message = {.msg_iov = &io, .msg_iovlen = 1};
	struct io_uring_sqe *sqe;
	struct ring r;
	int two[2];

	puts("-- sockets");
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, two))
		exit(1);
	ring_open(&r, 16, 0, 0);
	sqe_rw(&r, IORING_OP_RECV, two[0], 1, text, 10, 0);
	ring_run(&r, "waits", 0);
	sqe_rw(&r, IORING_OP_SEND, two[1], 2, "hello", 5, 0);
	ring_run(&r, "received", 2);
	puts(text);
	sqe_rw(&r, IORING_OP_RECV, two[0], 1, text, 10, 0)->msg_flags = MSG_DONTWAIT;
	ring_run(&r, "does not wait", 1);
	sqe_rw(&r, IORING_OP_RECV, two[0], 1, text, 10, 0)->msg_flags = MSG_WAITALL;
	ring_run(&r, "wants all", 0);
	feed(two[1], "12345");
	usleep(10000);
	printf("ready %u\n", ring_ready(&r));
	feed(two[1], "67890");
	ring_run(&r, "has all", 1);
	printf("%.10s\n", text);
	sqe = sqe_rw(&r, IORING_OP_RECVMSG, two[0], 1, &message, 1, 0);
	ring_run(&r, "a message waits", 0);
	struct iovec out[2] = {{"two ", 4}, {"parts", 6}};
	struct msghdr sent = {.msg_iov = out, .msg_iovlen = 2};
	sqe_rw(&r, IORING_OP_SENDMSG, two[1], 2, &sent, 1, 0);
	ring_run(&r, "message", 2);
	puts(text);
	sqe = sqe_rw(&r, IORING_OP_RECV, two[0], 1, text, 4, 0);
	sqe->ioprio = POLL_FIRST;
	ring_run(&r, "waits first", 0);
	feed(two[1], "poll");
	ring_run(&r, "then receives", 1);
	sqe_rw(&r, IORING_OP_RECV, 0, 1, text, 4, 0)->fd = open("/dev/null", O_RDWR);
	ring_run(&r, "no socket", 1);
	fcntl(two[0], F_SETFL, O_NONBLOCK);
	sqe_rw(&r, IORING_OP_READ, two[0], 1, more, 4, 0);
	ring_run(&r, "read waits though the file does not", 0);
	feed(two[1], "late");
	ring_run(&r, "came", 1);
	sqe_rw(&r, IORING_OP_RECV, two[0], 1, more, 4, 0);
	ring_run(&r, "recv waits all the same", 0);
	sqe = sqe_next(&r, IORING_OP_SHUTDOWN, two[1], 2);
	sqe->len = SHUT_WR;
	ring_run(&r, "shut down", 2);
	sqe_rw(&r, IORING_OP_SEND, two[1], 1, "x", 1, 0);
	ring_run(&r, "no more", 1);
	sqe_rw(&r, IORING_OP_SEND, two[1], 1, "x", 1, 0)->ioprio = 1 << 14;
	ring_run(&r, "a flag that is none", 1);
	close(two[0]);
	close(two[1]);
	ring_close(&r);
}

static void connections(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(at);
	int listener = socket(AF_INET, SOCK_STREAM, 0), fds[4] = {-1, -1, -1, -1}, ret;
	struct io_uring_sqe *sqe;
	struct ring r;
	char text[16];

	puts("-- connections");
	if (bind(listener, (void *)&at, sizeof(at)) || listen(listener, 8) || getsockname(listener, (void *)&at, &len))
		exit(1);
	ring_open(&r, 16, 0, 0);
	for (int i = 0; i < 2; i++) {
		sqe = sqe_next(&r, IORING_OP_SOCKET, AF_INET, 1);
		sqe->off = SOCK_STREAM;
		ret = ring_one(&r);
		printf("socket %d\n", ret >= 0);
		fds[i] = ret;
	}
	sqe_next(&r, IORING_OP_ACCEPT, listener, 9);
	ring_submit(&r, 0);
	sqe_rw(&r, IORING_OP_CONNECT, fds[0], 2, &at, 0, sizeof(at));
	ring_submit(&r, 0);
	for (int got = 0; got < 2;) {
		struct io_uring_cqe cqe;

		uring_enter(r.fd, 0, 1, IORING_ENTER_GETEVENTS, NULL, 0);
		while (ring_take(&r, &cqe)) {
			if (cqe.user_data == 9)
				fds[2] = cqe.res;
			else
				printf("connect %d\n", cqe.res);
			got++;
		}
	}
	printf("accepted %d\n", fds[2] >= 0);
	sqe_rw(&r, IORING_OP_SEND, fds[0], 1, "over tcp", 8, 0);
	sqe_rw(&r, IORING_OP_RECV, fds[2], 2, text, 8, 0);
	ring_run(&r, "over it", 2);
	sqe_rw(&r, IORING_OP_CONNECT, fds[0], 1, &at, 0, sizeof(at));
	ring_run(&r, "again", 1);
	close(listener);
	sqe_rw(&r, IORING_OP_CONNECT, fds[1], 1, &at, 0, sizeof(at));
	ring_run(&r, "to nobody", 1);
	sqe_next(&r, IORING_OP_ACCEPT, fds[0], 1);
	ring_run(&r, "accept without listening", 1);
	sqe_next(&r, IORING_OP_CLOSE, fds[2], 1);
	ring_run(&r, "close", 1);
	sqe_next(&r, IORING_OP_CLOSE, fds[2], 1);
	ring_run(&r, "close again", 1);
	sqe_next(&r, IORING_OP_CLOSE, r.fd, 1);
	ring_run(&r, "close itself", 1);
	sqe_rw(&r, IORING_OP_RECV, fds[0], 2, text, 8, 0);
	ring_run(&r, "the other end knows", 1);
	close(fds[0]);
	close(fds[1]);
	ring_close(&r);
}

static void *connect_three(void *path)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};

	strcpy(at.sun_path, path);
	for (int i = 0; i < 3; i++) {
		int fd = socket(AF_UNIX, SOCK_STREAM, 0);

		if (connect(fd, (void *)&at, sizeof(at)))
			exit(1);
		close(fd);
	}
	return NULL;
}

static void multishot(void)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX, .sun_path = "uring-socket"};
	int listener = socket(AF_UNIX, SOCK_STREAM, 0), two[2], more = 0, nr = 0;
	static char memory[4][16];
	struct io_uring_sqe *sqe;
	struct io_uring_cqe cqe;
	pthread_t thread;
	struct ring r;

	puts("-- multishot");
	unlink(at.sun_path);
	if (bind(listener, (void *)&at, sizeof(at)) || listen(listener, 8) || socketpair(AF_UNIX, SOCK_STREAM, 0, two))
		exit(1);
	ring_open(&r, 16, 0, 0);
	sqe = sqe_next(&r, IORING_OP_ACCEPT, listener, 1);
	sqe->ioprio = ACCEPT_MULTISHOT;
	ring_submit(&r, 0);
	pthread_create(&thread, NULL, connect_three, at.sun_path);
	while (nr < 3) {
		uring_enter(r.fd, 0, 1, IORING_ENTER_GETEVENTS, NULL, 0);
		while (ring_take(&r, &cqe)) {
			nr++;
			more += (cqe.flags & IORING_CQE_F_MORE) != 0;
			close(cqe.res);
		}
	}
	pthread_join(thread, NULL);
	printf("three accepted, %d of them tell of more\n", more);
	sqe_next(&r, IORING_OP_ASYNC_CANCEL, -1, 2)->addr = 1;
	ring_run(&r, "ended", 2);
	unlink(at.sun_path);
	close(listener);

	sqe = sqe_next(&r, IORING_OP_PROVIDE_BUFFERS, 4, 3);
	sqe->addr = (uintptr_t)memory;
	sqe->len = 16;
	sqe->off = 10;
	sqe->buf_group = 7;
	ring_run(&r, "four buffers", 1);
	sqe = sqe_next(&r, IORING_OP_RECV, two[0], 4);
	sqe->ioprio = RECV_MULTISHOT;
	sqe->flags = IOSQE_BUFFER_SELECT;
	sqe->buf_group = 7;
	ring_run(&r, "receives", 0);
	for (int i = 0; i < 3; i++) {
		feed(two[1], i == 0 ? "one" : i == 1 ? "second" : "the third");
		ring_run(&r, "some", 1);
	}
	printf("%.3s %.6s %.9s\n", memory[0], memory[1], memory[2]);
	feed(two[1], "0123456789abcdefXYZ");
	ring_run(&r, "more than there is room for", 2);
	ring_close(&r);
	close(two[0]);
	close(two[1]);
}

static void buffers(void)
{
	static char memory[8][8];
	struct io_uring_buf_reg reg = {.ring_entries = 4, .bgid = 3};
	struct io_uring_buf *bufs = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct io_uring_sqe *sqe;
	struct ring r;
	int two[2];

	puts("-- buffers");
	if (pipe(two))
		exit(1);
	ring_open(&r, 8, 0, 0);
	sqe = sqe_rw(&r, IORING_OP_READ, two[0], 1, NULL, 8, 0);
	sqe->flags = IOSQE_BUFFER_SELECT;
	sqe->buf_group = 1;
	ring_run(&r, "no group", 1);
	sqe = sqe_next(&r, IORING_OP_PROVIDE_BUFFERS, 2, 1);
	sqe->addr = (uintptr_t)memory;
	sqe->len = 8;
	sqe->buf_group = 1;
	ring_run(&r, "two", 1);
	sqe = sqe_rw(&r, IORING_OP_READ, two[0], 1, NULL, 8, 0);
	sqe->flags = IOSQE_BUFFER_SELECT;
	sqe->buf_group = 1;
	ring_run(&r, "waits", 0);
	feed(two[1], "chosen");
	ring_run(&r, "came", 1);
	printf("%s\n", memory[0]);
	sqe = sqe_next(&r, IORING_OP_REMOVE_BUFFERS, 5, 1);
	sqe->buf_group = 1;
	ring_run(&r, "one was left", 1);
	sqe = sqe_next(&r, IORING_OP_REMOVE_BUFFERS, 5, 1);
	sqe->buf_group = 9;
	ring_run(&r, "no such group", 1);
	sqe = sqe_next(&r, IORING_OP_PROVIDE_BUFFERS, 0, 1);
	ring_run(&r, "none", 1);
	sqe = sqe_next(&r, IORING_OP_NOP, -1, 1);
	sqe->flags = IOSQE_BUFFER_SELECT;
	ring_run(&r, "for nothing", 1);
	reg.ring_addr = (uintptr_t)bufs;
	SHOW(uring_register(r.fd, IORING_REGISTER_PBUF_RING, &reg, 1));
	SHOW(uring_register(r.fd, IORING_REGISTER_PBUF_RING, &reg, 1));
	for (int i = 0; i < 2; i++) {
		bufs[i].addr = (uintptr_t)memory[4 + i];
		bufs[i].len = 8;
		bufs[i].bid = (unsigned short)(40 + i);
	}
	__atomic_store_n(&bufs[0].resv, 2, __ATOMIC_RELEASE);
	for (int i = 0; i < 3; i++) {
		feed(two[1], "ring");
		sqe = sqe_rw(&r, IORING_OP_READ, two[0], 1, NULL, 8, 0);
		sqe->flags = IOSQE_BUFFER_SELECT;
		sqe->buf_group = 3;
		ring_run(&r, "from the ring", 1);
	}
	printf("%s %s\n", memory[4], memory[5]);
	SHOW(uring_register(r.fd, IORING_UNREGISTER_PBUF_RING, &reg, 1));
	SHOW(uring_register(r.fd, IORING_UNREGISTER_PBUF_RING, &reg, 1));
	reg.ring_entries = 3;
	SHOW(uring_register(r.fd, IORING_REGISTER_PBUF_RING, &reg, 1));
	ring_close(&r);
	close(two[0]);
	close(two[1]);
}

static void names(void)
{
	struct open_how_ { uint64_t flags, mode, resolve; } how = {O_RDONLY, 0, 0};
	struct io_uring_sqe *sqe;
	struct statx_ { unsigned char bytes[256]; } status;
	struct ring r;
	char path[32];
	int fd, places[4] = {-1, -1, -1, -1};

	puts("-- names");
	ring_open(&r, 16, 0, 0);
	sqe = sqe_rw(&r, IORING_OP_MKDIRAT, AT_FDCWD, 1, "uring-dir", 0700, 0);
	ring_run(&r, "mkdir", 1);
	sqe = sqe_rw(&r, IORING_OP_MKDIRAT, AT_FDCWD, 1, "uring-dir", 0700, 0);
	ring_run(&r, "mkdir again", 1);
	strcpy(path, "uring-dir/file");
	sqe = sqe_rw(&r, IORING_OP_OPENAT, AT_FDCWD, 1, path, 0600, 0);
	sqe->open_flags = O_CREAT | O_RDWR;
	ring_submit(&r, 0);
	memset(path, 'x', 20); /* it was copied */
	while (!ring_ready(&r))
		uring_enter(r.fd, 0, 1, IORING_ENTER_GETEVENTS, NULL, 0);
	struct io_uring_cqe cqe = {0};
	ring_take(&r, &cqe);
	fd = cqe.res;
	printf("open %d\n", fd >= 0);
	feed(fd, "content");
	close(fd);
	sqe = sqe_rw(&r, IORING_OP_OPENAT2, AT_FDCWD, 1, "uring-dir/file", sizeof(how), (uintptr_t)&how);
	fd = ring_one(&r);
	printf("openat2 %d\n", fd >= 0);
	close(fd);
	how.resolve = 1ull << 40;
	sqe = sqe_rw(&r, IORING_OP_OPENAT2, AT_FDCWD, 1, "uring-dir/file", sizeof(how), (uintptr_t)&how);
	ring_run(&r, "a way that is none", 1);
	sqe = sqe_rw(&r, IORING_OP_OPENAT, AT_FDCWD, 1, "uring-dir/none", 0, 0);
	ring_run(&r, "no file", 1);
	sqe = sqe_rw(&r, IORING_OP_OPENAT, AT_FDCWD, 1, (void *)8, 0, 0);
	ring_run(&r, "no name", 1);
	sqe = sqe_rw(&r, IORING_OP_STATX, AT_FDCWD, 1, "uring-dir/file", 0x7ff, (uintptr_t)&status);
	ring_run(&r, "statx", 1);
	printf("size %llu\n", *(unsigned long long *)(status.bytes + 40));
	sqe = sqe_rw(&r, IORING_OP_SYMLINKAT, AT_FDCWD, 1, "file", 0, (uintptr_t)"uring-dir/link");
	ring_run(&r, "symlink", 1);
	sqe = sqe_rw(&r, IORING_OP_LINKAT, AT_FDCWD, 1, "uring-dir/file", (unsigned)AT_FDCWD, (uintptr_t)"uring-dir/hard");
	ring_run(&r, "link", 1);
	sqe = sqe_rw(&r, IORING_OP_RENAMEAT, AT_FDCWD, 1, "uring-dir/hard", (unsigned)AT_FDCWD, (uintptr_t)"uring-dir/renamed");
	ring_run(&r, "rename", 1);
	sqe = sqe_rw(&r, IORING_OP_UNLINKAT, AT_FDCWD, 1, "uring-dir/hard", 0, 0);
	ring_run(&r, "unlink of what is gone", 1);
	SHOW_OK(uring_register(r.fd, IORING_REGISTER_FILES, places, 4));
	sqe = sqe_rw(&r, IORING_OP_OPENAT, AT_FDCWD, 1, "uring-dir/file", 0, 0);
	sqe->file_index = 2 + 1;
	sqe->flags = IOSQE_IO_LINK;
	sqe = sqe_rw(&r, IORING_OP_READ, 2, 2, path, 7, 0);
	sqe->flags = IOSQE_FIXED_FILE | IOSQE_IO_LINK;
	sqe = sqe_next(&r, IORING_OP_CLOSE, 0, 3);
	sqe->file_index = 2 + 1;
	ring_run(&r, "opened, read and closed in a place", 3);
	printf("%.7s\n", path);
	sqe = sqe_rw(&r, IORING_OP_OPENAT, AT_FDCWD, 1, "uring-dir/file", 0, 0);
	sqe->file_index = ~0u;
	ring_run(&r, "in any place", 1);
	sqe = sqe_rw(&r, IORING_OP_OPENAT, AT_FDCWD, 1, "uring-dir/file", 0, 0);
	sqe->file_index = 9;
	ring_run(&r, "in no place", 1);
	static const char *const all[] = {"uring-dir/file", "uring-dir/link", "uring-dir/renamed"};
	for (int i = 0; i < 3; i++)
		sqe_rw(&r, IORING_OP_UNLINKAT, AT_FDCWD, (uint64_t)i, all[i], 0, 0);
	ring_run(&r, "unlink", 3);
	sqe = sqe_rw(&r, IORING_OP_UNLINKAT, AT_FDCWD, 1, "uring-dir", 0, 0);
	sqe->unlink_flags = AT_REMOVEDIR;
	ring_run(&r, "rmdir", 1);
	ring_close(&r);
}

static void pipes(void)
{
	struct epoll_event event = {.events = EPOLLIN, .data.u64 = 5};
	struct io_uring_sqe *sqe;
	char text[16] = "";
	int a[2], b[2], epoll = epoll_create1(0), fd = open("uring-splice", O_RDWR | O_CREAT | O_TRUNC, 0600);
	struct ring r;

	puts("-- pipes");
	if (pipe(a) || pipe(b))
		exit(1);
	ring_open(&r, 8, 0, 0);
	feed(a[1], "spliced");
	sqe = sqe_next(&r, IORING_OP_TEE, b[1], 1);
	sqe->splice_fd_in = a[0];
	sqe->len = 7;
	ring_run(&r, "tee", 1);
	sqe = sqe_next(&r, IORING_OP_SPLICE, fd, 1);
	sqe->splice_fd_in = a[0];
	sqe->splice_off_in = (uint64_t)-1;
	sqe->off = 3;
	sqe->len = 7;
	ring_run(&r, "splice", 1);
	printf("size %ld\n", lseek(fd, 0, SEEK_END));
	sqe_rw(&r, IORING_OP_READ, b[0], 1, text, 15, 0);
	ring_run(&r, "what tee left", 1);
	puts(text);
	sqe = sqe_next(&r, IORING_OP_SPLICE, fd, 1);
	sqe->splice_fd_in = fd;
	sqe->len = 7;
	ring_run(&r, "no pipe", 1);
	sqe = sqe_next(&r, IORING_OP_EPOLL_CTL, epoll, 1);
	sqe->len = EPOLL_CTL_ADD;
	sqe->off = (unsigned)a[0];
	sqe->addr = (uintptr_t)&event;
	ring_run(&r, "epoll_ctl", 1);
	feed(a[1], "!");
	memset(&event, 0, sizeof(event));
	printf("%d", epoll_wait(epoll, &event, 1, 0));
	printf(" %llu\n", (unsigned long long)event.data.u64);
	/* A ring in a set of epoll's. */
	event = (struct epoll_event){.events = EPOLLIN, .data.u64 = 6};
	SHOW(epoll_ctl(epoll, EPOLL_CTL_DEL, a[0], NULL));
	SHOW(epoll_ctl(epoll, EPOLL_CTL_ADD, r.fd, &event));
	SHOW(epoll_wait(epoll, &event, 1, 0));
	sqe_rw(&r, IORING_OP_READ, b[0], 1, text, 15, 0);
	ring_submit(&r, 0);
	feed(b[1], "later");
	SHOW(epoll_wait(epoll, &event, 1, 5000));
	ring_run(&r, "told by epoll", 1);
	close(epoll);
	ring_close(&r);
	unlink("uring-splice");
}

static void messages(void)
{
	struct io_uring_sqe *sqe;
	struct ring a, b;
	int fd = open("/dev/zero", O_RDONLY), empty[2] = {-1, -1};
	char byte = 1;

	puts("-- messages");
	ring_open(&a, 8, 0, 0);
	ring_open(&b, 8, 0, 0);
	sqe = sqe_next(&a, IORING_OP_MSG_RING, b.fd, 1);
	sqe->off = 77;
	sqe->len = 1234;
	ring_run(&a, "sent", 1);
	ring_run(&b, "came", 1);
	sqe = sqe_next(&a, IORING_OP_MSG_RING, fd, 1);
	ring_run(&a, "to no ring", 1);
	SHOW(uring_register(a.fd, IORING_REGISTER_FILES, &fd, 1));
	SHOW(uring_register(b.fd, IORING_REGISTER_FILES, empty, 2));
	sqe = sqe_next(&a, IORING_OP_MSG_RING, b.fd, 2);
	sqe->addr = IORING_MSG_SEND_FD;
	sqe->off = 78;
	sqe->file_index = 1 + 1;
	ring_run(&a, "a file", 1);
	ring_run(&b, "came", 1);
	sqe = sqe_rw(&b, IORING_OP_READ, 1, 3, &byte, 1, 0);
	sqe->flags = IOSQE_FIXED_FILE;
	ring_run(&b, "reads", 1);
	ring_close(&a);
	ring_close(&b);
}

static void polled(void)
{
	struct io_uring_cqe cqe;
	struct ring r;
	unsigned sum = 0;

	puts("-- a thread of the kernel takes submissions");
	memset(&r, 0, sizeof(r));
	ring_open(&r, 8, IORING_SETUP_SQPOLL, 0);
	for (unsigned i = 1; i <= 5; i++) {
		sqe_next(&r, IORING_OP_NOP, -1, i);
		__atomic_store_n((unsigned *)(r.sq + r.p.sq_off.tail), r.tail, __ATOMIC_SEQ_CST);
		if (WORD(r.sq, r.p.sq_off.flags) & IORING_SQ_NEED_WAKEUP)
			uring_enter(r.fd, 0, 0, IORING_ENTER_SQ_WAKEUP, NULL, 0);
		uring_enter(r.fd, 0, 1, IORING_ENTER_GETEVENTS, NULL, 0);
		while (ring_take(&r, &cqe))
			sum += cqe.user_data;
	}
	printf("sum %u\n", sum);
	ring_close(&r);
}

/* What the thread's helpers do with the ring may end after the program has let go of it: they are the last who have it. */
static void let_go(void)
{
	puts("-- let go of while it is used");
	for (int i = 0; i < 30; i++) {
		struct ring r;

		ring_open(&r, 8, IORING_SETUP_SQPOLL, 0);
		for (int n = 0; n < 4; n++)
			sqe_next(&r, IORING_OP_MSG_RING, r.fd, 1)->flags = IOSQE_ASYNC;
		__atomic_store_n((unsigned *)(r.sq + r.p.sq_off.tail), r.tail, __ATOMIC_SEQ_CST);
		uring_enter(r.fd, 0, 0, IORING_ENTER_SQ_WAKEUP, NULL, 0);
		if (i % 2)
			sched_yield();
		ring_close(&r);
	}
	puts("gone");
}

/* Thousands that wait for the ring's own completions, each of which would wake all others. */
static void crowd(void)
{
	struct io_uring_cqe cqe;
	struct ring r;
	unsigned nr = 0;

	puts("-- crowd");
	ring_open(&r, 256, 0, 0);
	for (int round = 0; round < 64; round++) {
		for (int i = 0; i < 256; i++)
			sqe_next(&r, IORING_OP_POLL_ADD, r.fd, 1)->poll32_events = POLLIN;
		if (ring_submit(&r, 0) != 256)
			exit(1);
	}
	sqe_next(&r, IORING_OP_NOP, -1, 2);
	ring_submit(&r, 0);
	while (nr < 64 * 256 + 1) {
		uring_enter(r.fd, 0, 1, IORING_ENTER_GETEVENTS, NULL, 0);
		while (ring_take(&r, &cqe))
			nr++;
	}
	puts("all came"); /* a busy Linux may tell of a few more than were asked for */
	for (int round = 0; round < 64; round++) {
		for (int i = 0; i < 256; i++)
			sqe_next(&r, IORING_OP_POLL_ADD, r.fd, 1)->poll32_events = POLLIN;
		ring_submit(&r, 0);
	}
	ring_close(&r);
	puts("and others went with their ring");
}

int main(void)
{
	polls();
	streams();
	connections();
	multishot();
	buffers();
	names();
	pipes();
	messages();
	polled();
	let_go();
	crowd();
	return 0;
}
