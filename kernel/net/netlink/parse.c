/* SPDX-License-Identifier: BSD-3-Clause */
/* Messages and attributes from programs: nothing is believed of their lengths. */
#include "kernel/net/netlink/netlink.h"

size_t netlink_next(const uint8_t *bytes, size_t len, struct linux_nlmsghdr *header)
{
	if (len < sizeof(*header))
		return 0;
	memcpy(header, bytes, sizeof(*header));
	if (header->len < sizeof(*header) || header->len > len)
		return 0;
	return min_u64(align_up(header->len, 4), len);
}

int netlink_parse(const uint8_t *bytes, size_t len, struct netlink_attribute *table, unsigned max)
{
	struct linux_nlattr attribute;

	memset(table, 0, (max + 1) * sizeof(*table));
	while (len >= sizeof(attribute)) {
		size_t step;
		unsigned type;

		memcpy(&attribute, bytes, sizeof(attribute));
		if (attribute.len < sizeof(attribute) || attribute.len > len)
			return -EINVAL;
		type = attribute.type & LINUX_NLA_TYPE_MASK;
		if (type <= max)
			table[type] = (struct netlink_attribute){.data = bytes + sizeof(attribute), .len = attribute.len - sizeof(attribute)};
		step = min_u64(align_up(attribute.len, 4), len);
		bytes += step;
		len -= step;
	}
	return 0;
}

uint32_t netlink_get_u32(const struct netlink_attribute *attribute, uint32_t otherwise, int *error)
{
	uint32_t value;

	if (!attribute->data)
		return otherwise;
	if (attribute->len < sizeof(value)) {
		*error = -EINVAL;
		return otherwise;
	}
	memcpy(&value, attribute->data, sizeof(value));
	return value;
}
