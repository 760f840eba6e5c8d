/* SPDX-License-Identifier: BSD-3-Clause */
/* /proc/dory/net: all that the stack and its interfaces have counted, a name and a number to a line. */
#include "kernel/fs/proc/proc.h"
#include "kernel/net/system/system.h"

static const char *const names[] = {
#define COUNTER_NAME(name) [NET_COUNT_##name] = #name,
    NET_COUNTERS(COUNTER_NAME)
#undef COUNTER_NAME
};

struct interface_copy {
	char name[16];
	struct net_interface_count count;
};

static void print_interface(struct proc_text *to, const struct interface_copy *copy)
{
	const struct net_interface_count *c = &copy->count;
	const struct {
		const char *name;
		uint64_t value;
	} table[] = {
	    {"PACKETS_IN", c->packets_in},	 {"PACKETS_OUT", c->packets_out}, {"BYTES_IN", c->bytes_in},	  {"BYTES_OUT", c->bytes_out},
	    {"DROPS_IN", c->drops_in},		 {"DROPS_OUT", c->drops_out},	  {"ERRORS_IN", c->errors_in},	  {"ERRORS_OUT", c->errors_out},
	    {"INTERRUPTS", c->interrupts}, {"NOTIFICATIONS", c->notifications}, {"WATCHES", c->watches},
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		proc_print(to, "%s_%s %llu\n", copy->name, table[i].name, (unsigned long long)table[i].value);
}

/* Printing allocates, which is no work for a turn of the stack: so each is copied first. False: there are fewer. */
static bool copy_interface(unsigned position, struct interface_copy *copy)
{
	struct net_stack *stack = net_enter();
	struct net_interface *interface;
	bool found = false;

	list_for_each(interface, &stack->interfaces, link) {
		if (position-- == 0) {
			memcpy(copy->name, interface->name, sizeof(copy->name));
			copy->count = interface->count;
			found = true;
			break;
		}
	}
	net_leave();
	return found;
}

static void show_counters(struct proc_text *to)
{
	uint64_t count[NET_NR_COUNTERS];
	struct interface_copy copy;

	for (unsigned i = 0; copy_interface(i, &copy); i++)
		print_interface(to, &copy);
	memcpy(count, net_enter()->count, sizeof(count));
	net_leave();
	for (unsigned i = 0; i < NET_NR_COUNTERS; i++)
		proc_print(to, "%s %llu\n", names[i], (unsigned long long)count[i]);
}
PROC_FILE(dory_net) = {.path = "dory/net", .mode = 0444, .show = show_counters};
