/* SPDX-License-Identifier: BSD-3-Clause */
/* Linux AIO (io_setup(2), io_submit(2)). */
#pragma once
#include <stdint.h>

struct linux_iocb {
	uint64_t data;
	uint32_t key, rw_flags;
	uint16_t lio_opcode;
	int16_t reqprio;
	uint32_t fildes;
	uint64_t buf, nbytes;
	int64_t offset;
	uint64_t reserved2;
	uint32_t flags, resfd;
};

struct linux_io_event {
	uint64_t data, obj;
	int64_t res, res2;
};

enum { IOCB_CMD_PREAD, IOCB_CMD_PWRITE, IOCB_CMD_FSYNC, IOCB_CMD_FDSYNC, IOCB_CMD_POLL = 5, IOCB_CMD_NOOP, IOCB_CMD_PREADV, IOCB_CMD_PWRITEV };
enum { IOCB_FLAG_RESFD = 1, IOCB_FLAG_IOPRIO = 2 };

/* The head of the ring of events, which a context's number points at; user programs read it to see whether events are there (libaio). */
struct linux_aio_ring {
	uint32_t id, nr, head, tail;
	uint32_t magic, compat_features, incompat_features, header_length;
	struct linux_io_event events[];
};
#define LINUX_AIO_RING_MAGIC 0xa10a10a1u
