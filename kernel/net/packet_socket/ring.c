/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A ring of slots in memory that the program maps (networking/packet_mmap, TPACKET_V2): frame_size bytes each, whole ones in a block. A slot:
 *
 *	 0 struct linux_tpacket2_hdr (status first)   32 struct linux_sockaddr_ll   ... gap ...   mac: the frame
 *
 * Status says whose it is. The program may write whatever it likes anywhere: nothing but the status is read back.
 */
#include "kernel/mem/heap.h"
#include "kernel/net/packet_socket/internal.h"

enum { RING_BYTES_MAX = 256u << 20, HEADERS = 32 + sizeof(struct linux_sockaddr_ll) };

struct packet_ring {
	struct page_cache cache;
	struct page **pages;	 /* all, with references */
	uint64_t nr_pages;
	struct linux_tpacket_req shape;
	uint32_t reserve, link_header; /* room for the latter before the network header */
	uint32_t next;		 /* slot that is filled next */
	bool was_mapped;	 /* stays until the socket is closed then: a mapping may be under way */
	struct file *file;	 /* the socket's, borrowed: that a mapping holds */
};

/* ---- Bytes of the ring ---- */

static uint8_t *ring_at(const struct packet_ring *ring, uint64_t offset)
{
	return (uint8_t *)page_virt(ring->pages[offset >> PAGE_SHIFT]) + (offset & (PAGE_SIZE - 1));
}

static void ring_write(const struct packet_ring *ring, uint64_t offset, const void *from, size_t len)
{
	const uint8_t *bytes = from;

	while (len) {
		size_t part = min_u64(len, PAGE_SIZE - (offset & (PAGE_SIZE - 1)));

		memcpy(ring_at(ring, offset), bytes, part);
		bytes += part;
		offset += part;
		len -= part;
	}
}

static void ring_write_frame(const struct packet_ring *ring, uint64_t offset, const struct packet_view *view, uint32_t len)
{
	for (uint32_t at = 0; at < len;) {
		uint32_t part = (uint32_t)min_u64(len - at, PAGE_SIZE - (offset & (PAGE_SIZE - 1)));

		packet_view_read(view, at, ring_at(ring, offset), part);
		at += part;
		offset += part;
	}
}

static uint64_t slot_offset(const struct packet_ring *ring, uint32_t slot)
{
	uint32_t in_block = ring->shape.block_size / ring->shape.frame_size;

	return (uint64_t)(slot / in_block) * ring->shape.block_size + (uint64_t)(slot % in_block) * ring->shape.frame_size;
}

static uint32_t *status_of(const struct packet_ring *ring, uint32_t slot)
{
	return (uint32_t *)ring_at(ring, slot_offset(ring, slot));
}

/* ---- Filling, under the lock of the stack ---- */

static bool is_free(const struct packet_ring *ring, uint32_t slot)
{
	return __atomic_load_n(status_of(ring, slot), __ATOMIC_ACQUIRE) == LINUX_TP_STATUS_KERNEL;
}

bool packet_ring_is_readable(struct packet_ring *ring)
{
	return !is_free(ring, ring->next ? ring->next - 1 : ring->shape.frame_nr - 1);
}

bool packet_ring_put(struct packet_ring *ring, const struct packet_view *view, uint32_t len, uint64_t time_ns)
{
	uint64_t at = slot_offset(ring, ring->next);
	uint32_t *status = status_of(ring, ring->next);
	uint32_t net = (uint32_t)align_up(HEADERS + ring->link_header, LINUX_TPACKET_ALIGNMENT) + ring->reserve, mac = net - view->network_offset;
	struct linux_tpacket2_hdr header;

	if (!is_free(ring, ring->next))
		return false;
	len = (uint32_t)min_u64(len, ring->shape.frame_size - mac);
	header = (struct linux_tpacket2_hdr){
	    .len = view->len, .snaplen = len, .mac = (uint16_t)mac, .net = (uint16_t)net, .sec = (uint32_t)(time_ns / NET_SECOND), .nsec = (uint32_t)(time_ns % NET_SECOND),
	};
	ring_write(ring, at, &header, sizeof(header));
	ring_write(ring, at + sizeof(header), &view->from, sizeof(view->from));
	ring_write_frame(ring, at + mac, view, len);
	__atomic_store_n(status, LINUX_TP_STATUS_USER | view->status, __ATOMIC_RELEASE);
	ring->next = ring->next + 1 == ring->shape.frame_nr ? 0 : ring->next + 1;
	return true;
}

