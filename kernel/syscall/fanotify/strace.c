/* SPDX-License-Identifier: BSD-3-Clause */
/* How --strace prints fanotify_init(2) and fanotify_mark(2). */
#include "kernel/syscall/strace_line.h"
#include "kernel/uapi/fcntl.h"

static const struct strace_name event_flags[] = {{3, "O_RDWR|O_WRONLY"}, {2, "O_RDWR"}, {1, "O_WRONLY"}, {O_APPEND, "O_APPEND"}, {O_NONBLOCK, "O_NONBLOCK"}, {O_LARGEFILE, "O_LARGEFILE"},
    {O_NOATIME, "O_NOATIME"}, {O_CLOEXEC, "O_CLOEXEC"}, {0, NULL}};
static const struct strace_name fanotify_flags[] = {{1, "FAN_CLOEXEC"}, {2, "FAN_NONBLOCK"}, {4, "FAN_CLASS_CONTENT"}, {8, "FAN_CLASS_PRE_CONTENT"}, {0x10, "FAN_UNLIMITED_QUEUE"}, {0x20, "FAN_UNLIMITED_MARKS"},
    {0x80, "FAN_REPORT_PIDFD"}, {0x100, "FAN_REPORT_TID"}, {0x200, "FAN_REPORT_FID"}, {0x400, "FAN_REPORT_DIR_FID"}, {0x800, "FAN_REPORT_NAME"}, {0x1000, "FAN_REPORT_TARGET_FID"},
    {0x2000, "FAN_REPORT_FD_ERROR"}, {0, NULL}};
static const struct strace_name fanotify_marks[] = {{1, "FAN_MARK_ADD"}, {2, "FAN_MARK_REMOVE"}, {4, "FAN_MARK_DONT_FOLLOW"}, {8, "FAN_MARK_ONLYDIR"}, {0x10, "FAN_MARK_MOUNT"}, {0x20, "FAN_MARK_IGNORED_MASK"},
    {0x40, "FAN_MARK_IGNORED_SURV_MODIFY"}, {0x80, "FAN_MARK_FLUSH"}, {0x100, "FAN_MARK_FILESYSTEM"}, {0x200, "FAN_MARK_EVICTABLE"}, {0x400, "FAN_MARK_IGNORE"}, {0, NULL}};
static const struct strace_name fanotify_events[] = {{1, "FAN_ACCESS"}, {2, "FAN_MODIFY"}, {4, "FAN_ATTRIB"}, {8, "FAN_CLOSE_WRITE"}, {16, "FAN_CLOSE_NOWRITE"}, {32, "FAN_OPEN"}, {64, "FAN_MOVED_FROM"},
    {128, "FAN_MOVED_TO"}, {256, "FAN_CREATE"}, {512, "FAN_DELETE"}, {1024, "FAN_DELETE_SELF"}, {2048, "FAN_MOVE_SELF"}, {0x1000, "FAN_OPEN_EXEC"}, {0x10000, "FAN_OPEN_PERM"}, {0x20000, "FAN_ACCESS_PERM"},
    {0x40000, "FAN_OPEN_EXEC_PERM"}, {0x08000000, "FAN_EVENT_ON_CHILD"}, {0x10000000, "FAN_RENAME"}, {0x40000000, "FAN_ONDIR"}, {0, NULL}};

STRACE(fanotify_init, FLAGS(fanotify_flags), FLAGS(event_flags));
STRACE(fanotify_mark, INT, FLAGS(fanotify_marks), FLAGS(fanotify_events), DIRFD, PATH);
