/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * /sys/class/net/INTERFACE/ (sysfs(5)): what Linux shows of an interface, as far as there is something to show. Interfaces stay for good, once they are there,
 * and those of devices are there when the stack has been entered.
 */
#include "kernel/fs/sys/sysfs.h"
#include "kernel/net/core/interface_flags.h"
#include "kernel/net/system/system.h"
#include "lib/format.h"

/* ---- Numbers ---- */

static int flags(const struct net_interface *i)
{
	return (int)(net_interface_linux_flags(i) & 0xffff & ~(unsigned)(LINUX_IFF_RUNNING | LINUX_IFF_LOWER_UP)); /* what was set, not what is */
}

static int index_of(const struct net_interface *i)
{
	return (int)i->index;
}

static int mtu(const struct net_interface *i)
{
	return (int)i->mtu;
}

static int type(const struct net_interface *i)
{
	return (int)net_interface_linux_type(i);
}

/* As ioctl: of an interface that is disabled nobody knows. */
static int carrier(const struct net_interface *i)
{
	return i->flags & NET_IS_DISABLED ? -EINVAL : !(i->flags & NET_HAS_NO_CABLE);
}

static int speed(const struct net_interface *i)
{
	return i->flags & NET_IS_LOOPBACK ? -EINVAL : -1; /* the device does not say */
}

static int queue_len(const struct net_interface *i)
{
	return 1000;
}

static int address_len(const struct net_interface *i)
{
	return (int)sizeof(i->hardware);
}

static int zero(const struct net_interface *i)
{
	return 0;
}

/* All of them are read in a turn. */
struct number {
	struct sysfs_file file;
	int (*value)(const struct net_interface *interface);
	const char *format;
};

static long show_number(const struct sysfs_file *file, void *subject, char *to, size_t size)
{
	const struct number *number = container_of(file, struct number, file);
	int value;

	net_enter();
	value = number->value(subject);
	net_leave();
	return value < -1 ? value : format_text(to, size, number->format, value);
}

#define NUMBER(n, f, v) {.file = {.name = n, .show = show_number}, .value = v, .format = f}
static const struct number numbers[] = {
    NUMBER("addr_len", "%d\n", address_len), NUMBER("carrier", "%d\n", carrier), NUMBER("dev_id", "0x%x\n", zero), NUMBER("dev_port", "%d\n", zero),
    NUMBER("dormant", "%d\n", zero), NUMBER("flags", "0x%x\n", flags), NUMBER("ifindex", "%d\n", index_of), NUMBER("iflink", "%d\n", index_of),
    NUMBER("link_mode", "%d\n", zero), NUMBER("mtu", "%d\n", mtu), NUMBER("netdev_group", "%d\n", zero), NUMBER("speed", "%d\n", speed),
    NUMBER("tx_queue_len", "%d\n", queue_len), NUMBER("type", "%d\n", type),
};

/* ---- Texts ---- */

static long print_hardware(char *to, size_t size, const uint8_t h[6])
{
	return format_text(to, size, "%02x:%02x:%02x:%02x:%02x:%02x\n", h[0], h[1], h[2], h[3], h[4], h[5]);
}

static long show_address(const struct sysfs_file *file, void *subject, char *to, size_t size)
{
	const struct net_interface *interface = subject;

	return print_hardware(to, size, interface->hardware);
}

