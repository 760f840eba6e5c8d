/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Each further program is a child with pipes or a terminal of its own. Its bytes go over the control channel, in turns: of its output as much
 * as the tool has room for, of its input as much as it was promised room for here. So init never waits for a program, nor for the tool.
 *
 * A program's slot is free again when it was reaped and what it wrote was sent; what a child of its own writes later is lost.
 */
#include "guest/init/exec.h"
#include "abi/exit_code.h"
#include "guest/init/control.h"
#include "guest/init/file.h"
#include "guest/init/program.h"
#include "guest/init/syscalls.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"
#include "kernel/uapi/signal.h"
#include "kernel/uapi/termios.h"
#include "lib/format.h"
#include "lib/string.h"

enum { STREAMS = 3, END_OF_TEXT = 4 /* what a terminal takes for the end of its input: Ctrl-d */ };

enum slot_state { SLOT_FREE, SLOT_COMING /* its configuration is */, SLOT_RUNS, SLOT_ENDED };

static struct exec {
	enum slot_state state;
	bool is_tty, is_forgotten, input_ends;
	int pid, status;
	int streams[STREAMS]; /* our ends, -1: closed. is_tty: the first two are the terminal's other side */
	uint64_t credit;      /* bytes of output that the tool has room for */
	char *input;	      /* EXEC_WINDOW bytes, kept for the slot's next program */
	size_t input_at, input_end;
} execs[EXEC_MAX];

/* What stands behind a line. */
static struct {
	struct exec *to; /* NULL: for nobody */
	size_t left, got;
	bool is_config;
} payload;
static char *config_text; /* EXEC_CONFIG_MAX bytes and a 0 */

static unsigned id_of(const struct exec *exec)
{
	return (unsigned)(exec - execs);
}

static void close_stream(int *stream)
{
	if (*stream >= 0)
		sys1(close, *stream);
	*stream = -1;
}

static void close_streams(struct exec *exec)
{
	if (exec->is_tty)
		exec->streams[1] = -1; /* the same as the first */
	for (unsigned i = 0; i < STREAMS; i++)
		close_stream(&exec->streams[i]);
}

/* ---- Its start ---- */

static void set_size(int terminal, uint64_t rows, uint64_t columns)
{
	uint16_t size[4] = {(uint16_t)rows, (uint16_t)columns, 0, 0};

	sys3(ioctl, terminal, TIOCSWINSZ, size);
}

static void set_initial_size(const char *text)
{
	const char *end;
	uint64_t rows, columns;

	if (text && format_parse_u64(text, &end, &rows) && *end == ' ' && format_parse_u64(end + 1, &end, &columns))
		set_size(0, rows, columns);
}

/* In the child, whose memory is its own. */
static void configure_and_become(size_t len, bool is_tty, struct refusal *refusal)
{
	struct run_config config = {.allocate = allocate};
	struct command command = {.error = ENOENT};

	if (!program_configure(&config, refusal))
		return;
	*refusal = (struct refusal){.code = EXIT_DORY, .sentence = run_config_read(&config, config_text, len, true)};
	if (!refusal->sentence && (!config.arguments.count || config.separators.count))
		refusal->sentence = "one command is what can be run beside the first";
	if (refusal->sentence || !program_prepare(&config, &command, refusal))
		return;
	if (is_tty)
		set_initial_size(config.winsize);
	command.argv = config.arguments.items;
	program_become(&config, &command);
	program_explain(&command, refusal);
}

/* The descriptors are above the standard ones, which they become. */
static noreturn_fn void child_main(const int theirs[STREAMS], size_t len, bool is_tty)
{
	struct linux_sigaction by_default = {.handler = LINUX_SIG_DFL};
	struct refusal refusal = {.code = EXIT_DORY};
	uint64_t none = 0;
	char text[400];

	sys4(rt_sigaction, LINUX_SIGPIPE, &by_default, NULL, 8);
	sys4(rt_sigprocmask, 2 /* SIG_SETMASK */, &none, 0, 8);
	sys1(setsid, 0);
	for (int i = 0; i < STREAMS; i++)
		sys2(dup2, theirs[i], i);
	if (is_tty)
		sys3(ioctl, 0, TIOCSCTTY, 0);
	configure_and_become(len, is_tty, &refusal);
	refusal_text(&refusal, text, sizeof(text));
	file_write(2, "dory: ", 6);
	file_write(2, text, strlen(text));
	file_write(2, ".\n", 2);
	for (;;)
		sys1(exit_group, refusal.code);
}

