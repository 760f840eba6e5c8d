/* POSIX message queues (mq_overview(7)). */
#define _GNU_SOURCE
#include <fcntl.h>
#include <mqueue.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "show.h"

static char buffer[9000];

static void tell(mqd_t queue)
{
	struct mq_attr a;

	if (mq_getattr(queue, &a))
		printf("mq_getattr fails\n");
	else
		printf("flags %#lx, at most %ld of %ld bytes, %ld there\n", a.mq_flags, a.mq_maxmsg, a.mq_msgsize, a.mq_curmsgs);
}

static void receive(mqd_t queue)
{
	unsigned priority = 99;
	ssize_t n = mq_receive(queue, buffer, sizeof(buffer), &priority);

	if (n < 0)
		printf("received nothing: %s\n", strerrorname_np(errno));
	else
		printf("received \"%.*s\" of priority %u\n", (int)n, buffer, priority);
}

static mqd_t make(const char *name, int flags, long max, long size)
{
	struct mq_attr a = {.mq_maxmsg = max, .mq_msgsize = size};

	return mq_open(name, O_CREAT | O_RDWR | flags, 0600, &a);
}

static void test_names(void)
{
	mqd_t queue;

	SHOW_OK(queue = mq_open("/dory-a", O_CREAT | O_RDWR, 0640, NULL));
	tell(queue);
	printf("close on exec: %d\n", fcntl(queue, F_GETFD));
	SHOW(mq_open("/dory-a", O_CREAT | O_EXCL | O_RDWR, 0600, NULL));
	SHOW(mq_open("/dory-none", O_RDWR));
	SHOW(syscall(SYS_mq_open, "/dory-a", O_RDWR, 0, NULL));
	SHOW(syscall(SYS_mq_open, "a/b", O_CREAT | O_RDWR, 0600, NULL));
	SHOW(syscall(SYS_mq_open, "", O_RDWR, 0, NULL));
	SHOW(syscall(SYS_mq_open, ".", O_RDWR, 0, NULL));
	SHOW(syscall(SYS_mq_open, "..", O_RDWR, 0, NULL));
	SHOW(syscall(SYS_mq_open, 8, O_RDWR, 0, NULL));
	SHOW(syscall(SYS_mq_open, "dory-b", O_CREAT | O_RDWR, 0600, 8));
	SHOW(syscall(SYS_mq_open, "dory-a", O_ACCMODE, 0600, NULL));
	memset(buffer, 'n', 256);
	buffer[256] = 0;
	SHOW(syscall(SYS_mq_open, buffer, O_CREAT | O_RDWR, 0600, NULL));
	SHOW(make("/dory-b", 0, 0, 10));
	SHOW(make("/dory-b", 0, 10, 0));
	SHOW(make("/dory-b", 0, -1, 10));
	SHOW(make("/dory-b", 0, 65537, 1));
	SHOW(make("/dory-b", 0, 1, 16777217));
	SHOW(mq_close(queue));
	SHOW(mq_unlink("/dory-a"));
	SHOW(mq_unlink("/dory-a"));
	SHOW(syscall(SYS_mq_unlink, "/dory-a"));
	SHOW(syscall(SYS_mq_unlink, 8));
}

static void test_order(void)
{
	static const struct {
		const char *text;
		unsigned priority;
	} sent[] = {{"low", 1}, {"first", 5}, {"second", 5}, {"", 0}, {"high", 32767}, {"third", 5}};
	mqd_t queue = make("/dory-order", O_NONBLOCK, 6, 10), reader;

	for (unsigned i = 0; i < 6; i++)
		SHOW(mq_send(queue, sent[i].text, strlen(sent[i].text), sent[i].priority));
	SHOW(mq_send(queue, "x", 1, 0));
	SHOW(mq_send(queue, "12345678901", 11, 0));
	SHOW(mq_send(queue, "x", 1, 32768));
	SHOW(mq_send(queue, (void *)8, 5, 0));
	tell(queue);
	SHOW(mq_receive(queue, buffer, 9, NULL));
	reader = mq_open("/dory-order", O_RDONLY | O_NONBLOCK);
	SHOW(mq_send(reader, "x", 1, 0));
	for (unsigned i = 0; i < 7; i++)
		receive(i % 2 ? queue : reader);
	mq_close(reader);
	reader = mq_open("/dory-order", O_WRONLY | O_NONBLOCK);
	receive(reader);
	mq_close(reader);
	mq_close(queue);
	mq_unlink("/dory-order");
}

static void *send_one(void *queue)
{
	usleep(30000);
	mq_send(*(mqd_t *)queue, "from a thread", 13, 3);
	return NULL;
}

static void *receive_one(void *queue)
{
	usleep(30000);
	receive(*(mqd_t *)queue);
	return NULL;
}

static struct timespec soon(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_nsec += 20000000;
	t.tv_sec += t.tv_nsec / 1000000000;
	t.tv_nsec %= 1000000000;
	return t;
}

