/* SPDX-License-Identifier: BSD-3-Clause */
/* Sets a machine up, hands it to the session, and says how it ended. */
#include "dory/instance/instance.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "abi/control.h"
#include "abi/run_config.h"
#include "dory/base/text.h"
#include "dory/instance/session.h"

enum {
	SHOWN_BY_DEFAULT = 3,  /* severity "error" */
	LOGGED_BY_DEFAULT = 4, /* one more, for the case that the machine ends in silence */
	MAX_PORTS = 4,
};

/* The sockets between us and the machine: ours[i] is joined to its[i]. */
struct wiring {
	struct machine_port its[MAX_PORTS];
	int ours[MAX_PORTS];
	size_t count;
	int log_ours, log_its;
	int config_fd;
};

static int wire(int *ours, int *its)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return -1;
	*ours = pair[0];
	*its = pair[1];
	return 0;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void wiring_close_its(struct wiring *wiring)
{
	for (size_t i = 0; i < wiring->count; i++)
		close_fd(&wiring->its[i].fd);
	close_fd(&wiring->log_its);
	close_fd(&wiring->config_fd);
}

static void wiring_release(struct wiring *wiring)
{
	wiring_close_its(wiring);
	for (size_t i = 0; i < wiring->count; i++)
		close_fd(&wiring->ours[i]);
	close_fd(&wiring->log_ours);
}

static int wiring_init(struct wiring *wiring, bool is_tty, struct dory_error *err)
{
	static const char *const streams[] = {CONTROL_PORT, STDIN_PORT, STDOUT_PORT, STDERR_PORT};
	static const char *const console[] = {CONTROL_PORT, NULL};

	*wiring = (struct wiring){.log_ours = -1, .log_its = -1, .config_fd = -1};
	for (size_t i = 0; i < (is_tty ? ARRAY_SIZE(console) : ARRAY_SIZE(streams)); i++) {
		wiring->its[i].name = is_tty ? console[i] : streams[i];
		if (wire(&wiring->ours[i], &wiring->its[i].fd) < 0)
			goto fail;
		wiring->count++;
	}
	if (wire(&wiring->log_ours, &wiring->log_its) < 0)
		goto fail;
	fcntl(wiring->ours[0], F_SETFL, O_NONBLOCK);
	fcntl(wiring->log_ours, F_SETFL, O_NONBLOCK);
	return 0;
fail:
	error_set_errno(err, DORY_ERROR_IO, "making a socket pair");
	wiring_release(wiring);
	return -1;
}

/* The run configuration in a file without a name: secrets in it are seen in no command line and left on no disk. */
static int config_open(const struct run_config *config, struct dory_error *err)
{
	size_t length;
	char *text;
	int fd;

	if (run_config_text(config, &text, &length, err) < 0)
		return -1;
	fd = memfd_create("dory-run", MFD_CLOEXEC);
	if (fd < 0 || write(fd, text, length) != (ssize_t)length) {
		error_set_errno(err, DORY_ERROR_IO, "writing the run configuration");
		close_fd(&fd);
	}
	free(text);
	return fd;
}

/* " ports=NAME,NAME": where the console is among them, the guest asks the device itself, for the terminal's sake. */
static char *port_names(const struct wiring *wiring)
{
	char *names = NULL;

	for (size_t i = 0; i < wiring->count; i++) {
		char *longer;

		if (!wiring->its[i].name) {
			free(names);
			return text_format("%s", "");
		}
		longer = text_format("%s%s%s", names ? names : " " BOOT_OPTION_PORTS, names ? "," : "", wiring->its[i].name);
		free(names);
		names = longer;
	}
	return names;
}

static char *boot_options(const struct instance_request *request, const struct wiring *wiring)
{
	char *ports = port_names(wiring), *options;
	struct timespec now;
	char level[24] = "";

	if (request->log_level >= 0 && request->log_level != LOGGED_BY_DEFAULT)
		snprintf(level, sizeof(level), BOOT_OPTION_LOG "%d ", request->log_level);
	clock_gettime(CLOCK_REALTIME, &now);
	options = text_format("%s" BOOT_OPTION_TIME "%lld%09ld%s%s%s%s", level, (long long)now.tv_sec, now.tv_nsec,
		request->strace ? " " BOOT_OPTION_STRACE : "", request->bootchart ? " " BOOT_OPTION_BOOTCHART : "", ports,
		request->boot_options ? request->boot_options : "");
	free(ports);
	return options;
}

