/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Process 1. Reads the run configuration (abi/run_config.h), starts the program, reaps children, and reports
 * how the program ended over the control channel (abi/control.h); then it powers the machine off.
 *
 * A plain program the kernel starts by itself, and init begins only when something is to be done for it: with the program as its child.
 */
#include "abi/control.h"
#include "abi/exit_code.h"
#include "guest/init/control.h"
#include "guest/init/exec.h"
#include "guest/init/file.h"
#include "guest/init/program.h"
#include "guest/init/syscalls.h"
#include "guest/init/terminal.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/ptrace.h"
#include "kernel/uapi/signal.h"
#include "lib/format.h"
#include "lib/run_config.h"
#include "lib/string.h"

enum { OPEN_READ_WRITE = 02, OPEN_WRITE = 01, OPEN_NO_TTY = 0400, OPEN_CLOSE_ON_EXEC = 02000000, IOCTL_SET_WINSIZE = 0x5414, IOCTL_SET_CONTROLLING = 0x540e };

static struct run_config config = {.allocate = allocate};

long spawn_on(void *stack_top, int (*child)(void *), void *argument);
noreturn_fn void init_main(const char *adopted);

static noreturn_fn void power_off(void)
{
	sys2(kill, -1, LINUX_SIGKILL);
	sys4(reboot, 0xfee1dead, 672274793, 0x4321fedc, 0);
	for (;;)
		sys1(exit_group, 0);
}

static noreturn_fn void fail(const struct refusal *refusal)
{
	char number[8], text[400];

	format_text(number, sizeof(number), "%d", refusal->code);
	refusal_text(refusal, text, sizeof(text));
	control_send("error", number, text, NULL);
	power_off();
}

static noreturn_fn void fail_because(const char *subject, const char *sentence)
{
	fail(&(struct refusal){.code = EXIT_DORY, .subject = subject, .sentence = sentence});
}

/* ---- The terminal and standard descriptors ---- */

void terminal_resize(unsigned rows, unsigned columns)
{
	uint16_t size[4] = {(uint16_t)rows, (uint16_t)columns, 0, 0};
	long console = sys3(open, "/dev/console", OPEN_READ_WRITE | OPEN_NO_TTY | OPEN_CLOSE_ON_EXEC, 0);

	if (console < 0)
		return;
	sys3(ioctl, console, IOCTL_SET_WINSIZE, size);
	sys1(close, console);
}

static void set_initial_size(void)
{
	const char *end;
	uint64_t rows, columns;

	if (config.winsize && format_parse_u64(config.winsize, &end, &rows) && *end == ' ' && format_parse_u64(end + 1, &end, &columns))
		terminal_resize((unsigned)rows, (unsigned)columns);
}

/* With those below it open, `fd` is the lowest that is free once it is closed. */
static void connect_descriptor(int fd, const char *path, int flags)
{
	long opened;

	sys1(close, fd);
	opened = sys3(open, path, flags, 0);
	if (opened < 0 || opened == fd)
		return;
	sys2(dup2, opened, fd);
	sys1(close, opened);
}

/* In the child: its own session, with the console as its controlling terminal where the program has one. */
static void connect_stdio(void)
{
	bool is_streams = config.stdio && !strcmp(config.stdio, "streams");

	sys1(setsid, 0);
	if (is_streams) {
		connect_descriptor(0, "/dev/vport/" STDIN_PORT, 0);
		connect_descriptor(1, "/dev/vport/" STDOUT_PORT, OPEN_WRITE);
		connect_descriptor(2, "/dev/vport/" STDERR_PORT, OPEN_WRITE);
		return;
	}
	connect_descriptor(0, "/dev/console", OPEN_READ_WRITE | OPEN_NO_TTY);
	sys2(dup2, 0, 1);
	sys2(dup2, 0, 2);
	sys3(ioctl, 0, IOCTL_SET_CONTROLLING, 0);
}

/* ---- Starting a command ---- */

/* A signalfd(2) for SIGCHLD, once the first command runs. */
static int signals = -1;

static void unblock_signals(void)
{
	uint64_t none = 0;

	if (signals >= 0)
		sys4(rt_sigprocmask, 2 /* SIG_SETMASK */, &none, 0, 8);
}

static int child_main(void *argument)
{
	unblock_signals();
	connect_stdio();
	program_become(&config, argument);
	return 1;
}

static long start_command(struct command *command)
{
	static char stack[8192] aligned_to(16);
	struct refusal refusal;
	long pid;

	if (!program_prepare(&config, command, &refusal))
		fail(&refusal);
	control_send("start", NULL);
	pid = spawn_on(stack + sizeof(stack), child_main, command);
	if (pid < 0)
		command->error = (int)-pid;
	if (!command->error)
		return pid;
	program_explain(command, &refusal);
	if (pid < 0)
		refusal.code = EXIT_DORY;
	fail(&refusal);
}

/* ---- Waiting ---- */

/* From here on SIGCHLD is blocked and read. A child that ended before is found by the wait4 that comes before each sleep. */
static void open_signals(void)
{
	uint64_t mask = 1ull << (LINUX_SIGCHLD - 1);

	if (signals >= 0)
		return;
	sys4(rt_sigprocmask, 0 /* SIG_BLOCK */, &mask, 0, 8);
	signals = (int)sys4(signalfd4, -1, &mask, 8, OPEN_CLOSE_ON_EXEC | 04000 /* SFD_NONBLOCK */);
}

