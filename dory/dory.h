/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * libdory: run any Linux program in a small virtual machine, and make the images for it. A run is three steps:
 *
 *   dory_target_init      what a person named: a Debian package, a program on this disk, an image
 *   dory_image_find       the image of it, if there is one that is up to date (milliseconds; loads no large library)
 *   dory_image_make       ... otherwise: resolves, downloads, composes (files make.c, programs.c, compose.c: these link
 *                         libcurl, libarchive, libsolv and libext2fs, which cost 10 ms at every start of a program)
 *   dory_run              runs it
 */
#pragma once
#include "dory/base/error.h"
#include "dory/config/config.h"
#include "dory/image/image.h"
#include "dory/instance/instance.h"
#include "dory/instances/store.h"
#include "dory/network/network.h"
#include "dory/network/store.h"
#include "dory/supervisor/counters.h"

enum dory_target_kind {
	DORY_TARGET_IMAGE,
	DORY_TARGET_DEBIAN, /* "deb:NAME" or "deb:NAME=VERSION" */
	DORY_TARGET_FILE,   /* a program, script or Java archive on this disk */
	DORY_TARGET_DISK,   /* the file of a disk on this disk */
};

struct dory_target {
	enum dory_target_kind kind;
	char *name;            /* as it was written: image, package or path */
	const char **packages; /* Debian packages that go in, borrowed from the words given */
	size_t package_count;
	char *image_name; /* in the store; NULL until dory_image_find if kind is DORY_TARGET_FILE or _DISK */
};

/*
 * `word` is a file if `is_file`, if it starts with "/", "./" or "../", or if it has a "/" and exists. `with`: further
 * packages, each "deb:NAME". The words are borrowed. Error: USAGE.
 */
int dory_target_init(struct dory_target *target, const char *word, bool is_file, const char *const *with,
	size_t with_count, struct dory_error *err) must_check;
void dory_target_release(struct dory_target *target);

enum dory_refresh {
	DORY_REFRESH_AS_NEEDED,
	DORY_REFRESH_NOW,   /* fetch the archive's indices anew */
	DORY_REFRESH_NEVER, /* take what is here, however old; touch no network */
};

/* 0 and the image; 1 if it has to be made first; -1. */
int dory_image_find(const struct dory_config *config, struct dory_target *target, enum dory_refresh refresh,
	struct image *image, struct dory_error *err) must_check;

/* Makes the image that dory_image_find did not find, and finds it. */
int dory_image_make(const struct dory_config *config, struct dory_target *target, enum dory_refresh refresh,
	struct image *image, struct dory_error *err) must_check;

/* The programs that the package named first holds, one a line, for a person who has to choose; returns owned. */
int dory_target_programs(const struct dory_config *config, const struct dory_target *target, char **programs,
	struct dory_error *err) must_check;

/* An image with a name, made from packages and files. */
struct dory_composition {
	const char *image;
	const char *const *packages; /* "NAME" or "NAME=VERSION", "deb:" before it allowed */
	size_t package_count;
	const char *const *paths; /* directories: their content goes to /; files: to /NAME */
	size_t path_count;
	struct run_config config; /* what `dory run` runs, baked into the image */
	enum dory_refresh refresh;
	const char *size;        /* of the file system, as in "10G"; NULL: as much as it takes, and room */
	const char *file_system; /* "ext4", "zfs" (the same, for Capstan's sake), "rofs": without room to write; NULL: ext4 */
};
int dory_compose(const struct dory_config *config, const struct dory_composition *composition,
	struct dory_error *err) must_check;

struct dory_build {
	const char *image;
	const char *file; /* the Capstanfile's path; its own paths are relative to the working directory */
	enum dory_refresh refresh;
};
/* Builds an image after a Capstanfile: runs its build command, then composes. Error: FORMAT with line and column. */
int dory_build_image(const struct dory_config *config, const struct dory_build *build, struct dory_error *err) must_check;

/* One thing that a composition would take in. Texts are borrowed, and "" where there is nothing to say. */
struct dory_planned {
	const char *kind; /* "deb", "directory", "file", "made" */
	const char *name; /* package, or path on this disk */
	const char *version, *from, *to; /* where it comes from, where in the image it goes */
	uint64_t bytes;   /* of the .deb; of all files */
	size_t files;     /* in a directory */
	bool is_here;     /* need not be downloaded */
};
typedef void dory_plan_fn(void *context, const struct dory_planned *planned);
/* Tells what dory_compose would take in, in order, the later over the former. Downloads indices at most, writes no image. */
int dory_compose_plan(const struct dory_config *config, const struct dory_composition *composition, dory_plan_fn *tell,
	void *context, struct dory_error *err) must_check;

/* The guest's kernel: `given`, else $DORY_KERNEL, else beside this program; returns owned. */
int dory_kernel_find(const char *given, char **path, struct dory_error *err) must_check;