static int start_machine(const struct instance_request *request, const struct wiring *wiring, struct process *process,
	struct dory_error *err)
{
	struct machine machine = request->machine;
	char *options = boot_options(request, wiring);
	int result;

	machine.boot_options = options;
	machine.log_fd = wiring->log_its;
	machine.fw_cfg_name = RUN_CONFIG_FW_CFG;
	machine.fw_cfg_fd = wiring->config_fd;
	machine.ports = wiring->its;
	machine.port_count = wiring->count;
	result = machine_start(request->hypervisor, request->program, &machine, process, err);
	free(options);
	return result;
}

/* The first thing that the hypervisor complained about, without its name; a warning only if there is nothing else. */
static const char *complaint(struct session *session, const char *program)
{
	const char *name = strrchr(program, '/') ? strrchr(program, '/') + 1 : program, *warning = NULL;
	char *rest = session->complaints, *line;

	session->complaints[session->complaints_length] = '\0';
	while ((line = strsep(&rest, "\n"))) {
		size_t length = strlen(name);

		if (strncmp(line, name, length) == 0 && strncmp(line + length, ": ", 2) == 0)
			line += length + 2;
		if (!*line)
			continue;
		if (!strstr(line, "warning: "))
			return line;
		warning = line;
	}
	return warning;
}

/* What a complaint of the hypervisor's means, where it means something to a person who did not write its command line. */
static int explain_complaint(const struct instance_request *request, const char *said, struct dory_error *err)
{
	static const char forwarding[] = "Could not set up host forwarding rule '";
	const char *rule = strstr(said, forwarding);

	error_set(err, DORY_ERROR_HYPERVISOR, "%s failed: %s", request->hypervisor->name, said);
	if (strstr(said, "lock"))
		error_hint(err, "Another machine has the same volume.");
	if (rule) {
		rule += strlen(forwarding);
		error_set(err, DORY_ERROR_CONFLICT, "the port %.*s of this machine was taken by somebody else just now",
			(int)strcspn(rule, "-'"), rule);
	}
	return -1;
}

/* The machine has ended and the program's fate is not known: says all that is. */
static int explain_silence(struct session *session, const struct instance_request *request, struct dory_error *err)
{
	bool has_failed = !WIFEXITED(session->hypervisor_status) || WEXITSTATUS(session->hypervisor_status) != 0;
	const char *said = complaint(session, request->program);

	if (!session->log.has_shown)
		machine_log_reveal(&session->log);
	if (has_failed && said)
		return explain_complaint(request, said, err);
	if (WIFSIGNALED(session->hypervisor_status))
		return error_set(err, DORY_ERROR_HYPERVISOR, "%s was killed by signal %d (%s)",
			request->hypervisor->name, WTERMSIG(session->hypervisor_status),
			strsignal(WTERMSIG(session->hypervisor_status)));
	if (has_failed)
		return error_set(err, DORY_ERROR_HYPERVISOR, "%s failed with status %d and said nothing",
			request->program, WEXITSTATUS(session->hypervisor_status));
	if (session->has_started)
		return error_set(err, DORY_ERROR_HYPERVISOR, "the machine ended before the program did");
	error_set(err, DORY_ERROR_HYPERVISOR, "the machine ended before it started the program");
	if (!session->log.has_shown)
		return error_hint(err, "--log 7 shows the kernel's log. %s of memory may be too little to boot with.", request->machine.memory);
	return -1;
}