/* Sleeps until a child ended or the tool sent something. */
static void wait_for_event(int program)
{
	struct poll_entry entries[2 + EXEC_POLLS] = {{.fd = signals, .events = POLLIN}, {.fd = control_descriptor(), .events = POLLIN}};
	unsigned nr_execs = exec_poll(entries + 2);
	char info[128];

	sys3(poll, entries, 2 + nr_execs, -1);
	if (entries[0].revents)
		sys3(read, signals, info, sizeof(info));
	exec_carry(entries + 2);
	if (entries[1].revents)
		control_receive(program);
}

/* Whoever asked to be traced by its parent (PTRACE_TRACEME) stops for that: init is no debugger and lets it go on with the signal, but a trap. */
static bool let_go(long pid, int status)
{
	int signal = status >> 8 & 0xff;

	if (pid <= 0 || (status & 0xff) != 0x7f)
		return false;
	sys4(ptrace, LINUX_PTRACE_DETACH, pid, 0, signal == LINUX_SIGTRAP || signal > LINUX_NSIG ? 0 : signal);
	return true;
}

/* Reaps until `program` (or with 0, every child) has ended; gives its wait status. */
static int wait_for(int program)
{
	int status = 0, last = 0;

	open_signals();
	for (;;) {
		long pid = sys4(wait4, -1, &status, 1 /* WNOHANG */, 0);

		if (let_go(pid, status))
			continue;
		if (pid == program)
			return status;
		if (pid == -ECHILD)
			return last;
		if (pid > 0 && exec_reaped((int)pid, status))
			continue;
		if (pid > 0)
			last = status;
		else
			wait_for_event(program);
	}
}

static noreturn_fn void report(int status, const char *name)
{
	char number[8];

	if (status & 0x7f) {
		format_text(number, sizeof(number), "%d", status & 0x7f);
		control_send("signal", number, status & 0x80 ? "1" : "0", name, NULL);
	} else {
		format_text(number, sizeof(number), "%d", (status >> 8) & 0xff);
		control_send("exit", number, NULL);
	}
	power_off();
}

/* Runs the commands in order: ';' waits for one before the next, '&' leaves it running. The last one's end is the end. */
static noreturn_fn void run_commands(void)
{
	int status = 0;
	size_t first = 0;
	const char *name = "";

	for (size_t s = 0; s <= config.separators.count; s++) {
		size_t end = s < config.separators.count ? config.separator_at[s] : config.arguments.count;
		bool in_background = s < config.separators.count && config.separators.items[s][0] == '&';
		struct command command = {.argv = allocate((end - first + 1) * sizeof(char *))};
		long pid;

		if (end == first)
			continue;
		memcpy(command.argv, config.arguments.items + first, (end - first) * sizeof(char *));
		command.argv[end - first] = NULL;
		first = end;
		pid = start_command(&command);
		name = command.path;
		if (!in_background)
			status = wait_for((int)pid);
		else if (end == config.arguments.count)
			status = wait_for(0);
	}
	report(status, name);
}

/* As mkdir -p; what cannot be made is told by the mount. */
static void make_directories(const char *path)
{
	size_t len = strlen(path);
	char *part = allocate(len + 1);

	memcpy(part, path, len + 1);
	for (size_t i = 1; i <= len; i++) {
		if (path[i] && path[i] != '/')
			continue;
		part[i] = '\0';
		sys2(mkdir, part, 0755);
		part[i] = path[i];
	}
}

static void do_mounts(void)
{
	for (size_t i = 0; i < config.mounts.count; i++) {
		char *text = (char *)config.mounts.items[i];
		const char *words[4] = {text, "", "", ""};

		for (unsigned n = 1; n < 4 && (text = strchr(text, ' ')) != NULL; n++) {
			*text++ = '\0';
			words[n] = text;
		}
		make_directories(words[1]);
		unsigned flags = !strcmp(words[3], "ro") || !strncmp(words[3], "ro,", 3) ? 1 /* MS_RDONLY */ : 0;
		long ret = sys5(mount, words[0], words[1], words[2], flags, words[3]);
		if (ret < 0)
			fail_because(words[1], "this mount of the run configuration cannot be made");
	}
}

/* The kernel has started the program, read the configuration, and opened the control channel (kernel/process/first_program.c). */
static noreturn_fn void adopt(const char *text)
{
	const char *path;
	uint64_t program;

	if (sys3(fcntl, 0, 1 /* F_GETFD */, 0) >= 0)
		control_adopt(0);
	if (!format_parse_u64(text, &path, &program))
		fail_because(NULL, "the kernel does not say which process is the program");
	report(wait_for((int)program), path + 1);
}

/* `adopted`: "PID PATH" of a program that is process 1's child already; NULL: there is none. */
void init_main(const char *adopted)
{
	struct refusal refusal;

	if (adopted)
		adopt(adopted);
	control_open();
	if (!program_configure(&config, &refusal))
		fail(&refusal);
	if (!config.arguments.count)
		fail_because(NULL, "the image has no default command; give one with -e");
	if (config.host)
		sys2(sethostname, config.host, strlen(config.host));
	do_mounts();
	set_initial_size();
	run_commands();
}