/* ---- Making and ending ---- */

void packet_ring_free(struct packet_ring *ring)
{
	if (!ring)
		return;
	for (uint64_t i = 0; i < ring->nr_pages; i++)
		page_put(ring->pages[i]);
	page_cache_fini(&ring->cache);
	heap_free(ring->pages);
	heap_free(ring);
}

static bool is_shape_good(const struct linux_tpacket_req *shape, uint32_t least)
{
	uint64_t bytes = (uint64_t)shape->block_size * shape->block_nr;

	if (!shape->block_size || shape->block_size % PAGE_SIZE || shape->frame_size % LINUX_TPACKET_ALIGNMENT || shape->frame_size < least || shape->frame_size > shape->block_size)
		return false;
	return bytes <= RING_BYTES_MAX && (uint64_t)(shape->block_size / shape->frame_size) * shape->block_nr == shape->frame_nr;
}

static int fill_with_pages(struct packet_ring *ring)
{
	uint64_t nr = (uint64_t)ring->shape.block_size * ring->shape.block_nr >> PAGE_SHIFT;
	int error = 0;

	ring->pages = heap_alloc(nr * sizeof(*ring->pages));
	if (!ring->pages)
		return -ENOMEM;
	while (!error && ring->nr_pages < nr) {
		error = page_cache_get(&ring->cache, ring->nr_pages, nr, &ring->pages[ring->nr_pages]);
		ring->nr_pages += !error;
	}
	return error;
}

static int ring_new(const struct packet_socket *s, const struct linux_tpacket_req *shape, struct packet_ring **made)
{
	struct packet_ring *ring = heap_alloc_zero(sizeof(*ring));
	int error;

	if (!ring)
		return -ENOMEM;
	page_cache_init(&ring->cache, NULL);
	ring->shape = *shape;
	ring->reserve = s->reserve;
	ring->link_header = 16;
	error = fill_with_pages(ring);
	if (error)
		packet_ring_free(ring);
	else
		*made = ring;
	return error;
}

int packet_ring_set(struct packet_socket *s, const struct linux_tpacket_req *request)
{
	uint32_t least = (uint32_t)align_up(HEADERS + 16, LINUX_TPACKET_ALIGNMENT) + s->reserve;
	struct packet_ring *ring = NULL, *old;
	int error = 0;

	if (request->block_nr)
		error = is_shape_good(request, least) ? ring_new(s, request, &ring) : -EINVAL;
	else if (request->frame_nr)
		error = -EINVAL;
	if (error)
		return error;
	net_enter();
	old = s->ring;
	if (old && (ring || old->was_mapped)) {
		old = ring; /* that is not taken */
		error = -EBUSY;
	} else {
		s->ring = ring;
	}
	net_leave();
	packet_ring_free(old);
	return error;
}

/* ---- Mapping: a mapping holds the socket's file ---- */

static uint64_t mapped_size(void *ring)
{
	return ((const struct packet_ring *)ring)->nr_pages << PAGE_SHIFT;
}

static void mapped_get(void *ring)
{
	file_get(((const struct packet_ring *)ring)->file);
}

static void mapped_put(void *ring)
{
	file_put(((const struct packet_ring *)ring)->file);
}

static long mapped_describe(void *ring, char *path, size_t size)
{
	return file_to_text(((const struct packet_ring *)ring)->file, path, size);
}

int packet_ring_map(struct socket *socket, struct mapped_file *mapped)
{
	struct packet_socket *s = packet_socket_of(socket);
	struct packet_ring *ring;

	net_enter();
	ring = s->ring;
	if (ring) {
		ring->was_mapped = true;
		ring->file = socket->file;
	}
	net_leave();
	if (!ring)
		return -EINVAL;
	*mapped = (struct mapped_file){
	    .cache = &ring->cache, .size = mapped_size, .get = mapped_get, .put = mapped_put, .describe = mapped_describe, .file = ring, .inode = socket->file->inode->number,
	};
	return 0;
}