static int conclude(struct session *session, const struct instance_request *request, struct dory_error *err)
{
	int failure = atomic_load(&session->output.write_errno);

	session->outcome->was_asked = session->stop_signal || atomic_load(&session->is_killed_by_key);
	if (atomic_load(&session->is_killed_by_key)) {
		*session->outcome = (struct instance_outcome){.end = INSTANCE_STOPPED, .code = SIGKILL, .was_asked = true};
		return 0;
	}
	if (!session->has_record && session->stop_signal) {
		*session->outcome =
			(struct instance_outcome){.end = INSTANCE_STOPPED, .code = session->stop_signal, .was_asked = true};
		return 0;
	}
	if (failure && failure != EPIPE) {
		errno = failure;
		return error_set_errno(err, DORY_ERROR_IO, "writing the program's output");
	}
	return session->has_record ? 0 : explain_silence(session, request, err);
}

/* The signals that the session waits for; those that our parent ignores (nohup) stay so. */
static sigset_t handled_signals(void)
{
	static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGWINCH};
	struct sigaction action;
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		if (sigaction(numbers[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
			sigaddset(&set, numbers[i]);
	}
	return set;
}

static void connect_session(struct session *session, const struct wiring *wiring)
{
	session->control_fd = wiring->ours[0];
	session->log_fd = wiring->log_ours;
	session->input = (struct stream){.fd = STDIN_FILENO, .socket = wiring->ours[1]};
	session->output = (struct stream){.fd = STDOUT_FILENO, .socket = wiring->ours[session->is_tty ? 1 : 2]};
	if (!session->is_tty)
		session->errors = (struct stream){.fd = STDERR_FILENO, .socket = wiring->ours[3]};
}

static int run_wired(const struct instance_request *request, struct wiring *wiring, const sigset_t *signals,
	struct instance_outcome *outcome, struct dory_error *err)
{
	struct session session = {.is_tty = request->is_tty,
		.is_remote = request->is_remote,
		.outcome = outcome,
		.machine = &request->machine,
		.announcement = request->announcement,
		.watcher = request->watcher,
		.log = {.shown_level = request->log_level < 0 ? SHOWN_BY_DEFAULT : request->log_level,
			.fd = STDERR_FILENO}};
	int result = -1;

	connect_session(&session, wiring);
	session.signal_fd = signalfd(-1, signals, SFD_CLOEXEC | SFD_NONBLOCK);
	session.ended_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (session.signal_fd < 0 || session.ended_fd < 0) {
		error_set_errno(err, DORY_ERROR_IO, "preparing to wait for the machine");
		goto out;
	}
	if (start_machine(request, wiring, &session.process, err) < 0)
		goto out;
	wiring_close_its(wiring);
	if (request->watcher && request->watcher->on_machine)
		request->watcher->on_machine(request->watcher, session.process.pid);
	if (request->is_tty && !request->is_remote && terminal_make_raw() < 0)
		message_line(STDERR_FILENO, "dory: warning: The terminal cannot be made raw.");
	result = session_run(&session, err);
	terminal_restore();
	if (result == 0)
		result = conclude(&session, request, err);
	machine_log_release(&session.log);
out:
	close_fd(&session.signal_fd);
	close_fd(&session.ended_fd);
	return result;
}

int instance_run(const struct instance_request *request, struct instance_outcome *outcome, struct dory_error *err)
{
	struct run_config config = request->config;
	struct sigaction ignore = {.sa_handler = SIG_IGN}, former_pipe;
	sigset_t signals = handled_signals(), former_mask;
	struct wiring wiring;
	int result = -1;

	config.is_override = true;
	config.is_tty = request->is_tty;
	config.terminal_type = getenv("TERM");
	if (request->is_tty && !request->is_remote)
		terminal_size(&config.rows, &config.columns);
	if (wiring_init(&wiring, request->is_tty, err) < 0)
		return -1;
	wiring.config_fd = config_open(&config, err);
	if (wiring.config_fd < 0) {
		wiring_release(&wiring);
		return -1;
	}
	*outcome = (struct instance_outcome){0};
	pthread_sigmask(SIG_BLOCK, &signals, &former_mask);
	sigaction(SIGPIPE, &ignore, &former_pipe);
	result = run_wired(request, &wiring, &signals, outcome, err);
	wiring_release(&wiring);
	sigaction(SIGPIPE, &former_pipe, NULL);
	pthread_sigmask(SIG_SETMASK, &former_mask, NULL);
	return result;
}
