/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * io_uring(7). A ring is an open file with two queues in memory that the program maps. What it submits becomes a request: a copy of the
 * submission, which is tried at once; if it would have to wait, it waits without a thread where the file can be polled, else a worker
 * does it (kernel/async). The end of a request posts its completion and starts the next one of its chain.
 *
 * Operations register themselves (URING_OPERATION), so that those of what is not linked are absent: EINVAL, and the probe says so.
 * All in the mapped memory is hostile: a field is read once.
 *
 * Locks: ring->lock (sleeping, before a position of an open file): submission, tables, buffers. ring->completion_lock (spin, before wait queues):
 * completions, the list of requests, deferred ones.
 */
#pragma once
#include "kernel/async/async.h"
#include "kernel/file/file.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/io_uring.h"
#include "kernel/uapi/poll.h"

struct uring;
struct uring_request;

/* Results of `issue` beside a result and -errno. */
enum {
	URING_PENDING = INT32_MIN, /* the operation sees to its end itself */
	URING_SILENT,		   /* it ends without a completion */
};

enum uring_operation_flags {
	URING_FILE = 1,		 /* works on the file of `fd` */
	URING_POLL_IN = 2,	 /* -EAGAIN: waits until the file is readable, */
	URING_POLL_OUT = 4,	 /* or writable */
	URING_WORKER = 8,	 /* may wait for a disk, always: a worker's */
	URING_UNBOUNDED = 16,	 /* may wait for other programs */
	URING_BUFFER = 32,	 /* takes IOSQE_BUFFER_SELECT */
	URING_IOPRIO = 64,	 /* the field `ioprio` means something: */
	URING_PRIORITY = 128,	 /* a priority */
	URING_IOPOLL = 256,	 /* goes with IORING_SETUP_IOPOLL */
};

struct uring_operation {
	uint8_t opcode;
	unsigned flags;
	/* Checks the submission and copies what the program may change after it. May set r->data. NULL: nothing to do. */
	int (*prepare)(struct uring_request *r);
	/* Does it. may_wait: on a worker. Otherwise -EAGAIN says that it would wait. */
	int (*issue)(struct uring_request *r, bool may_wait);
	/* What it waited for came, or it was cancelled. NULL: it is issued again, or ends with -ECANCELED. */
	void (*resume)(struct uring_request *r);
	void (*release)(struct uring_request *r); /* NULL: r->data is freed, if anything */
};
#define URING_OPERATION(n) LINKER_SET_MEMBER(uring_operation, struct uring_operation, n)
const struct uring_operation *uring_operation_find(unsigned opcode); /* NULL: absent */

struct uring_request {
	struct async_operation async;
	struct uring *ring; /* a reference */
	const struct uring_operation *operation;
	struct linux_io_uring_sqe sqe;
	struct uring_request *next;    /* of its chain */
	struct uring_request *timeout; /* that limits it; guarded by completion_lock once it is armed */
	struct uring_request *limited; /* whom a timeout limits; the same */
	struct list node;	       /* ring->requests, once it is asynchronous */
	struct list deferred_node;
	struct file *file;
	struct credentials *credentials; /* to act with; NULL: those of whom it runs on */
	uint64_t sequence;		 /* requests that were submitted before it */
	uint32_t cqe_flags;
	uint8_t tries;
	bool is_issued;	      /* tried once */
	bool is_asynchronous; /* known to the group and to ring->requests */
	bool has_failed;      /* its chain breaks though the result is no error: a short read */
	bool succeeds;	      /* its chain goes on though the result is an error */
	bool must_wait;	      /* readiness did not help: a worker waits */
	bool is_final;	      /* -EAGAIN is its result, not a reason to wait */
	bool is_multishot;
	bool is_drain;	      /* counted by its ring as one that runs alone */
	bool has_buffer;      /* chosen from a group */
	uint16_t buffer_id;
	uint64_t buffer_address;
	uint32_t buffer_len;
	uint64_t state[6]; /* the operation's */
	void *data;	   /* the same, from the heap */
};

/* ---- request.c: of operations ---- */

/* Ends it: posts the result, starts what follows. */
void uring_complete(struct uring_request *r, int result);
/* Posts a completion of one that goes on (IORING_CQE_F_MORE). False: there is no room; it is to end. */
bool uring_post_more(struct uring_request *r, int result, uint32_t flags) must_check;
/* Before it waits for anything: it becomes known to the group, and its timeout starts. -ENOMEM, -ECANCELED. */
int uring_go_asynchronous(struct uring_request *r) must_check;
/* Tries it, and again, until it waits or has ended. */
void uring_run(struct uring_request *r, bool may_wait);
/* A descriptor or, with direct_index not 0, a place in the ring's table becomes the file; takes the reference in any case. The result of the operation. */
int uring_install(struct uring_request *r, struct file *file, uint32_t direct_index, bool close_on_exec);

