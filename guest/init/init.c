/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Process 1. Reads the run configuration (abi/run_config.h), starts the program, reaps children, and reports
 * how the program ended over the control channel (abi/control.h); then it powers the machine off.
 *
 * A plain program the kernel starts by itself, and init begins only when something is to be done for it: with the program as its child.
 */
#include "abi/control.h"
#include "abi/exit_code.h"
#include "abi/run_config.h"
#include "guest/init/account.h"
#include "guest/init/control.h"
#include "guest/init/file.h"
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

/* One command of the run configuration. */
struct command {
	const char **argv; /* NULL-terminated */
	const char *path;  /* the program's path, once found */
	int error;	   /* errno of the execve that failed, 0 if it did not */
	const char *sentence; /* why it was not started, if it is not execve's errno */
	struct account account;
	bool has_account;
};

static noreturn_fn void power_off(void)
{
	sys2(kill, -1, LINUX_SIGKILL);
	sys4(reboot, 0xfee1dead, 672274793, 0x4321fedc, 0);
	for (;;)
		sys1(exit_group, 0);
}

static noreturn_fn void fail(int code, const char *subject, const char *why)
{
	char number[8], text[400];

	format_text(number, sizeof(number), "%d", code);
	format_text(text, sizeof(text), "%s%s%s", subject ? subject : "", subject ? ": " : "", why);
	control_send("error", number, text, NULL);
	power_off();
}

/* ---- Reading the configuration ---- */

static void read_text(const char *path, char *text, size_t len, bool is_override)
{
	const char *why = text && len ? run_config_read(&config, text, len, is_override) : NULL;

	if (why)
		fail(EXIT_DORY, path, why);
}

static void read_config(void)
{
	size_t len, override_len;
	char *override = file_read(RUN_CONFIG_DEVICE, &override_len), *text;

	if (!override || !run_config_holds_image(override, override_len)) {
		text = file_read(RUN_CONFIG_PATH, &len);
		read_text(RUN_CONFIG_PATH, text, len, false);
	}
	read_text(RUN_CONFIG_DEVICE, override, override_len, true);
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

static void become(const struct account *account)
{
	sys2(setgroups, account->nr_groups, account->groups);
	sys1(setgid, account->gid);
	sys1(setuid, account->uid);
}

/* The memory is shared with init: until execve has failed, there is no error. The first failure that is not ENOENT is the one to report. */
static void try_execute(struct command *command, const char *path)
{
	int before = command->error, error;

	command->path = path;
	command->error = 0;
	error = (int)-sys3(execve, path, command->argv, config.environment.items);
	if (error == ENOENT && sys2(access, path, 0) == 0)
		command->sentence = "the interpreter or dynamic loader that it names is not in the image";
	command->error = before && before != ENOENT ? before : error;
}

/* As execvp(3): a name without a '/' is looked for in PATH. Returns only on failure. */
static void execute(struct command *command)
{
	const char *name = command->argv[0], *path = run_config_environment(&config, "PATH");
	size_t name_len = strlen(name);

	if (strchr(name, '/')) {
		try_execute(command, name);
		return;
	}
	while (path && *path && !command->sentence) {
		const char *colon = strchr(path, ':');
		size_t len = colon ? (size_t)(colon - path) : strlen(path);
		char *candidate = allocate(len + name_len + 2);

		memcpy(candidate, path, len);
		candidate[len] = '/';
		memcpy(candidate + len + 1, name, name_len + 1);
		try_execute(command, candidate);
		path += len + (colon != NULL);
	}
}

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
	struct command *command = argument;

	unblock_signals();
	connect_stdio();
	if (config.cwd && (command->error = (int)-sys1(chdir, config.cwd)) != 0) {
		command->sentence = "its working directory cannot be entered";
		return 1;
	}
	if (command->has_account)
		become(&command->account);
	execute(command);
	return 1;
}

static void set_home(const char *home)
{
	size_t len = strlen(home);
	char *assignment;

	if (run_config_environment(&config, "HOME"))
		return;
	assignment = allocate(len + 6);
	memcpy(assignment, "HOME=", 5);
	memcpy(assignment + 5, home, len + 1);
	run_config_set_environment(&config, assignment);
}

static void prepare_account(struct command *command)
{
	const char *why;

	if (!config.user) {
		set_home(RUN_CONFIG_DEFAULT_HOME);
		return;
	}
	why = account_find(config.user, &command->account);
	if (why)
		fail(EXIT_DORY, config.user, why);
	command->has_account = true;
	set_home(command->account.home ? command->account.home : "/");
}

static const char *describe_error(int error)
{
	switch (error) {
	case ENOENT:
		return "there is no such program in the image";
	case EACCES:
		return "it is not an executable file";
	case ENOEXEC:
		return "it is not a program for this machine (no ELF of this architecture, no #! line)";
	case ENOMEM:
		return "there is not enough memory to start it; give the machine more with -m";
	case E2BIG:
		return "its arguments and environment are too long";
	default:
		return "it cannot be executed";
	}
}

static long start_command(struct command *command)
{
	static char stack[8192] aligned_to(16);
	long pid;

	prepare_account(command);
	control_send("start", NULL);
	pid = spawn_on(stack + sizeof(stack), child_main, command);
	if (pid < 0)
		fail(EXIT_DORY, command->argv[0], describe_error((int)-pid));
	if (!command->error)
		return pid;
	fail(command->error == ENOENT ? EXIT_NOT_FOUND : command->error == ENOMEM ? EXIT_DORY : EXIT_NOT_EXECUTABLE, command->argv[0],
	    command->sentence ? command->sentence : describe_error(command->error));
}

/* ---- Waiting ---- */

struct poll_entry {
	int fd;
	short events, revents;
};

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
	struct poll_entry entries[2] = {{.fd = signals, .events = 1}, {.fd = control_descriptor(), .events = 1}};
	char info[128];

	sys3(poll, entries, 2, -1);
	if (entries[0].revents)
		sys3(read, signals, info, sizeof(info));
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
			fail(EXIT_DORY, words[1], "this mount of the run configuration cannot be made");
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
		fail(EXIT_DORY, NULL, "the kernel does not say which process is the program");
	report(wait_for((int)program), path + 1);
}

/* `adopted`: "PID PATH" of a program that is process 1's child already; NULL: there is none. */
void init_main(const char *adopted)
{
	if (adopted)
		adopt(adopted);
	control_open();
	run_config_set_environment(&config, RUN_CONFIG_DEFAULT_PATH);
	read_config();
	if (!config.arguments.count)
		fail(EXIT_DORY, NULL, "the image has no default command; give one with -e");
	if (config.host)
		sys2(sethostname, config.host, strlen(config.host));
	do_mounts();
	set_initial_size();
	run_commands();
}
