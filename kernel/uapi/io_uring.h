/* SPDX-License-Identifier: BSD-3-Clause */
/* io_uring(7): io_uring_setup(2), io_uring_enter(2), io_uring_register(2). */
#pragma once
#include <stdint.h>

/* A submission. What the fields mean depends on the operation; these names are those of reads and writes. */
struct linux_io_uring_sqe {
	uint8_t opcode, flags;
	uint16_t ioprio;
	int32_t fd;
	uint64_t off;
	uint64_t addr;
	uint32_t len;
	uint32_t op_flags;
	uint64_t user_data;
	uint16_t buf_index; /* or group */
	uint16_t personality;
	uint32_t file_index; /* or the descriptor to splice from, or an address's length */
	uint64_t addr3;
	uint64_t pad;
};

struct linux_io_uring_cqe {
	uint64_t user_data;
	int32_t res;
	uint32_t flags;
};

struct linux_io_sqring_offsets {
	uint32_t head, tail, ring_mask, ring_entries, flags, dropped, array, resv1;
	uint64_t user_addr;
};

struct linux_io_cqring_offsets {
	uint32_t head, tail, ring_mask, ring_entries, overflow, cqes, flags, resv1;
	uint64_t user_addr;
};

struct linux_io_uring_params {
	uint32_t sq_entries, cq_entries, flags, sq_thread_cpu, sq_thread_idle, features, wq_fd, resv[3];
	struct linux_io_sqring_offsets sq_off;
	struct linux_io_cqring_offsets cq_off;
};

enum {
	IORING_SETUP_IOPOLL = 1, IORING_SETUP_SQPOLL = 2, IORING_SETUP_SQ_AFF = 4, IORING_SETUP_CQSIZE = 8, IORING_SETUP_CLAMP = 16, IORING_SETUP_ATTACH_WQ = 32,
	IORING_SETUP_R_DISABLED = 64, IORING_SETUP_SUBMIT_ALL = 128, IORING_SETUP_COOP_TASKRUN = 256, IORING_SETUP_TASKRUN_FLAG = 512, IORING_SETUP_SQE128 = 1024,
	IORING_SETUP_CQE32 = 2048, IORING_SETUP_SINGLE_ISSUER = 4096, IORING_SETUP_DEFER_TASKRUN = 8192, IORING_SETUP_NO_SQARRAY = 1 << 16,
};
enum {
	IORING_FEAT_SINGLE_MMAP = 1, IORING_FEAT_NODROP = 2, IORING_FEAT_SUBMIT_STABLE = 4, IORING_FEAT_RW_CUR_POS = 8, IORING_FEAT_CUR_PERSONALITY = 16, IORING_FEAT_FAST_POLL = 32,
	IORING_FEAT_POLL_32BITS = 64, IORING_FEAT_SQPOLL_NONFIXED = 128, IORING_FEAT_EXT_ARG = 256, IORING_FEAT_NATIVE_WORKERS = 512, IORING_FEAT_RSRC_TAGS = 1024,
	IORING_FEAT_CQE_SKIP = 2048, IORING_FEAT_LINKED_FILE = 4096, IORING_FEAT_REG_REG_RING = 8192,
};
enum { IORING_SQ_NEED_WAKEUP = 1, IORING_SQ_CQ_OVERFLOW = 2, IORING_SQ_TASKRUN = 4 };
enum { IORING_CQ_EVENTFD_DISABLED = 1 };
enum { IORING_ENTER_GETEVENTS = 1, IORING_ENTER_SQ_WAKEUP = 2, IORING_ENTER_SQ_WAIT = 4, IORING_ENTER_EXT_ARG = 8, IORING_ENTER_REGISTERED_RING = 16 };
#define IORING_OFF_CQ_RING 0x8000000ull
#define IORING_OFF_SQES	   0x10000000ull
#define IORING_OFF_MMAP_MASK 0xf8000000ull