/* Above the standard descriptors: they may be free in init. */
static int raise_descriptor(int fd)
{
	long raised = sys3(fcntl, fd, F_DUPFD_CLOEXEC, STREAMS);

	sys1(close, fd);
	return (int)raised;
}

static bool open_pipe(int *read_end, int *write_end)
{
	int ends[2];

	if (sys2(pipe2, ends, O_CLOEXEC) < 0)
		return false;
	*read_end = raise_descriptor(ends[0]);
	*write_end = raise_descriptor(ends[1]);
	return *read_end >= 0 && *write_end >= 0;
}

static bool open_pipes(struct exec *exec, int theirs[STREAMS])
{
	bool is_open = open_pipe(&theirs[0], &exec->streams[0]) && open_pipe(&exec->streams[1], &theirs[1]) &&
		       open_pipe(&exec->streams[2], &theirs[2]);

	for (unsigned i = 0; is_open && i < STREAMS; i++)
		sys3(fcntl, exec->streams[i], F_SETFL, O_NONBLOCK);
	return is_open;
}

static bool open_terminal(struct exec *exec, int theirs[STREAMS])
{
	int unlocked = 0, other;
	long fd = sys3(open, "/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK, 0);

	if (fd < 0)
		return false;
	exec->streams[0] = exec->streams[1] = raise_descriptor((int)fd);
	sys3(ioctl, exec->streams[0], TIOCSPTLCK, &unlocked);
	other = (int)sys3(ioctl, exec->streams[0], TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (other < 0)
		return false;
	theirs[0] = theirs[1] = theirs[2] = raise_descriptor(other);
	return theirs[0] >= 0;
}

/* What goes wrong here is told as output. */
static void refuse(struct exec *exec, const char *sentence)
{
	char line[64];

	format_text(line, sizeof(line), "output %u 2 %zu\n", id_of(exec), strlen(sentence));
	control_send_bytes(line, sentence, strlen(sentence));
	format_text(line, sizeof(line), "%u %u", id_of(exec), (unsigned)EXIT_DORY);
	control_send("ended", line, NULL);
	close_streams(exec);
	exec->state = SLOT_FREE;
}

static void prepare_init(void)
{
	struct linux_sigaction ignored = {.handler = LINUX_SIG_IGN};

	sys4(rt_sigaction, LINUX_SIGPIPE, &ignored, NULL, 8); /* programs that read no more */
	sys3(fcntl, control_descriptor(), F_SETFD, FD_CLOEXEC);
}

static void start(struct exec *exec, size_t len)
{
	int theirs[STREAMS] = {-1, -1, -1};
	bool is_open;
	long pid = -1;

	prepare_init();
	config_text[len] = '\0';
	is_open = exec->is_tty ? open_terminal(exec, theirs) : open_pipes(exec, theirs);
	if (is_open)
		pid = sys5(clone, LINUX_SIGCHLD, 0, 0, 0, 0);
	if (pid == 0)
		child_main(theirs, len, exec->is_tty);
	for (unsigned i = 0; i < (exec->is_tty ? 1 : STREAMS); i++)
		close_stream(&theirs[i]);
	if (pid < 0) {
		refuse(exec, "dory: the machine has not enough memory or descriptors for one more program.\n");
		return;
	}
	exec->pid = (int)pid;
	exec->state = SLOT_RUNS;
}

/* ---- Its streams ---- */

static void write_input(struct exec *exec)
{
	char words[48];
	long n;

	if (exec->input_at < exec->input_end) {
		n = sys3(write, exec->streams[0], exec->input + exec->input_at, exec->input_end - exec->input_at);
		if (n == -EAGAIN)
			return;
		if (n < 0) /* nobody reads it any more */
			n = (long)(exec->input_end - exec->input_at);
		exec->input_at += (size_t)n;
		format_text(words, sizeof(words), "%u %ld", id_of(exec), n);
		control_send("taken", words, NULL);
	}
	if (exec->input_at < exec->input_end)
		return;
	exec->input_at = exec->input_end = 0;
	if (!exec->input_ends)
		return;
	exec->input_ends = false;
	if (!exec->is_tty)
		close_stream(&exec->streams[0]);
	else if (sys3(write, exec->streams[0], &(char){END_OF_TEXT}, 1) < 0)
		return;
}

/* One piece of it. False: there is none now. */
static bool send_output(struct exec *exec, unsigned stream)
{
	char bytes[EXEC_FRAME_MAX], line[48];
	long n = sys3(read, exec->streams[stream], bytes, min_u64(sizeof(bytes), exec->credit));

	if (n == -EAGAIN)
		return false;
	if (n <= 0) { /* a terminal that nobody has open any more: EIO */
		if (!exec->is_tty)
			close_stream(&exec->streams[stream]);
		else
			close_streams(exec);
		return false;
	}
	exec->credit -= (uint64_t)n;
	format_text(line, sizeof(line), "output %u %u %ld\n", id_of(exec), stream, n);
	control_send_bytes(line, bytes, (size_t)n);
	return true;
}

/* Of one that was reaped, all that it wrote; then that it has ended. */
static void conclude(struct exec *exec)
{
	char words[32];

	for (unsigned stream = 1; stream < STREAMS && !exec->is_forgotten; stream++) {
		while (exec->streams[stream] >= 0 && exec->credit && send_output(exec, stream))
			continue;
		if (exec->streams[stream] >= 0 && !exec->credit)
			return; /* the tool has no room; it will say when */
	}
	format_text(words, sizeof(words), "%u %u", id_of(exec),
		    exec->status & 0x7f ? EXIT_SIGNAL_BASE + (unsigned)(exec->status & 0x7f) : (unsigned)(exec->status >> 8) & 0xff);
	control_send("ended", words, NULL);
	close_streams(exec);
	exec->state = SLOT_FREE;
}

unsigned exec_poll(struct poll_entry *entries)
{
	bool is_any = false;

	for (unsigned i = 0; i < EXEC_MAX; i++) {
		const struct exec *exec = &execs[i];
		struct poll_entry *at = &entries[STREAMS * i];
		bool runs = exec->state == SLOT_RUNS, has_input = exec->input_at < exec->input_end || exec->input_ends;

		at[0] = (struct poll_entry){.fd = runs && has_input ? exec->streams[0] : -1, .events = POLLOUT};
		for (unsigned stream = 1; stream < STREAMS; stream++)
			at[stream] = (struct poll_entry){.fd = runs && exec->credit ? exec->streams[stream] : -1, .events = POLLIN};
		is_any |= runs;
	}
	return is_any ? EXEC_POLLS : 0;
}

void exec_carry(const struct poll_entry *entries)
{
	for (unsigned i = 0; i < EXEC_MAX; i++) {
		struct exec *exec = &execs[i];
		const struct poll_entry *at = &entries[STREAMS * i];

		if (exec->state != SLOT_RUNS)
			continue;
		if (at[0].revents && exec->streams[0] >= 0)
			write_input(exec);
		for (unsigned stream = 1; stream < STREAMS; stream++) {
			if (at[stream].revents && exec->streams[stream] >= 0 && exec->credit)
				send_output(exec, stream);
		}
	}
}

bool exec_reaped(int pid, int status)
{
	for (unsigned i = 0; i < EXEC_MAX; i++) {
		struct exec *exec = &execs[i];

		if (exec->state != SLOT_RUNS || exec->pid != pid)
			continue;
		exec->state = SLOT_ENDED;
		exec->status = status;
		conclude(exec);
		return true;
	}
	return false;
}

/* ---- What the tool says ---- */

size_t exec_payload_left(void)
{
	return payload.left;
}

static void take_input(struct exec *exec, const char *bytes, size_t len)
{
	if (exec->state != SLOT_RUNS || exec->streams[0] < 0 || exec->input_end + len > EXEC_WINDOW)
		return; /* it has ended, or this is more than there was room for */
	memcpy(exec->input + exec->input_end, bytes, len);
	exec->input_end += len;
}

size_t exec_payload(const char *bytes, size_t len)
{
	struct exec *exec = payload.to;

	len = min_u64(len, payload.left);
	if (exec && payload.is_config)
		memcpy(config_text + payload.got, bytes, len);
	else if (exec)
		take_input(exec, bytes, len);
	payload.got += len;
	payload.left -= len;
	if (payload.left)
		return len;
	if (exec && payload.is_config)
		start(exec, payload.got);
	return len;
}

/* "HOW LENGTH" of a program that is to be started. */
static void expect_config(struct exec *exec, const char *rest)
{
	bool is_tty = !strncmp(rest, "tty ", 4);
	const char *number = strchr(rest, ' '), *end;
	uint64_t len;

	if (!number || !format_parse_u64(number + 1, &end, &len) || !len)
		return;
	payload.to = NULL;
	payload.left = len;
	payload.got = 0;
	if (exec->state != SLOT_FREE || len > EXEC_CONFIG_MAX)
		return;
	if (!config_text)
		config_text = allocate(EXEC_CONFIG_MAX + 1);
	*exec = (struct exec){.state = SLOT_COMING, .is_tty = is_tty, .streams = {-1, -1, -1}, .credit = EXEC_WINDOW,
			      .input = exec->input ? exec->input : allocate(EXEC_WINDOW)};
	payload.to = exec;
	payload.is_config = true;
}

static void expect_input(struct exec *exec, uint64_t len)
{
	/* What has gone makes room at the end for what comes. */
	if (exec->input)
		memmove(exec->input, exec->input + exec->input_at, exec->input_end - exec->input_at);
	exec->input_end -= exec->input_at;
	exec->input_at = 0;
	payload.to = exec;
	payload.left = len;
	payload.got = 0;
	payload.is_config = false;
}

static void resize(struct exec *exec, const char *rest)
{
	const char *end;
	uint64_t rows, columns;

	if (exec->state == SLOT_RUNS && exec->is_tty && exec->streams[0] >= 0 && format_parse_u64(rest, &end, &rows) && *end == ' ' &&
	    format_parse_u64(end + 1, &end, &columns))
		set_size(exec->streams[0], rows, columns);
}

/* Its process group, or, if it has not come to make one, itself. */
static void send_signal(const struct exec *exec, uint64_t number)
{
	if (exec->state == SLOT_RUNS && sys2(kill, -exec->pid, number) < 0)
		sys2(kill, exec->pid, number);
}

static void act(struct exec *exec, const char *word, uint64_t number)
{
	if (!strcmp(word, "close")) {
		exec->input_ends = exec->streams[0] >= 0;
	} else if (!strcmp(word, "more")) {
		exec->credit += number;
	} else if (!strcmp(word, "tell")) {
		send_signal(exec, number);
	} else if (!strcmp(word, "forget")) {
		exec->is_forgotten = true;
		send_signal(exec, LINUX_SIGKILL);
		close_streams(exec);
	}
	if (exec->state == SLOT_ENDED)
		conclude(exec);
}

bool exec_line(const char *line)
{
	static const char *const words[] = {"exec", "input", "close", "more", "window", "tell", "forget"};
	const char *blank = strchr(line, ' '), *end;
	size_t len = blank ? (size_t)(blank - line) : 0, known = 0;
	uint64_t id, number = 0;

	while (known < sizeof(words) / sizeof(words[0]) && (strlen(words[known]) != len || memcmp(line, words[known], len)))
		known++;
	if (known == sizeof(words) / sizeof(words[0]) || !format_parse_u64(blank + 1, &end, &id) || id >= EXEC_MAX)
		return false;
	end += *end == ' ';
	if (!strcmp(words[known], "exec"))
		expect_config(&execs[id], end);
	else if (!strcmp(words[known], "window"))
		resize(&execs[id], end);
	else if (!format_parse_u64(end, &end, &number) && *end)
		return false;
	else if (!strcmp(words[known], "input"))
		expect_input(&execs[id], number);
	else if (execs[id].state != SLOT_FREE)
		act(&execs[id], words[known], number);
	return true;
}
