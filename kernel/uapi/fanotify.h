/* SPDX-License-Identifier: BSD-3-Clause */
/* fanotify(7), fanotify_init(2), fanotify_mark(2). The bits of events are enum watch_mask's. */
#pragma once
#include <stdint.h>

enum {
	FAN_CLOEXEC = 0x1, FAN_NONBLOCK = 0x2, FAN_CLASS_CONTENT = 0x4, FAN_CLASS_PRE_CONTENT = 0x8, FAN_UNLIMITED_QUEUE = 0x10, FAN_UNLIMITED_MARKS = 0x20,
	FAN_REPORT_PIDFD = 0x80, FAN_REPORT_TID = 0x100, FAN_REPORT_FID = 0x200, FAN_REPORT_DIR_FID = 0x400, FAN_REPORT_NAME = 0x800, FAN_REPORT_TARGET_FID = 0x1000,
	FAN_REPORT_FD_ERROR = 0x2000,
};
enum {
	FAN_MARK_ADD = 0x1, FAN_MARK_REMOVE = 0x2, FAN_MARK_DONT_FOLLOW = 0x4, FAN_MARK_ONLYDIR = 0x8, FAN_MARK_MOUNT = 0x10, FAN_MARK_IGNORED_MASK = 0x20,
	FAN_MARK_IGNORED_SURV_MODIFY = 0x40, FAN_MARK_FLUSH = 0x80, FAN_MARK_FILESYSTEM = 0x100, FAN_MARK_EVICTABLE = 0x200, FAN_MARK_IGNORE = 0x400,
};
enum { FAN_EVENT_ON_CHILD = 0x08000000 };

struct linux_fanotify_event {
	uint32_t event_len;
	uint8_t vers, reserved;
	uint16_t metadata_len;
	uint64_t mask;
	int32_t fd, pid;
};
enum { LINUX_FANOTIFY_VERSION = 3, FAN_NOFD = -1, FAN_NOPIDFD = -1, FAN_EPIDFD = -2 };

struct linux_fanotify_info {
	uint8_t info_type, pad;
	uint16_t len;
};
enum fanotify_info_type { FAN_INFO_FID = 1, FAN_INFO_DFID_NAME = 2, FAN_INFO_DFID = 3, FAN_INFO_PIDFD = 4, FAN_INFO_OLD_DFID_NAME = 10, FAN_INFO_NEW_DFID_NAME = 12 };

struct linux_fanotify_response {
	int32_t fd;
	uint32_t response;
};
enum { FAN_ALLOW = 1, FAN_DENY = 2 };