enum {
	IOSQE_FIXED_FILE = 1, IOSQE_IO_DRAIN = 2, IOSQE_IO_LINK = 4, IOSQE_IO_HARDLINK = 8, IOSQE_ASYNC = 16, IOSQE_BUFFER_SELECT = 32, IOSQE_CQE_SKIP_SUCCESS = 64,
	IOSQE_ALL = 127,
};
enum { IORING_CQE_F_BUFFER = 1, IORING_CQE_F_MORE = 2, IORING_CQE_F_SOCK_NONEMPTY = 4, IORING_CQE_BUFFER_SHIFT = 16 };

enum {
	IORING_OP_NOP, IORING_OP_READV, IORING_OP_WRITEV, IORING_OP_FSYNC, IORING_OP_READ_FIXED, IORING_OP_WRITE_FIXED, IORING_OP_POLL_ADD, IORING_OP_POLL_REMOVE,
	IORING_OP_SYNC_FILE_RANGE, IORING_OP_SENDMSG, IORING_OP_RECVMSG, IORING_OP_TIMEOUT, IORING_OP_TIMEOUT_REMOVE, IORING_OP_ACCEPT, IORING_OP_ASYNC_CANCEL,
	IORING_OP_LINK_TIMEOUT, IORING_OP_CONNECT, IORING_OP_FALLOCATE, IORING_OP_OPENAT, IORING_OP_CLOSE, IORING_OP_FILES_UPDATE, IORING_OP_STATX, IORING_OP_READ,
	IORING_OP_WRITE, IORING_OP_FADVISE, IORING_OP_MADVISE, IORING_OP_SEND, IORING_OP_RECV, IORING_OP_OPENAT2, IORING_OP_EPOLL_CTL, IORING_OP_SPLICE,
	IORING_OP_PROVIDE_BUFFERS, IORING_OP_REMOVE_BUFFERS, IORING_OP_TEE, IORING_OP_SHUTDOWN, IORING_OP_RENAMEAT, IORING_OP_UNLINKAT, IORING_OP_MKDIRAT,
	IORING_OP_SYMLINKAT, IORING_OP_LINKAT, IORING_OP_MSG_RING, IORING_OP_FSETXATTR, IORING_OP_SETXATTR, IORING_OP_FGETXATTR, IORING_OP_GETXATTR, IORING_OP_SOCKET,
	IORING_OP_LAST, /* of those that are known here */
};

enum { IORING_TIMEOUT_ABS = 1, IORING_TIMEOUT_UPDATE = 2, IORING_TIMEOUT_BOOTTIME = 4, IORING_TIMEOUT_REALTIME = 8, IORING_LINK_TIMEOUT_UPDATE = 16, IORING_TIMEOUT_ETIME_SUCCESS = 32, IORING_TIMEOUT_MULTISHOT = 64 };
enum { IORING_FSYNC_DATASYNC = 1 };
enum { IORING_POLL_ADD_MULTI = 1, IORING_POLL_UPDATE_EVENTS = 2, IORING_POLL_UPDATE_USER_DATA = 4, IORING_POLL_ADD_LEVEL = 8 };
enum { IORING_ASYNC_CANCEL_ALL = 1, IORING_ASYNC_CANCEL_FD = 2, IORING_ASYNC_CANCEL_ANY = 4, IORING_ASYNC_CANCEL_FD_FIXED = 8, IORING_ASYNC_CANCEL_USERDATA = 16, IORING_ASYNC_CANCEL_OP = 32 };
enum { IORING_RECVSEND_POLL_FIRST = 1, IORING_RECV_MULTISHOT = 2, IORING_RECVSEND_FIXED_BUF = 4 };
enum { IORING_ACCEPT_MULTISHOT = 1, IORING_ACCEPT_DONTWAIT = 2, IORING_ACCEPT_POLL_FIRST = 4 };
enum { IORING_MSG_DATA, IORING_MSG_SEND_FD };
enum { IORING_MSG_RING_CQE_SKIP = 1, IORING_MSG_RING_FLAGS_PASS = 2 };
#define IORING_SPLICE_F_FD_IN_FIXED 0x80000000u
#define IORING_FILE_INDEX_ALLOC	    0xffffffffu