static long show_broadcast(const struct sysfs_file *file, void *subject, char *to, size_t size)
{
	static const uint8_t none[6], all[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	const struct net_interface *interface = subject;

	return print_hardware(to, size, interface->flags & NET_IS_LOOPBACK ? none : all);
}

static long show_state(const struct sysfs_file *file, void *subject, char *to, size_t size)
{
	const struct net_interface *interface = subject;
	uint32_t now = __atomic_load_n(&interface->flags, __ATOMIC_RELAXED);

	return format_text(to, size, "%s\n", now & NET_IS_LOOPBACK && !(now & NET_IS_DISABLED) ? "unknown" : now & NET_IS_UP ? "up" : "down");
}

static long show_duplex(const struct sysfs_file *file, void *subject, char *to, size_t size)
{
	const struct net_interface *interface = subject;

	return interface->flags & NET_IS_LOOPBACK ? -EINVAL : format_text(to, size, "unknown\n");
}

static long show_uevent(const struct sysfs_file *file, void *subject, char *to, size_t size)
{
	const struct net_interface *interface = subject;

	return format_text(to, size, "INTERFACE=%s\nIFINDEX=%u\n", interface->name, interface->index);
}

static const struct sysfs_file texts[] = {
    {"address", show_address}, {"broadcast", show_broadcast}, {"operstate", show_state}, {"duplex", show_duplex}, {"uevent", show_uevent},
};

/* ---- Statistics ---- */

struct statistic {
	struct sysfs_file file;
	size_t offset; /* in struct net_interface_count */
};

static long show_statistic(const struct sysfs_file *file, void *subject, char *to, size_t size)
{
	size_t offset = container_of(file, struct statistic, file)->offset;
	const struct net_interface *interface = subject;
	uint64_t value = 0;

	net_enter();
	if (offset < sizeof(interface->count))
		value = *(const uint64_t *)((const char *)&interface->count + offset);
	net_leave();
	return format_text(to, size, "%llu\n", (unsigned long long)value);
}

#define STATISTIC(n, field) {.file = {.name = n, .show = show_statistic}, .offset = offsetof(struct net_interface_count, field)}
#define NOTHING(n)	    {.file = {.name = n, .show = show_statistic}, .offset = sizeof(struct net_interface_count)}
static const struct statistic statistics[] = {
    STATISTIC("rx_bytes", bytes_in), STATISTIC("rx_packets", packets_in), STATISTIC("rx_errors", errors_in), STATISTIC("rx_dropped", drops_in),
    STATISTIC("tx_bytes", bytes_out), STATISTIC("tx_packets", packets_out), STATISTIC("tx_errors", errors_out), STATISTIC("tx_dropped", drops_out),
    NOTHING("collisions"), NOTHING("multicast"), NOTHING("rx_compressed"), NOTHING("rx_crc_errors"), NOTHING("rx_fifo_errors"), NOTHING("rx_frame_errors"),
    NOTHING("rx_length_errors"), NOTHING("rx_missed_errors"), NOTHING("rx_nohandler"), NOTHING("rx_over_errors"), NOTHING("tx_aborted_errors"),
    NOTHING("tx_carrier_errors"), NOTHING("tx_compressed"), NOTHING("tx_fifo_errors"), NOTHING("tx_heartbeat_errors"), NOTHING("tx_window_errors"),
};

/* ---- The folders ---- */

static int add_statistics(struct inode *folder, struct net_interface *interface)
{
	struct inode *inner;
	int ret = sysfs_add_folder(folder, "statistics", &inner);

	for (size_t i = 0; i < ARRAY_SIZE(statistics) && !ret; i++)
		ret = sysfs_add_file(inner, &statistics[i].file, interface);
	return ret;
}

static int add_interface(struct inode *parent, struct net_interface *interface)
{
	struct inode *folder;
	int ret = sysfs_add_folder(parent, interface->name, &folder);

	for (size_t i = 0; i < ARRAY_SIZE(numbers) && !ret; i++)
		ret = sysfs_add_file(folder, &numbers[i].file, interface);
	for (size_t i = 0; i < ARRAY_SIZE(texts) && !ret; i++)
		ret = sysfs_add_file(folder, &texts[i], interface);
	return ret ? ret : add_statistics(folder, interface);
}

static struct net_interface *interface_at(unsigned position)
{
	struct net_stack *stack = net_enter();
	struct net_interface *interface, *found = NULL;

	list_for_each(interface, &stack->interfaces, link)
		if (position-- == 0)
			found = interface;
	net_leave();
	return found;
}

static int fill(const struct sysfs_folder *self, struct inode *folder)
{
	struct net_interface *interface;
	int ret = 0;

	for (unsigned i = 0; !ret && (interface = interface_at(i)) != NULL; i++)
		ret = add_interface(folder, interface);
	return ret;
}

SYSFS_FOLDER(net) = {.path = "class/net", .fill = fill};
