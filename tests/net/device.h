/* SPDX-License-Identifier: BSD-3-Clause */
/* A network namespace, and tap devices in it: what the other side of them is, is Linux's own stack. Of Linux's headers only; the tests see the kernel's. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What stands in front of each frame of a device with offloads (virtio 1.2 §5.1.6, without the number of buffers). */
struct device_header {
	uint8_t flags, gso_type;
	uint16_t header_len, gso_size, checksum_start, checksum_offset;
};
enum { DEVICE_NEEDS_CHECKSUM = 1, DEVICE_CHECKED = 2, DEVICE_GSO_NONE = 0, DEVICE_GSO_TCP4 = 1, DEVICE_GSO_TCP6 = 4, DEVICE_GSO_ECN = 0x80 };
enum { DEVICE_TAP = 1, DEVICE_OFFLOADS = 2 };

/* Moves the process into a namespace of its own, with forwarding on; once. NULL, or why it cannot be and what would help. */
const char *device_namespace(void);
/* A device with Linux's address on it, host order; IP packets without DEVICE_TAP. Its descriptor does not block; -1: errno says why. */
int device_open(const char *name, unsigned flags, uint32_t address, unsigned mtu);
/* Sets a file below /proc/sys/net; false: it cannot be. */
bool device_setting(const char *name, const char *value);
/* The frame behind the header, which is zeros for a device without offloads. Bytes, 0: none now. */
size_t device_read(int fd, bool has_header, struct device_header *header, uint8_t *frame, size_t size);
void device_write(int fd, bool has_header, const struct device_header *header, const uint8_t *frame, size_t len);
/* Waits until one of them can be read, or the time is over. */
void device_wait(const int *fds, unsigned nr, uint64_t ns);
void device_close(int fd);
uint64_t device_now_ns(void);