enum {
	IORING_REGISTER_BUFFERS, IORING_UNREGISTER_BUFFERS, IORING_REGISTER_FILES, IORING_UNREGISTER_FILES, IORING_REGISTER_EVENTFD, IORING_UNREGISTER_EVENTFD,
	IORING_REGISTER_FILES_UPDATE, IORING_REGISTER_EVENTFD_ASYNC, IORING_REGISTER_PROBE, IORING_REGISTER_PERSONALITY, IORING_UNREGISTER_PERSONALITY,
	IORING_REGISTER_RESTRICTIONS, IORING_REGISTER_ENABLE_RINGS, IORING_REGISTER_FILES2, IORING_REGISTER_FILES_UPDATE2, IORING_REGISTER_BUFFERS2,
	IORING_REGISTER_BUFFERS_UPDATE, IORING_REGISTER_IOWQ_AFF, IORING_UNREGISTER_IOWQ_AFF, IORING_REGISTER_IOWQ_MAX_WORKERS, IORING_REGISTER_RING_FDS,
	IORING_UNREGISTER_RING_FDS, IORING_REGISTER_PBUF_RING, IORING_UNREGISTER_PBUF_RING, IORING_REGISTER_SYNC_CANCEL, IORING_REGISTER_FILE_ALLOC_RANGE,
	IORING_REGISTER_LAST,
};
#define IORING_REGISTER_USE_REGISTERED_RING 0x80000000u
enum { IORING_RSRC_REGISTER_SPARSE = 1 };
#define IORING_REGISTER_FILES_SKIP (-2)

struct linux_io_uring_files_update {
	uint32_t offset, resv;
	uint64_t fds;
};

struct linux_io_uring_rsrc_register {
	uint32_t nr, flags;
	uint64_t resv2, data, tags;
};

struct linux_io_uring_rsrc_update2 {
	uint32_t offset, resv;
	uint64_t data, tags;
	uint32_t nr, resv2;
};

struct linux_io_uring_probe_op {
	uint8_t op, resv;
	uint16_t flags;
	uint32_t resv2;
};
enum { IO_URING_OP_SUPPORTED = 1 };

struct linux_io_uring_probe {
	uint8_t last_op, ops_len;
	uint16_t resv;
	uint32_t resv2[3];
};

struct linux_io_uring_restriction {
	uint16_t opcode;
	uint8_t what; /* register_op, sqe_op or sqe_flags */
	uint8_t resv;
	uint32_t resv2[3];
};
enum { IORING_RESTRICTION_REGISTER_OP, IORING_RESTRICTION_SQE_OP, IORING_RESTRICTION_SQE_FLAGS_ALLOWED, IORING_RESTRICTION_SQE_FLAGS_REQUIRED };

struct linux_io_uring_buf { /* of a ring of buffers; the tail lies in `resv` of the first */
	uint64_t addr;
	uint32_t len;
	uint16_t bid, resv;
};

struct linux_io_uring_buf_reg {
	uint64_t ring_addr;
	uint32_t ring_entries;
	uint16_t bgid, flags;
	uint64_t resv[3];
};

struct linux_io_uring_getevents_arg {
	uint64_t sigmask;
	uint32_t sigmask_sz, pad;
	uint64_t ts;
};

struct linux_io_uring_sync_cancel_reg {
	uint64_t addr;
	int32_t fd;
	uint32_t flags;
	int64_t timeout[2];
	uint8_t opcode, pad[7];
	uint64_t pad2[3];
};

struct linux_io_uring_file_index_range {
	uint32_t off, len;
	uint64_t resv;
};
