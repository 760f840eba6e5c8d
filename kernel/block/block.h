/* SPDX-License-Identifier: BSD-3-Clause */
/* Block devices: what a driver offers and a file system uses. */
#pragma once
#include "lib/attr.h"
#include "lib/list.h"

struct block_segment {
	void *data; /* kernel memory of the direct map */
	uint32_t len;
};

enum block_operation { BLOCK_READ, BLOCK_WRITE, BLOCK_FLUSH, BLOCK_DISCARD /* `length` bytes; no segments */ };

struct block_request {
	enum block_operation operation;
	uint64_t offset; /* bytes, multiple of 512 */
	uint64_t length; /* BLOCK_DISCARD */
	struct block_segment *segments;
	size_t count;
	/* Called once when done, maybe in interrupt context; status 0 or -EIO. */
	void (*done)(struct block_request *request, int status);
	void *context;
	struct list node; /* the driver's while under way */
};

/* What was asked of a device since the start. */
struct block_counter {
	uint64_t requests, bytes;
};

struct block_device {
	const char *name; /* "vda" */
	uint64_t size;	  /* bytes */
	bool is_read_only;
	bool can_discard;
	uint32_t max_segments;
	/* Starts the request; never sleeps; more than fit are queued by the driver. */
	void (*submit)(struct block_device *device, struct block_request *request);
	/* Completes what is done by now without waiting for the interrupt; may be NULL. */
	void (*poll)(struct block_device *device);
	void *driver_data;
	struct list node;
	struct block_counter counters[BLOCK_WRITE + 1]; /* by operation; changed atomically */
};

void block_device_register(struct block_device *device);
struct block_device *block_device_find(const char *name); /* "vda"; NULL */
struct block_device *block_device_next(struct block_device *device); /* iteration; NULL starts and ends */

/* Reads or writes and waits. */
int block_read(struct block_device *device, uint64_t offset, void *to, size_t len) must_check;
int block_write(struct block_device *device, uint64_t offset, const void *from, size_t len) must_check;
int block_flush(struct block_device *device) must_check;
int block_discard(struct block_device *device, uint64_t offset, uint64_t length) must_check; /* -EOPNOTSUPP */
/* Waits for a request with several segments; more than the device takes at once become several requests. */
int block_transfer(struct block_device *device, enum block_operation operation, uint64_t offset, struct block_segment *segments, size_t count) must_check;

/* Several requests at once: start each, then wait for all. The error of the first that failed. */
struct block_batch;
struct block_batch *block_batch_new(struct block_device *device); /* NULL: no memory */
int block_batch_add(struct block_batch *batch, enum block_operation operation, uint64_t offset, struct block_segment *segments, size_t count) must_check;
int block_batch_finish(struct block_batch *batch) must_check; /* waits, frees */