static void on_signal(int signal)
{
}

static void test_waiting(void)
{
	mqd_t queue = make("/dory-wait", 0, 1, 20);
	struct timespec t = soon(), bad = {0, 1000000000}, past = {0, 0};
	struct sigaction action = {.sa_handler = on_signal};
	pthread_t thread;
	int sent;

	SHOW(mq_timedreceive(queue, buffer, sizeof(buffer), NULL, &t));
	SHOW(mq_timedreceive(queue, buffer, sizeof(buffer), NULL, &past));
	SHOW(mq_timedreceive(queue, buffer, sizeof(buffer), NULL, &bad));
	SHOW(mq_timedreceive(queue, buffer, sizeof(buffer), NULL, (void *)8));
	pthread_create(&thread, NULL, send_one, &queue);
	receive(queue);
	pthread_join(thread, NULL);
	tell(queue);
	SHOW(mq_send(queue, "one", 3, 0));
	t = soon();
	SHOW(mq_timedsend(queue, "two", 3, 0, &t));
	pthread_create(&thread, NULL, receive_one, &queue);
	sent = mq_send(queue, "three", 5, 0);
	pthread_join(thread, NULL); /* it prints first */
	SHOW(sent);
	receive(queue);
	sigaction(SIGALRM, &action, NULL);
	ualarm(20000, 0);
	receive(queue);
	if (!fork()) {
		usleep(10000);
		_exit(mq_send(queue, "from a child", 12, 0) != 0);
	}
	receive(queue);
	wait(NULL);
	mq_close(queue);
	mq_unlink("/dory-wait");
}

static volatile int told, code, value;
static volatile pid_t teller;

static void on_notice(int signal, siginfo_t *info, void *context)
{
	told = signal;
	code = info->si_code;
	value = info->si_value.sival_int;
	teller = info->si_pid;
}

static void test_notices(void)
{
	mqd_t queue = make("/dory-notice", O_NONBLOCK, 3, 20);
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1, .sigev_value.sival_int = 42};
	struct sigaction action = {.sa_sigaction = on_notice, .sa_flags = SA_SIGINFO};
	int status;

	sigaction(SIGUSR1, &action, NULL);
	SHOW(mq_notify(queue, &event));
	SHOW(mq_notify(queue, &event));
	if (!fork()) {
		SHOW(mq_notify(queue, &event));
		SHOW(mq_notify(queue, NULL));
		_exit(0);
	}
	wait(&status);
	mq_send(queue, "x", 1, 0);
	printf("signal %d, code %d, value %d, from me %d\n", told, code, value, teller == getpid());
	told = 0;
	mq_send(queue, "y", 1, 0);
	printf("once: %d\n", told);
	SHOW(mq_notify(queue, &event));
	receive(queue);
	mq_send(queue, "z", 1, 0);
	printf("not while there were messages: %d\n", told);
	receive(queue);
	receive(queue);
	mq_send(queue, "z", 1, 0);
	printf("when empty: %d\n", told);
	receive(queue);
	told = 0;
	SHOW(mq_notify(queue, &event));
	close(dup(queue));
	mq_send(queue, "z", 1, 0);
	printf("after a descriptor was closed: %d\n", told);
	event.sigev_notify = SIGEV_NONE;
	SHOW(mq_notify(queue, &event));
	SHOW(mq_notify(queue, NULL));
	SHOW(mq_notify(queue, NULL));
	event.sigev_notify = 9;
	SHOW(mq_notify(queue, &event));
	event.sigev_notify = SIGEV_SIGNAL;
	event.sigev_signo = 65;
	SHOW(mq_notify(queue, &event));
	SHOW(syscall(SYS_mq_notify, queue, 8));
	mq_close(queue);
	mq_unlink("/dory-notice");
}

static void test_polling(void)
{
	mqd_t queue = make("/dory-poll", 0, 1, 20);
	struct pollfd entry = {.fd = queue, .events = POLLIN | POLLOUT};
	struct epoll_event event = {.events = EPOLLIN};
	struct mq_attr attributes = {.mq_flags = O_NONBLOCK};
	int epoll = epoll_create1(0);

	printf("%d %#x\n", poll(&entry, 1, 0), entry.revents);
	epoll_ctl(epoll, EPOLL_CTL_ADD, queue, &event);
	printf("epoll %d\n", epoll_wait(epoll, &event, 1, 0));
	mq_send(queue, "x", 1, 0);
	printf("%d %#x\n", poll(&entry, 1, 0), entry.revents);
	printf("epoll %d\n", epoll_wait(epoll, &event, 1, 0));
	SHOW(mq_setattr(queue, &attributes, NULL));
	tell(queue);
	SHOW(mq_send(queue, "y", 1, 0));
	attributes.mq_flags = 1;
	SHOW(mq_setattr(queue, &attributes, NULL));
	SHOW(syscall(SYS_mq_getsetattr, queue, 8, NULL));
	SHOW(syscall(SYS_mq_getsetattr, queue, NULL, 8));
	SHOW(mq_getattr(epoll, &attributes));
	SHOW(mq_getattr(-1, &attributes));
	SHOW(mq_send(epoll, "x", 1, 0));
	SHOW(mq_receive(epoll, buffer, sizeof(buffer), NULL));
	SHOW(write(queue, "x", 1));
	close(epoll);
	mq_close(queue);
	mq_unlink("/dory-poll");
}

