/* SPDX-License-Identifier: BSD-3-Clause */
/* Pseudoterminals: the line discipline, raw modes, job control, window size, hang-up. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include "show.h"

static int master, slave;
static volatile int signals[65];

static void on_signal(int sig)
{
	signals[sig]++;
}

/* What comes out of a descriptor within a short time, with control characters visible. */
static void drain(const char *what, int fd)
{
	struct pollfd pollfd = {fd, POLLIN, 0};
	char text[500];
	long n = 0;

	printf("%s:", what);
	while (poll(&pollfd, 1, 20) == 1 && (pollfd.revents & POLLIN) && (n = read(fd, text, sizeof(text))) > 0) {
		putchar(' ');
		for (long i = 0; i < n; i++) {
			if (text[i] >= ' ' && text[i] < 127)
				putchar(text[i]);
			else
				printf("<%d>", (unsigned char)text[i]);
		}
		putchar('.');
	}
	printf("\n");
	fflush(stdout);
}

static void type(const char *text)
{
	printf("type %ld\n", (long)write(master, text, strlen(text)));
	usleep(5000); /* Linux works on it in another thread */
}

static void both(const char *what)
{
	printf("-- %s\n", what);
	drain("echo", master);
	drain("input", slave);
}

static void canonical(void)
{
	type("hello");
	both("no line yet");
	type(" world\n");
	both("a line");
	type("abc\177\177X\n");
	both("erase");
	type("one two three\027four\n");
	both("word");
	type("gone\025kept\n");
	both("kill");
	type("first\nsecond\n");
	both("two lines");
	type("part\004");
	both("end of file after text");
	type("\004");
	both("end of file");
	type("a\rb\n");
	both("carriage return");
	type("\026\003literal\n");
	both("literal");
	type("\001\033[A\n");
	both("control characters");
	type("u\303\274\177\n");
	both("UTF-8");
	SHOW(write(slave, "out\nput\n", 8));
	drain("output", master);
}

static void raw(void)
{
	struct termios t;

	SHOW(tcgetattr(slave, &t));
	printf("%x %x %x %x\n", t.c_iflag & ~IUTF8 & ~IXOFF, t.c_oflag, t.c_cflag & ~CBAUD, t.c_lflag);
	for (int i = 0; i < 17; i++)
		printf("%d ", t.c_cc[i]);
	printf("\n");
	cfmakeraw(&t);
	SHOW(tcsetattr(slave, TCSANOW, &t));
	type("ab\003\r\n\004");
	both("raw");
	SHOW(write(slave, "out\n", 4));
	drain("output", master);
	t.c_cc[VMIN] = 0;
	SHOW(tcsetattr(slave, TCSANOW, &t));
	char c[10];
	SHOW(read(slave, c, 10));
	type("xyz");
	SHOW(read(slave, c, 2));
	SHOW(read(slave, c, 10));
	t.c_cc[VTIME] = 1;
	SHOW(tcsetattr(slave, TCSANOW, &t));
	SHOW(read(slave, c, 10));
	t.c_cc[VMIN] = 4;
	SHOW(tcsetattr(slave, TCSANOW, &t));
	type("12");
	SHOW(read(slave, c, 10));
	type("3456");
	SHOW(read(slave, c, 10));
	int n;
	type("pending");
	SHOW(ioctl(slave, FIONREAD, &n));
	printf("%d\n", n);
	SHOW(tcflush(slave, TCIFLUSH));
	SHOW(ioctl(slave, FIONREAD, &n));
	printf("%d\n", n);
	t.c_lflag |= ICANON | ISIG | ECHO;
	t.c_iflag |= ICRNL;
	t.c_oflag |= OPOST | ONLCR;
	t.c_cc[VMIN] = 1;
	t.c_cc[VTIME] = 0;
	SHOW(tcsetattr(slave, TCSAFLUSH, &t));
}

static void job_control(void)
{
	struct winsize size = {30, 100, 0, 0};
	pid_t child;
	int status;

	SHOW(ioctl(slave, TIOCGPGRP, &status));
	fflush(stdout);
	child = fork();
	if (!child) {
		struct sigaction action = {.sa_handler = on_signal};

		setsid();
		sigaction(SIGINT, &action, NULL);
		sigaction(SIGQUIT, &action, NULL);
		sigaction(SIGWINCH, &action, NULL);
		SHOW(ioctl(slave, TIOCSCTTY, 0));
		SHOW(tcgetpgrp(slave) == getpgrp());
		SHOW(tcgetsid(slave) == getsid(0));
		SHOW_OK(open("/dev/tty", O_RDWR));
		type("typed");
		drain("echo", master);
		type("\003");
		usleep(20000);
		type("\034");
		usleep(20000);
		printf("int %d quit %d\n", signals[SIGINT], signals[SIGQUIT]);
		both("after signals");
		SHOW(ioctl(master, TIOCSWINSZ, &size));
		size = (struct winsize){0};
		SHOW(ioctl(slave, TIOCGWINSZ, &size));
		printf("%d %d winch %d\n", size.ws_row, size.ws_col, signals[SIGWINCH]);
		SHOW(tcsetpgrp(slave, 99999));
		/* A background process that reads is stopped. */
		fflush(stdout);
		pid_t background = fork();
		if (!background) {
			char c;

			setpgid(0, 0);
			read(slave, &c, 1);
			_exit(3);
		}
		SHOW(waitpid(background, &status, WUNTRACED) == background);
		printf("stopped %d by %d\n", WIFSTOPPED(status), WSTOPSIG(status));
		SHOW(tcsetpgrp(slave, background));
		kill(background, SIGCONT);
		type("x\n");
		waitpid(background, &status, 0);
		printf("exited %d\n", WEXITSTATUS(status));
		fflush(stdout);
		signal(SIGHUP, on_signal);
		signal(SIGTTOU, SIG_IGN);
		SHOW(tcsetpgrp(slave, getpgrp()));
		close(master);
		usleep(20000);
		_exit(0);
	}
	waitpid(child, &status, 0);
	printf("session ended %d\n", status);
	SHOW(tcgetpgrp(slave));
}

static void hang_up(void)
{
	struct pollfd pollfd = {master, POLLIN, 0};
	char c;

	close(slave);
	SHOW(read(master, &c, 1));
	SHOW(poll(&pollfd, 1, 0));
	printf("%x\n", pollfd.revents & (POLLHUP | POLLERR));
	slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	SHOW(write(slave, "z", 1));
	SHOW(read(master, &c, 1));
	pollfd.fd = slave;
	close(master);
	SHOW(read(slave, &c, 1));
	SHOW(write(slave, "z", 1));
	SHOW(poll(&pollfd, 1, 0));
	printf("%x\n", pollfd.revents & (POLLHUP | POLLERR | POLLIN));
}

int main(void)
{
	char name[50];

	SHOW_OK(master = posix_openpt(O_RDWR | O_NOCTTY));
	SHOW(open(ptsname(master), O_RDWR | O_NOCTTY));
	SHOW(unlockpt(master));
	SHOW(ptsname_r(master, name, sizeof(name)));
	printf("%d\n", !strncmp(name, "/dev/pts/", 9));
	SHOW_OK(slave = open(name, O_RDWR | O_NOCTTY));
	SHOW(isatty(slave));
	SHOW(isatty(master));
	SHOW(strcmp(ttyname(slave), name));
	canonical();
	raw();
	job_control();
	hang_up();
	SHOW(isatty(open("/dev/null", O_RDONLY)));
	return 0;
}
