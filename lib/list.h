/* SPDX-License-Identifier: BSD-3-Clause */
/* Intrusive circular doubly-linked list. A list head and a member are the same struct; an unlinked member points to itself. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

struct list {
	struct list *next, *prev;
};

#define LIST_INIT(name) {&(name), &(name)}

/* The struct that has the list member `member` at `ptr`. */
#define container_of(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

/* Iterates over the structs of a list; the second form allows removal of the current one. */
#define list_for_each(pos, head, member)                                                                            \
	for (pos = container_of((head)->next, __typeof__(*pos), member); &pos->member != (head);                    \
	     pos = container_of(pos->member.next, __typeof__(*pos), member))
#define list_for_each_safe(pos, tmp, head, member)                                                                  \
	for (pos = container_of((head)->next, __typeof__(*pos), member),                                            \
	    tmp = container_of(pos->member.next, __typeof__(*pos), member);                                         \
	     &pos->member != (head); pos = tmp, tmp = container_of(tmp->member.next, __typeof__(*tmp), member))

static inline void list_init(struct list *l)
{
	l->next = l->prev = l;
}

static inline bool list_empty(const struct list *l)
{
	return l->next == l;
}

static inline void list_insert_between(struct list *node, struct list *prev, struct list *next)
{
	node->prev = prev;
	node->next = next;
	prev->next = node;
	next->prev = node;
}

static inline void list_push_front(struct list *head, struct list *node)
{
	list_insert_between(node, head, head->next);
}

static inline void list_push_back(struct list *head, struct list *node)
{
	list_insert_between(node, head->prev, head);
}

/* Unlinks a member; harmless on one that is not linked. */
static inline void list_remove(struct list *node)
{
	node->prev->next = node->next;
	node->next->prev = node->prev;
	list_init(node);
}

/* Unlinks and returns the first member, NULL if the list is empty. */
static inline struct list *list_pop_front(struct list *head)
{
	struct list *node = head->next;

	if (node == head)
		return NULL;
	list_remove(node);
	return node;
}
