/* SPDX-License-Identifier: BSD-3-Clause */
/* Private to fanotify/. */
#pragma once
#include "kernel/fanotify/fanotify.h"
#include "kernel/file/handle.h"
#include "kernel/file/watch.h"
#include "kernel/process/process.h"

enum {
	REPORT_HANDLES = FAN_REPORT_FID | FAN_REPORT_DIR_FID | FAN_REPORT_NAME | FAN_REPORT_TARGET_FID,
	EVENTS_WITH_FILE = WATCH_ACCESS | WATCH_MODIFY | WATCH_CLOSE_WRITE | WATCH_CLOSE_NOWRITE | WATCH_OPEN | WATCH_OPEN_EXECUTE,
	EVENTS_OF_ENTRIES = WATCH_CREATE | WATCH_DELETE | WATCH_MOVED_FROM | WATCH_MOVED_TO | WATCH_RENAMED,
	EVENTS_OF_INODES = WATCH_ATTRIBUTES | WATCH_DELETE_SELF | WATCH_MOVE_SELF,
	QUESTIONS = WATCH_MAY_OPEN | WATCH_MAY_ACCESS | WATCH_MAY_EXECUTE,
	EVENTS = EVENTS_WITH_FILE | EVENTS_OF_ENTRIES | EVENTS_OF_INODES | QUESTIONS,
	EVENT_FLAGS = WATCH_IS_DIRECTORY | FAN_EVENT_ON_CHILD,
};

/* /proc/sys/fs/fanotify, of all users together. */
struct fanotify_limits {
	unsigned groups, marks, events;
};
extern struct fanotify_limits fanotify_limits;

/* What changes is guarded by watch_lock. */
struct group {
	struct list node; /* of all groups, those that are asked first before the others */
	unsigned flags, event_flags;
	unsigned class; /* FAN_CLASS_*: the higher, the earlier it is asked */
	uint64_t serial;
	bool is_restricted; /* made without privilege: it does not hear who others are */
	struct list marks;  /* those on mounts and file systems before those on inodes */
	struct list events; /* not read yet, oldest first */
	struct list asked;  /* questions that were read, and not answered */
	unsigned nr_events;
	struct event *overflow; /* queued once where the queue is full */
	struct wait_queue wait;
};
extern struct list fanotify_groups;

static inline bool group_has_handles(const struct group *group)
{
	return group->flags & REPORT_HANDLES;
}

/* ---- Marks (mark.c). ---- */

enum mark_kind { MARK_INODE, MARK_MOUNT, MARK_FILE_SYSTEM };
struct mark {
	struct inode_watch watch; /* of MARK_INODE */
	struct list node;	  /* group->marks */
	struct group *group;
	enum mark_kind kind;
	uint64_t mount;		      /* mount_id: MARK_MOUNT */
	const struct file_system *fs; /* that it is on */
	uint32_t mask, ignored;	      /* events, and EVENT_FLAGS */
	bool ignores_flags_too;	      /* FAN_MARK_IGNORE: the flags in `ignored` count */
	bool ignores_for_long;	      /* FAN_MARK_IGNORED_SURV_MODIFY */
	bool is_evictable;
};
/* The group's marks that a notice concerns. `is_parent`: the mark is on the folder that the file lies in. */
struct mark_visit {
	void (*visit)(struct mark_visit *visit, struct mark *mark, bool is_parent);
};
void marks_visit_locked(struct group *group, const struct watch_notice *notice, struct mark_visit *visit);
/* All marks of the group, or those of a kind (MARK_FILE_SYSTEM + 1: all). */
void marks_drop(struct group *group, unsigned kind);
void marks_unmounted(const struct file_system *fs);
int marks_describe(struct group *group, char *to, size_t size);

/* ---- Events (event.c). ---- */

struct object { /* a file, as handles name it */
	uint64_t file_system;
	struct file_handle_bytes handle;
} packed_struct;
enum { RECORD_OF_FOLDER_ALONE = 0x80 }; /* of a group that gets neither names nor the file's handle: FAN_INFO_DFID or FAN_INFO_FID, as the merged mask will be */
struct record {
	uint8_t type; /* enum fanotify_info_type, or that one */
	uint16_t name_at, name_len;
	struct object object;
};
struct event {
	struct list node; /* group->events or ->asked */
	struct event *next_dead;
	unsigned references; /* guarded by watch_lock: of the list, and of who reads it */
	uint32_t mask;
	int pid;
	struct process *process; /* counted, with FAN_REPORT_PIDFD */
	struct path path;	 /* counted; of groups without handles */
	struct question *question; /* of the thread that asks; NULL: nothing is asked, or nobody waits for the answer any more */
	int fd;			   /* that the question came with, once it was read; < 0: not yet */
	bool is_queued;		   /* it counts in group->nr_events */
	unsigned nr_records;
	struct record records[3];
	size_t names_len;
	char names[]; /* of the records */
};

/* Which events of a notice a group wants, with WATCH_IS_DIRECTORY where it is told; of a renaming, which sides. */
struct interest {
	uint32_t mask;
	bool is_on_old_side, is_on_new_side;
};

/* NULL: no memory. */
struct event *event_new(const struct group *group, const struct watch_notice *notice, const struct interest *interest);
/*
 * Queues the event (NULL: there was no memory for it), merged with one before if it can be, or tells of the overflow in its stead. Takes the reference; what
 * goes, goes to *dead. Whether it is in the queue itself.
 */
bool event_queue_locked(struct group *group, struct event *event, struct event **dead);
void event_unqueue_locked(struct group *group, struct event *event); /* from whichever list it is on */
/* The oldest, with a reference of the caller's, if it takes at most `room` bytes; NULL: none; *is_too_large. */
struct event *event_take_locked(struct group *group, size_t room, bool *is_too_large);
void event_put_locked(struct event *event, struct event **dead);
void events_bury(struct event *dead); /* without the lock */

/* ---- From notices to events (observe.c). ---- */

void observe_begin(void); /* notices come from now on */
struct interest interest_of_locked(struct group *group, const struct watch_notice *notice);

/* ---- For the reader (report.c). ---- */

size_t event_size(const struct group *group, const struct event *event); /* bytes */
/* Oldest events first, as many as there is room for. Bytes; 0: there is none; -EINVAL: no room for one; or why no descriptor could be made. */
long events_read(struct group *group, struct io_vector *io);

/* ---- Questions (question.c). ---- */

struct question {
	struct wait_queue wait;
	struct group *group;
	struct event *event; /* valid while there is no answer */
	unsigned answer;     /* FAN_ALLOW, FAN_DENY; 0: none yet */
};
int question_ask(const struct watch_notice *notice); /* all groups that want to be asked: watch_observer's */
/* fd: of the descriptor that it came with. -ENOENT: no question of that number waits for an answer; -EINVAL. */
int question_answer(struct group *group, int fd, uint32_t response) must_check;
void questions_end_locked(struct group *group, struct event **dead); /* nobody will answer any more: all is allowed */
/* The event was read, its descriptor being `fd`; < 0: it could not be, so a question is denied. */
void question_read_locked(struct event *event, int fd, struct event **dead);
