/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Unix sockets in flight (unix(7), SCM_RIGHTS): a socket whose file is in a packet of another's queue. Those that are held only by each
 * other's queues can be reached by nobody, and nobody closes them: they are found and emptied, which ends them.
 *
 * A file counts as in flight from before its packet is queued until after it is taken out. A reference that is counted and in no queue seems to
 * be held from outside, so that what is on its way is never taken for garbage. All that fly are looked at when as many sockets were closed, or
 * when twice as many fly, as the last time: a few steps for each.
 */
#include "kernel/net/socket/unix.h"

enum { COLLECT_AT_LEAST = 64 };

static struct spinlock flight_lock; /* before that of a socket */
static struct list flying = LIST_INIT(flying); /* flight_node */
static size_t nr_flying, nr_closed; /* since the last collection */
static size_t collect_at = COLLECT_AT_LEAST;

static void collect(void);

/* ---- Coming and going ---- */

static void begin_locked(struct unix_socket *s, struct file *file)
{
	if (s->flights++)
		return;
	s->file = file;
	list_push_back(&flying, &s->flight_node);
	nr_flying++;
}

static void end_locked(struct unix_socket *s)
{
	if (--s->flights)
		return;
	list_remove(&s->flight_node);
	nr_flying--;
}

void unix_flight_begin(struct socket_files *files)
{
	bool is_crowded;

	spin_lock(&flight_lock);
	for (size_t i = 0; i < files->count; i++) {
		struct unix_socket *s = unix_of_file(files->file[i]);

		if (s)
			begin_locked(s, files->file[i]);
	}
	is_crowded = nr_flying >= collect_at;
	spin_unlock(&flight_lock);
	if (is_crowded)
		collect();
}

static void end_all_locked(struct socket_files *files)
{
	for (size_t i = 0; i < files->count; i++) {
		struct unix_socket *s = unix_of_file(files->file[i]);

		if (s)
			end_locked(s);
	}
}

void unix_flight_end(struct socket_files *files)
{
	spin_lock(&flight_lock);
	end_all_locked(files);
	spin_unlock(&flight_lock);
}

/* ---- Collecting ---- */

typedef void visit_fn(struct socket_files **files, void *context);

static void visit_own_packets_locked(struct unix_socket *s, visit_fn *visit, void *context)
{
	struct unix_packet *packet;

	spin_lock(&s->lock);
	list_for_each(packet, &s->packets, node) {
		if (packet->files)
			visit(&packet->files, context);
	}
	spin_unlock(&s->lock);
}

/* What a socket's queue holds, and those of the connections that wait to be accepted, which have no file yet. */
static void visit_packets_locked(struct unix_socket *s, visit_fn *visit, void *context)
{
	struct unix_socket *server;

	visit_own_packets_locked(s, visit, context);
	spin_lock(&s->lock);
	list_for_each(server, &s->pending, pending_node)
		visit_own_packets_locked(server, visit, context);
	spin_unlock(&s->lock);
}

/* References from the queues of candidates are not from outside. */
static void count_inner(struct socket_files **files, void *context)
{
	for (size_t i = 0; i < (*files)->count; i++) {
		struct unix_socket *s = unix_of_file((*files)->file[i]);

		if (s && s->is_candidate)
			s->nr_outside--;
	}
}

/* What a reachable socket holds is reachable; it is moved to the list of those to be looked at. */
static void save(struct socket_files **files, void *reachable)
{
	for (size_t i = 0; i < (*files)->count; i++) {
		struct unix_socket *s = unix_of_file((*files)->file[i]);

		if (!s || !s->is_candidate)
			continue;
		s->is_candidate = false;
		list_push_back(reachable, &s->visit_node);
	}
}

static void take(struct socket_files **files, void *garbage)
{
	end_all_locked(*files);
	list_push_back(garbage, &(*files)->node);
	*files = NULL;
}

/* Those whose every reference is in flight. */
static void choose_candidates_locked(void)
{
	struct unix_socket *s;

	list_for_each(s, &flying, flight_node) {
		s->nr_outside = s->flights;
		s->is_candidate = __atomic_load_n(&s->file->references, __ATOMIC_ACQUIRE) == s->flights;
	}
	list_for_each(s, &flying, flight_node) {
		if (s->is_candidate)
			visit_packets_locked(s, count_inner, NULL);
	}
}

static void save_reachable_locked(void)
{
	struct list reachable, *node;
	struct unix_socket *s;

	list_init(&reachable);
	list_for_each(s, &flying, flight_node) {
		if (s->is_candidate && s->nr_outside) {
			s->is_candidate = false;
			list_push_back(&reachable, &s->visit_node);
		}
	}
	while ((node = list_pop_front(&reachable)) != NULL)
		visit_packets_locked(container_of(node, struct unix_socket, visit_node), save, &reachable);
}

/* Two steps: taking what a socket holds ends flights, and so changes the list of those that fly. */
static void take_garbage_locked(struct list *garbage)
{
	struct list sockets, *node;
	struct unix_socket *s;

	list_init(&sockets);
	list_for_each(s, &flying, flight_node) {
		if (s->is_candidate)
			list_push_back(&sockets, &s->visit_node);
	}
	while ((node = list_pop_front(&sockets)) != NULL)
		visit_packets_locked(container_of(node, struct unix_socket, visit_node), take, garbage);
}

static void collect(void)
{
	struct list garbage, *node;

	list_init(&garbage);
	spin_lock(&flight_lock);
	choose_candidates_locked();
	save_reachable_locked();
	take_garbage_locked(&garbage);
	collect_at = max_u64(COLLECT_AT_LEAST, 2 * nr_flying);
	nr_closed = 0;
	spin_unlock(&flight_lock);
	while ((node = list_pop_front(&garbage)) != NULL)
		socket_files_release(container_of(node, struct socket_files, node));
}

void unix_flight_closed(void)
{
	size_t flying_now = __atomic_load_n(&nr_flying, __ATOMIC_RELAXED);

	if (flying_now && __atomic_add_fetch(&nr_closed, 1, __ATOMIC_RELAXED) >= flying_now)
		collect();
}
