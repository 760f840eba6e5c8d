/* SPDX-License-Identifier: BSD-3-Clause */
/* Options of packet sockets, and filters. */
#include "kernel/mem/heap.h"
#include "kernel/net/packet_socket/internal.h"
#include "kernel/vm/user_memory.h"

enum { EXTENSIONS = 64 }; /* SO_BPF_EXTENSIONS: how far what a program can know beside the packet reaches */

static int check_filter(const struct packet_filter *filter)
{
	uint16_t *scratch = heap_alloc(filter->nr * sizeof(*scratch));
	int error = scratch ? bpf_check(filter->program, filter->nr, scratch) : -ENOMEM;

	heap_free(scratch);
	return error;
}

static int copy_filter(const void *value, size_t len, struct packet_filter **copied)
{
	struct linux_sock_fprog user;
	struct packet_filter *filter;
	int error;

	if (len < sizeof(user))
		return -EINVAL;
	memcpy(&user, value, sizeof(user));
	if (!user.len || user.len > BPF_INSTRUCTIONS_MAX || !user.filter)
		return -EINVAL;
	filter = heap_alloc(sizeof(*filter) + user.len * sizeof(filter->program[0]));
	if (!filter)
		return -ENOMEM;
	filter->nr = user.len;
	error = copy_from_user(filter->program, user.filter, user.len * sizeof(filter->program[0]));
	if (!error)
		error = check_filter(filter);
	if (error)
		heap_free(filter);
	else
		*copied = filter;
	return error;
}

static void replace_filter(struct packet_socket *s, struct packet_filter *filter)
{
	struct packet_filter *old;

	net_enter();
	old = s->filter;
	s->filter = filter;
	net_leave();
	heap_free(old);
}

static int set_filter_option(struct packet_socket *s, int option, const void *value, size_t len)
{
	struct packet_filter *filter = NULL;
	int error, number;

	memcpy(&number, value, sizeof(number));
	if (option == LINUX_SO_LOCK_FILTER) {
		if (s->is_filter_locked && !number)
			return -EPERM;
		s->is_filter_locked = number;
		return 0;
	}
	if (option != LINUX_SO_ATTACH_FILTER && option != LINUX_SO_DETACH_FILTER)
		return -ENOPROTOOPT;
	if (s->is_filter_locked)
		return -EPERM;
	if (option == LINUX_SO_DETACH_FILTER && !s->filter)
		return -ENOENT;
	error = option == LINUX_SO_ATTACH_FILTER ? copy_filter(value, len, &filter) : 0;
	if (!error)
		replace_filter(s, filter);
	return error;
}

/* Which frames a device lets in is the device's matter: ours show all that come. */
static int set_membership(const void *value, size_t len)
{
	struct linux_packet_mreq request;
	bool is_there;

	if (len < sizeof(request))
		return -EINVAL;
	memcpy(&request, value, sizeof(request));
	is_there = net_interface_by_index(net_enter(), (unsigned)request.index);
	net_leave();
	if (!is_there)
		return -ENODEV;
	return request.type > LINUX_PACKET_MR_UNICAST ? -EINVAL : 0;
}

static int set_ring(struct packet_socket *s, const void *value, size_t len)
{
	struct linux_tpacket_req request;

	if (len < sizeof(request))
		return -EINVAL;
	memcpy(&request, value, sizeof(request));
	return packet_ring_set(s, &request);
}

int packet_socket_set_option(struct socket *socket, int level, int option, const void *value, size_t len)
{
	struct packet_socket *s = packet_socket_of(socket);
	int number = 0;

	if (level == LINUX_SOL_SOCKET)
		return set_filter_option(s, option, value, len);
	if (level != LINUX_SOL_PACKET)
		return -ENOPROTOOPT;
	if (len < sizeof(number))
		return -EINVAL;
	memcpy(&number, value, sizeof(number));
	switch (option) {
	case LINUX_PACKET_ADD_MEMBERSHIP:
	case LINUX_PACKET_DROP_MEMBERSHIP:
		return set_membership(value, len);
	case LINUX_PACKET_RX_RING:
		return set_ring(s, value, len);
	case LINUX_PACKET_AUXDATA:
		s->wants_auxiliary = number;
		return 0;
	case LINUX_PACKET_ORIGDEV:
		return 0;
	case LINUX_PACKET_VERSION: /* of the ring: the second alone */
		return number == LINUX_TPACKET_V2 ? s->ring ? -EBUSY : 0 : -EINVAL;
	case LINUX_PACKET_RESERVE:
		if (number < 0 || number > 65536)
			return -EINVAL;
		s->reserve = (uint32_t)number;
		return 0;
	case LINUX_PACKET_IGNORE_OUTGOING:
		if (number != 0 && number != 1)
			return -EINVAL;
		s->ignores_outgoing = number;
		return 0;
	default:
		return -ENOPROTOOPT;
	}
}

static long give(void *to, size_t size, const void *from, size_t len)
{
	len = min_u64(size, len);
	memcpy(to, from, len);
	return (long)len;
}

/* Reading them begins them anew. */
static long give_statistics(struct packet_socket *s, void *to, size_t size)
{
	struct linux_tpacket_stats stats;

	spin_lock(&s->lock);
	stats = s->stats;
	s->stats = (struct linux_tpacket_stats){0};
	spin_unlock(&s->lock);
	return give(to, size, &stats, sizeof(stats));
}

/* The length of a ring's header of the version that the program names. */
static long give_header_len(void *value, size_t size)
{
	int number = 0;

	if (size < sizeof(number))
		return -EINVAL;
	memcpy(&number, value, sizeof(number));
	if (number != LINUX_TPACKET_V2)
		return -EINVAL;
	number = sizeof(struct linux_tpacket2_hdr);
	return give(value, size, &number, sizeof(number));
}

long packet_socket_get_option(struct socket *socket, int level, int option, void *value, size_t size)
{
	struct packet_socket *s = packet_socket_of(socket);
	int number;

	if (level == LINUX_SOL_PACKET && option == LINUX_PACKET_STATISTICS)
		return give_statistics(s, value, size);
	if (level == LINUX_SOL_PACKET && option == LINUX_PACKET_HDRLEN)
		return give_header_len(value, size);
	if (level == LINUX_SOL_SOCKET && option == LINUX_SO_BPF_EXTENSIONS)
		number = EXTENSIONS;
	else if (level == LINUX_SOL_SOCKET && option == LINUX_SO_LOCK_FILTER)
		number = s->is_filter_locked;
	else if (level == LINUX_SOL_PACKET && option == LINUX_PACKET_AUXDATA)
		number = s->wants_auxiliary;
	else if (level == LINUX_SOL_PACKET && option == LINUX_PACKET_VERSION)
		number = LINUX_TPACKET_V2;
	else if (level == LINUX_SOL_PACKET && option == LINUX_PACKET_RESERVE)
		number = (int)s->reserve;
	else if (level == LINUX_SOL_PACKET && option == LINUX_PACKET_IGNORE_OUTGOING)
		number = s->ignores_outgoing;
	else
		return -ENOPROTOOPT;
	return give(value, size, &number, sizeof(number));
}
