/* SPDX-License-Identifier: BSD-3-Clause */
/* The archive's packages of a solution: their order, where each is, and who needs it. */
#include <string.h>
#include <solv/chksum.h>
#include <solv/knownid.h>
#include <solv/transaction.h>
#include <solv/util.h>
#include "archive_pool.h"
#include "dory/base/text.h"

/* The digest and place of one chosen package. */
static int describe(Solvable *s, struct debian_package *package, struct dory_error *err)
{
	const struct index *index = s->repo->appdata;
	Pool *pool = s->repo->pool;
	Id type = 0;
	unsigned int media;
	const char *digest = solvable_lookup_checksum(s, SOLVABLE_CHECKSUM, &type);
	const char *location = solvable_lookup_location(s, &media);

	package->name = text_copy(pool_id2str(pool, s->name));
	package->version = text_copy(pool_id2str(pool, s->evr));
	package->architecture = text_copy(pool_id2str(pool, s->arch));
	package->size = solvable_lookup_num(s, SOLVABLE_DOWNLOADSIZE, 0);
	if (!digest || type != REPOKEY_TYPE_SHA256 || !location || package->size == 0)
		return error_set(err, DORY_ERROR_FORMAT, "the index of %s says no SHA-256 digest, size or place of the package %s",
		    index->source->uri, package->name);
	memcpy(package->sha256, digest, sizeof(package->sha256));
	package->url = text_format("%s/%s", index->source->uri, strncmp(location, "./", 2) == 0 ? location + 2 : location);
	return 0;
}

static int compare_names(const void *a, const void *b, void *context)
{
	Pool *pool = context;
	const Solvable *s = pool_id2solvable(pool, *(const Id *)a), *t = pool_id2solvable(pool, *(const Id *)b);

	return strcmp(pool_id2str(pool, s->name), pool_id2str(pool, t->name));
}

static bool is_of_archive(const struct archive_pool *archive, Id id)
{
	return pool_id2solvable(archive->pool, id)->repo->appdata != NULL;
}

/* Appends the archive's in an order that depends on nothing but them: by name, then dependencies before what needs them. */
static void put_in_order(const struct archive_pool *archive, const Queue *solvables, Queue *steps)
{
	Transaction *transaction;
	Queue ours;

	queue_init(&ours);
	for (int i = 0; i < solvables->count; i++)
		if (is_of_archive(archive, solvables->elements[i]))
			queue_push(&ours, solvables->elements[i]);
	solv_sort(ours.elements, (size_t)ours.count, sizeof(Id), compare_names, archive->pool);
	transaction = transaction_create_decisionq(archive->pool, &ours, NULL);
	transaction_order(transaction, 0);
	for (int i = 0; i < transaction->steps.count; i++)
		if (is_of_archive(archive, transaction->steps.elements[i])) /* and not what it replaces */
			queue_push(steps, transaction->steps.elements[i]);
	transaction_free(transaction);
	queue_free(&ours);
}

static void add_reason(struct debian_package *package, const char *name)
{
	if (!text_list_has(&package->needed_by, name))
		text_list_add(&package->needed_by, name);
}

/* Tells the package of each step who of the others needs it. */
static void take_reasons(Pool *pool, const Queue *steps, struct debian_set *set)
{
	Queue needs;
	Id p, pp;

	queue_init(&needs);
	for (int i = 0; i < steps->count; i++) {
		Solvable *s = pool_id2solvable(pool, steps->elements[i]);

		queue_empty(&needs); /* the look-up appends */
		solvable_lookup_deparray(s, SOLVABLE_REQUIRES, &needs, 0);
		for (int k = 0; k < needs.count; k++) {
			if (needs.elements[k] == SOLVABLE_PREREQMARKER)
				continue;
			FOR_PROVIDES(p, pp, needs.elements[k])
				for (int other = 0; other < steps->count; other++)
					if (steps->elements[other] == p && other != i)
						add_reason(&set->packages[other], pool_id2str(pool, s->name));
		}
	}
	queue_free(&needs);
}

int archive_take(const struct archive_pool *archive, const Queue *solvables, struct debian_set *set, struct dory_error *err)
{
	Queue steps;
	int result = 0;

	queue_init(&steps);
	put_in_order(archive, solvables, &steps);
	for (int i = 0; i < steps.count && result == 0; i++)
		result = describe(pool_id2solvable(archive->pool, steps.elements[i]),
		    array_push(&set->packages, &set->count, sizeof(*set->packages)), err);
	if (result == 0)
		take_reasons(archive->pool, &steps, set);
	queue_free(&steps);
	return result;
}