/* ---- buffer.c: memory that the program provides for reading ---- */

/* Chooses a buffer of the request's group, if it asked for that and has none; at most *len bytes (0: all). -ENOBUFS, -EFAULT. */
int uring_buffer_select(struct uring_request *r, uint64_t *address, uint32_t *len) must_check;
void uring_buffer_return(struct uring_request *r); /* it was not used */
void uring_buffer_used(struct uring_request *r);   /* the completion names it */
int uring_buffers_provide(struct uring *ring, uint16_t group, uint64_t address, uint32_t len, uint32_t count, uint16_t first_id);
int uring_buffers_remove(struct uring *ring, uint16_t group, uint32_t count);
int uring_buffer_ring_add(struct uring *ring, const struct linux_io_uring_buf_reg *what) must_check;
int uring_buffer_ring_remove(struct uring *ring, uint16_t group) must_check;

/* ---- table.c: registered files and buffers. Under ring->lock, which they take if it is not the caller's already ---- */

/* Memory of a registered buffer: -EFAULT unless [address, address+len) lies in it. */
int uring_buffer_check(struct uring *ring, unsigned index, uint64_t address, uint64_t len) must_check;
struct file *uring_file_get(struct uring *ring, unsigned index); /* NULL: -EBADF */
int uring_file_place(struct uring *ring, struct file *file, uint32_t index); /* IORING_FILE_INDEX_ALLOC: any; takes the reference always; the index, -ENFILE, -ENXIO, -EINVAL */
int uring_file_clear(struct uring *ring, unsigned index); /* -EBADF, -ENXIO, -EINVAL */
/* fds in user memory; NULL (0): all empty. tags 0: none. */
int uring_files_register(struct uring *ring, uint64_t fds, uint64_t tags, unsigned count) must_check;
int uring_files_unregister(struct uring *ring) must_check;
int uring_files_change(struct uring *ring, unsigned offset, uint64_t fds, uint64_t tags, unsigned count); /* how many, or -errno */
/* Each descriptor of the array to a place that is free, whose number takes its place in the array; how many, or -errno. */
int uring_files_fill(struct uring *ring, uint64_t fds, unsigned count);
int uring_files_range(struct uring *ring, unsigned offset, unsigned count) must_check;
int uring_buffers_register(struct uring *ring, uint64_t iovecs, uint64_t tags, unsigned count) must_check;
int uring_buffers_unregister(struct uring *ring) must_check;
int uring_buffers_change(struct uring *ring, unsigned offset, uint64_t iovecs, uint64_t tags, unsigned count);

/* ---- ring.c: of system calls ---- */

/* ring->lock, around changes of what is registered: begin says whether end has something to do. */
bool uring_register_begin(struct uring *ring);
void uring_register_end(struct uring *ring, bool was_taken);

/* Makes a ring; fills what the kernel says in *parameters. -EINVAL, -ENOMEM. */
int uring_new(unsigned entries, struct linux_io_uring_params *parameters, struct file **file) must_check;
struct uring *uring_of(struct file *file); /* NULL: no ring */
bool uring_wants_direct(const struct uring *ring); /* IORING_SETUP_IOPOLL: reads and writes of files opened with O_DIRECT only */
int uring_enable(struct uring *ring) must_check; /* IORING_REGISTER_ENABLE_RINGS */
int uring_set_event(struct uring *ring, int fd, bool only_async) must_check; /* fd -1: none; -EBUSY, -ENXIO, -EBADF */
int uring_personality_add(struct uring *ring);
int uring_personality_remove(struct uring *ring, unsigned id) must_check;
int uring_restrict(struct uring *ring, const struct linux_io_uring_restriction *list, unsigned count) must_check;
bool uring_may_register(struct uring *ring, unsigned opcode);

struct uring_wait {
	unsigned wanted; /* completions */
	uint64_t deadline_ns;
};
/* The running task's part of io_uring_enter(2): hands over submissions; how many. -EBADFD, -EEXIST, -EBUSY. */
int uring_submit(struct uring *ring, unsigned count);
/* Waits for completions, resuming requests meanwhile. -EINTR, -ETIME, -EBADR. */
int uring_wait(struct uring *ring, const struct uring_wait *wait);
/* Submissions are taken by a thread of the kernel: -EOWNERDEAD if it has ended. `flags` IORING_ENTER_*. */
bool uring_is_polled(const struct uring *ring);
int uring_poller_enter(struct uring *ring, unsigned flags) must_check;

/* ---- cancel.c ---- */
struct uring_match {
	unsigned flags; /* IORING_ASYNC_CANCEL_* */
	uint64_t user_data;
	const struct file *file;
	uint8_t opcode;
	const struct uring_request *except;
};
/* How many were cancelled (0: one), or -ENOENT, -EALREADY. */
int uring_cancel(struct uring *ring, const struct uring_match *match);
