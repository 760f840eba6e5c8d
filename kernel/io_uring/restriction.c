/* SPDX-License-Identifier: BSD-3-Clause */
/* IORING_REGISTER_RESTRICTIONS: what a ring may be used for, from the time when it is enabled. */
#include "kernel/io_uring/internal.h"

static int add(struct uring_restrictions *to, const struct linux_io_uring_restriction *one)
{
	switch (one->opcode) {
	case IORING_RESTRICTION_REGISTER_OP:
		if (one->what >= IORING_REGISTER_LAST)
			return -EINVAL;
		to->registrations |= 1ull << one->what;
		return 0;
	case IORING_RESTRICTION_SQE_OP:
		if (one->what >= IORING_OP_LAST)
			return -EINVAL;
		to->operations |= 1ull << one->what;
		return 0;
	case IORING_RESTRICTION_SQE_FLAGS_ALLOWED:
		to->flags_allowed = one->what;
		return 0;
	case IORING_RESTRICTION_SQE_FLAGS_REQUIRED:
		to->flags_required = one->what;
		return 0;
	default:
		return -EINVAL;
	}
}

int uring_restrict(struct uring *ring, const struct linux_io_uring_restriction *list, unsigned count)
{
	struct uring_restrictions made = {.are_set = true};
	int ret = 0;

	if (!ring->is_disabled)
		return -EBADFD;
	if (ring->restrictions.are_set)
		return -EBUSY;
	for (unsigned i = 0; i < count && !ret; i++)
		ret = add(&made, &list[i]);
	if (!ret)
		ring->restrictions = made;
	return ret;
}

bool uring_may_register(struct uring *ring, unsigned opcode)
{
	return !ring->restrictions.hold || (opcode < 64 && (ring->restrictions.registrations >> opcode & 1));
}

int uring_check_restrictions(const struct uring *ring, const struct linux_io_uring_sqe *sqe)
{
	const struct uring_restrictions *r = &ring->restrictions;

	if (likely(!r->hold))
		return 0;
	if (sqe->opcode >= 64 || !(r->operations >> sqe->opcode & 1))
		return -EACCES;
	if ((sqe->flags & r->flags_required) != r->flags_required)
		return -EACCES;
	return sqe->flags & ~(r->flags_allowed | r->flags_required) ? -EACCES : 0;
}