struct dory_run {
	const char *command;          /* -e: replaces the image's; NULL: the image's own */
	const char *const *boots;     /* names of the image's configurations to run instead of its default */
	size_t boot_count;
	const char *const *arguments; /* appended to the command */
	size_t argument_count;
	struct run_config config;                            /* all but the command, which is set here */
	const char *kernel, *accelerator, *machine, *memory; /* NULL: what the settings say */
	unsigned cpus;                                       /* 0: what the settings say */
	struct network_plan *network;                        /* NULL: none; its chosen ports are written here */
	const char *name;                                    /* the instance's, if a person chose one; or NULL */
	const char *target;                                  /* the name that it has otherwise; NULL: the image's */
	bool quiet;
	const char *overlay;              /* the file that keeps what the program writes (overlay.h); NULL: that is dropped */
	const struct machine_volume *volumes; /* further disks; what is mounted is in `config` */
	size_t volume_count;
	struct instance_watcher *watcher; /* NULL: nobody */
	bool is_tty, is_remote, strace, bootchart; /* is_tty, is_remote: as in struct instance_request */
	int log_level; /* as in struct instance_request */
};

/* Fails with USAGE if there is no command: neither here nor in the image. Otherwise as instance_run. */
int dory_run(const struct dory_config *config, const struct image *image, const struct dory_run *run,
	struct instance_outcome *outcome, struct dory_error *err) must_check;

/* The status that a command exits with which stands for this program: its own, EXIT_SIGNAL_BASE + N, EXIT_*. */
int instance_outcome_status(const struct instance_outcome *outcome);
/* How it ended, a sentence; "" if it exited with 0; returns owned. */
char *instance_outcome_text(const struct instance_outcome *outcome);

/* How the first start of a detached instance went: written to a pipe, whole. */
struct dory_start_report {
	int kind;        /* 0: the program was started; otherwise enum dory_error_kind */
	int exit_status; /* as instance_outcome_status, if the program was refused; 0: it was our failure */
	char message[1024], hint[512];
};

/* Reads and checks what the specification's words ask for. Error: USAGE. */
int dory_spec_check(const struct instance_spec *spec, struct dory_error *err) must_check;

/*
 * Runs a created or taken instance in this process until it has ended for good, answers requests to it, and removes it if
 * that was asked for. In the foreground: once, its streams being ours; `is_tty` as in struct instance_request. Detached: the
 * streams are the log's, and `report_fd` (-1: none), owned, gets a dory_start_report. Releases the lock.
 */
struct dory_supervision {
	bool is_foreground, is_tty;
	int report_fd;
};
int dory_supervise(const struct dory_config *config, struct instance *instance, struct instance_place *place,
	const struct dory_supervision *how, struct instance_outcome *outcome, struct dory_error *err) must_check;

/*
 * Has the locked instance looked after by a process of its own, `program` with the words "supervise NAME DIRECTORY LOCK
 * REPORT" (numbers of descriptors), and waits until its program is started. Takes `place`. Fails as the report says;
 * *exit_status is that of the report.
 */
int dory_launch(const struct dory_config *config, const char *program, const char *name, struct instance_place *place, int *exit_status,
	struct dory_error *err) must_check;

/* How an instance ended, for those who waited. */
struct dory_end {
	bool was_running;
	int64_t exit_status; /* as `dory run` would have it; -1: not known */
	char text[1024];     /* a sentence; "" if it exited with 0 */
};

/*
 * Waits until the instance has ended. dory_stop has its program asked, and the machine ended after `grace_ms`; dory_kill
 * ends the machine at once. A process that looks after it and does not answer is killed by both, its machine with it.
 */
int dory_wait(const char *root, const char *name, struct dory_end *end, struct dory_error *err) must_check;
int dory_stop(const char *root, const char *name, int64_t grace_ms, struct dory_end *end, struct dory_error *err) must_check;
int dory_kill(const char *root, const char *name, struct dory_end *end, struct dory_error *err) must_check;

/* Sends a signal to its program. CONFLICT: it does not run. */
int dory_signal(const char *root, const char *name, int number, struct dory_error *err) must_check;

/*
 * Joins our standard streams to those of a detached instance: what its program writes from now on, and, if its input was kept open, what it
 * reads. On a terminal Ctrl-p Ctrl-q ends that, and the end of our input ends only the typing. CONFLICT: it does not run, or not detached.
 */
struct dory_attachment {
	bool has_detached;   /* a person ended it, the instance goes on; otherwise it has ended: */
	struct dory_end end;
};
int dory_attach(const char *root, const char *name, bool is_output_only, struct dory_attachment *attachment, struct dory_error *err) must_check;

/*
 * Runs another program in an instance that runs, joined to our standard streams (config->is_tty: our terminal) until it ends; *end is how. Of
 * `config`, command, environment, directory, user and is_tty count. Signals are as with instance_run. NOT_FOUND: it does not run.
 */
int dory_exec(const char *root, const char *name, const struct run_config *config, bool has_input, struct dory_end *end,
	struct dory_error *err) must_check;

/* What a running instance uses now. CONFLICT: it does not run. */
struct dory_stats {
	struct host_counters host;
	struct guest_counters guest;
	bool has_guest; /* it answered in time */
};
int dory_stats(const char *root, const char *name, struct dory_stats *stats, struct dory_error *err) must_check;