static void test_limit(void)
{
	struct rlimit limit = {20000, 20000};
	mqd_t first, second;

	if (!fork()) {
		setrlimit(RLIMIT_MSGQUEUE, &limit);
		if (setuid(4711))
			_exit(1);
		SHOW_OK(first = make("/dory-limit", 0, 10, 1000));
		SHOW(make("/dory-limit2", 0, 10, 1000));
		SHOW(make("/dory-limit2", 0, 11, 10));
		SHOW(make("/dory-limit2", 0, 1, 8193));
		mq_unlink("/dory-limit");
		SHOW(make("/dory-limit2", 0, 10, 1000));
		mq_close(first);
		SHOW_OK(second = make("/dory-limit2", 0, 10, 1000));
		mq_unlink("/dory-limit2");
		_exit(0);
	}
	wait(NULL);
	first = make("/dory-mode", 0, 1, 10);
	if (!fork()) {
		if (setuid(4711))
			_exit(1);
		SHOW(mq_open("/dory-mode", O_RDONLY));
		SHOW(mq_unlink("/dory-mode"));
		_exit(0);
	}
	wait(NULL);
	mq_close(first);
	mq_unlink("/dory-mode");
}

static void test_folder(void)
{
	mqd_t queue = make("/dory-shown", 0, 4, 100);
	struct statfs system;
	struct stat status;
	int fd;
	ssize_t n;

	mkdir("queues", 0755);
	SHOW(mount("none", "queues", "mqueue", 0, NULL));
	statfs("queues", &system);
	printf("type %#lx\n", (unsigned long)system.f_type);
	mq_send(queue, "12345", 5, 1);
	mq_send(queue, "123", 3, 1);
	stat("queues/dory-shown", &status);
	printf("mode %o, size %ld\n", status.st_mode, (long)status.st_size);
	fd = open("queues/dory-shown", O_RDONLY);
	n = read(fd, buffer, sizeof(buffer));
	printf("%zd: %.*s", n, (int)n, buffer);
	close(fd);
	close(open("queues/dory-made", O_RDWR | O_CREAT, 0600));
	fd = mq_open("/dory-made", O_RDWR);
	tell(fd);
	mq_close(fd);
	SHOW(mkdir("queues/x", 0755));
	SHOW(symlink("x", "queues/y"));
	SHOW(link("queues/dory-made", "queues/dory-linked"));
	SHOW(rename("queues/dory-made", "queues/dory-moved"));
	SHOW(unlink("queues/dory-made"));
	SHOW(mq_open("/dory-made", O_RDWR));
	SHOW(umount("queues"));
	rmdir("queues");
	receive(queue);
	mq_close(queue);
	mq_unlink("/dory-shown");
}

/* The library's thread calls a function: it reads from a socket of netlink what the kernel puts there. */
static int ends[2];

static void on_message(union sigval value)
{
	char byte = (char)value.sival_int;

	(void)!write(ends[1], &byte, 1);
}

static void test_thread(void)
{
	struct sigevent event = {.sigev_notify = SIGEV_THREAD, .sigev_notify_function = on_message, .sigev_value.sival_int = 'm'};
	mqd_t queue = mq_open("/dory-thread", O_RDWR | O_CREAT, 0600, NULL);
	char byte = 0;

	(void)!pipe(ends);
	SHOW(mq_notify(queue, &event));
	SHOW(mq_notify(queue, &event));
	mq_send(queue, "x", 1, 0);
	SHOW(read(ends[0], &byte, 1));
	printf("told %c\n", byte);
	receive(queue);
	SHOW(mq_notify(queue, &event));
	SHOW(mq_notify(queue, NULL));
	event = (struct sigevent){.sigev_notify = SIGEV_THREAD, .sigev_signo = 999, .sigev_value.sival_ptr = ends};
	SHOW(syscall(SYS_mq_notify, queue, &event));
	event.sigev_signo = ends[0];
	SHOW(syscall(SYS_mq_notify, queue, &event));
	event.sigev_value.sival_ptr = (void *)8;
	SHOW(syscall(SYS_mq_notify, queue, &event));
	mq_close(queue);
	mq_unlink("/dory-thread");
}

int main(void)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	test_names();
	test_order();
	test_waiting();
	test_notices();
	test_thread();
	test_polling();
	test_limit();
	test_folder();
	return 0;
}
