/* SPDX-License-Identifier: BSD-3-Clause */
/* Surveying and gathering sources. Packages that were never unpacked are unpacked side by side: decompression is all
 * the time. */
#include "dory/compose/gather.h"
#include <errno.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "dory/base/progress.h"
#include "dory/base/text.h"
#include "dory/compose/bytecode.h"
#include "dory/compose/directory.h"
#include "dory/compose/fixup.h"
#include "dory/compose/package.h"

enum { THREADS_MAX = 8 };

struct gathering {
	const struct compose_request *request;
	struct directory **directories; /* for each source, NULL where it is something else */
	struct package **packages;
	struct package **bytecode; /* of them, or NULL */
	EVP_MD_CTX *digesting;
	uint8_t digest[32];
	bool is_racy;
};

static void put_digest(void *context, const void *bytes, size_t size)
{
	struct gathering *g = context;

	EVP_DigestUpdate(g->digesting, bytes, size);
}

static void put_text(struct gathering *g, const char *text)
{
	if (!text)
		text = "";
	put_digest(g, text, strlen(text) + 1);
}

static int survey_package(struct gathering *g, const struct compose_source *source, struct dory_error *err)
{
	struct stat st;

	if (stat(source->path, &st) < 0)
		return error_set_errno(err, errno == ENOENT ? DORY_ERROR_NOT_FOUND : DORY_ERROR_IO,
			"looking at the package %s", source->path);
	put_digest(g, &st.st_ino, sizeof(st.st_ino));
	put_digest(g, &st.st_size, sizeof(st.st_size));
	put_digest(g, &st.st_mtim, sizeof(st.st_mtim));
	return 0;
}

static int survey_source(struct gathering *g, size_t index, int64_t racy_ns, struct dory_error *err)
{
	const struct compose_source *source = &g->request->sources[index];
	const struct directory_filter filter = {.leaves_out = source->leaves_out, .context = source->context};

	put_digest(g, &source->kind, sizeof(source->kind));
	put_text(g, source->path);
	put_text(g, source->target);
	put_text(g, source->package);
	put_text(g, source->version);
	put_digest(g, &source->mode, sizeof(source->mode));
	put_digest(g, &source->size, sizeof(source->size));
	switch (source->kind) {
	case COMPOSE_DEB:
	case COMPOSE_PACKAGE:
	case COMPOSE_ARCHIVE:
		return survey_package(g, source, err);
	case COMPOSE_DIRECTORY:
	case COMPOSE_FILE:
		return directory_survey(source->path, &filter, racy_ns, put_digest, g, &g->directories[index],
			&g->is_racy, err);
	case COMPOSE_BYTES:
		put_digest(g, source->data, source->size);
		return 0;
	}
	return error_set(err, DORY_ERROR_USAGE, "a source of an unknown kind");
}

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

int gathering_survey(const struct compose_request *request, struct gathering **gathering, struct dory_error *err)
{
	const uint64_t options[] = {COMPOSE_FORMAT_VERSION, request->with_documentation, request->debian_fixups,
		request->free_bytes, request->total_bytes, request->source_count};
	enum { CLOCK_TICK_NS = 20000000 }; /* file times are as coarse as the kernel's timer tick */
	struct gathering *g = calloc(1, sizeof(*g));
	int64_t racy_ns = now_ns() - CLOCK_TICK_NS;
	const char *epoch = getenv("SOURCE_DATE_EPOCH");
	int result = 0;

	if (!g)
		abort();
	g->request = request;
	g->directories = calloc(request->source_count + 1, sizeof(struct directory *));
	g->packages = calloc(request->source_count + 1, sizeof(struct package *));
	g->bytecode = calloc(request->source_count + 1, sizeof(struct package *));
	g->digesting = EVP_MD_CTX_new();
	if (!g->directories || !g->packages || !g->bytecode || !g->digesting)
		abort();
	EVP_DigestInit_ex(g->digesting, EVP_sha256(), NULL);
	put_digest(g, options, sizeof(options));
	put_text(g, epoch);
	for (size_t i = 0; i < request->source_count && result == 0; i++)
		result = survey_source(g, i, racy_ns, err);
	EVP_DigestFinal_ex(g->digesting, g->digest, NULL);
	if (g->is_racy)
		memset(g->digest, 0, sizeof(g->digest));
	if (result < 0) {
		gathering_free(g);
		return -1;
	}
	*gathering = g;
	return 0;
}

const uint8_t *gathering_digest(const struct gathering *gathering)
{
	return gathering->digest;
}

void gathering_free(struct gathering *gathering)
{
	if (!gathering)
		return;
	for (size_t i = 0; i < gathering->request->source_count; i++) {
		directory_free(gathering->directories[i]);
		package_free(gathering->packages[i]);
		package_free(gathering->bytecode[i]);
	}
	EVP_MD_CTX_free(gathering->digesting);
	free(gathering->directories);
	free(gathering->packages);
	free(gathering->bytecode);
	free(gathering);
}

/* What the threads that open packages share; each has its own error, the first is kept. */
struct opening {
	struct gathering *g;
	char *temporary;
	struct bytecode_version python; /* that compiled modules are made for */
	atomic_size_t next;
	atomic_bool has_failed;
	pthread_mutex_t lock; /* guards the following */
	struct dory_error err;
	struct progress progress;
	uint64_t done; /* bytes of packages */
};

static void finish_package(struct opening *o, const struct compose_source *source)
{
	struct stat st;

	if (stat(source->path, &st) < 0)
		return;
	pthread_mutex_lock(&o->lock);
	o->done += (uint64_t)st.st_size;
	progress_update(&o->progress, o->done);
	pthread_mutex_unlock(&o->lock);
}

static bool is_package(const struct compose_source *source)
{
	return source->kind == COMPOSE_DEB || source->kind == COMPOSE_PACKAGE || source->kind == COMPOSE_ARCHIVE;
}

static enum package_kind package_kind_of(const struct compose_source *source)
{
	return source->kind == COMPOSE_DEB ? PACKAGE_DEB : source->kind == COMPOSE_PACKAGE ? PACKAGE_TAR : PACKAGE_ARCHIVE;
}

static int open_package(struct opening *o, size_t index, struct dory_error *err)
{
	const struct compose_source *source = &o->g->request->sources[index];
	struct package **package = &o->g->packages[index];

	if (package_open(package_kind_of(source), source->path, o->g->request->cache_path, o->temporary, package, err) < 0)
		return -1;
	if (source->kind != COMPOSE_DEB || !o->python.major)
		return 0;
	return bytecode_package(*package, &o->python, &o->g->bytecode[index], err);
}

/* Of the interpreter among the sources, if what maintainer scripts would make is to be made. */
static struct bytecode_version find_python(const struct compose_request *request)
{
	struct bytecode_version version = {0};

	for (size_t i = 0; i < request->source_count && request->debian_fixups; i++)
		if (request->sources[i].package && bytecode_version_of(request->sources[i].package, &version))
			break;
	return version;
}

static void *open_packages(void *context)
{
	struct opening *o = context;
	const struct compose_request *request = o->g->request;
	size_t i;

	while (!o->has_failed && (i = atomic_fetch_add(&o->next, 1)) < request->source_count) {
		const struct compose_source *source = &request->sources[i];
		struct dory_error err = {0};

		if (!is_package(source))
			continue;
		if (open_package(o, i, &err) == 0) {
			finish_package(o, source);
			continue;
		}
		pthread_mutex_lock(&o->lock);
		if (!o->has_failed)
			o->err = err;
		o->has_failed = true;
		pthread_mutex_unlock(&o->lock);
	}
	return NULL;
}

static size_t count_packages(const struct compose_request *request, size_t *debian, uint64_t *bytes)
{
	size_t count = 0;
	struct stat st;

	*bytes = *debian = 0;
	for (size_t i = 0; i < request->source_count; i++) {
		if (!is_package(&request->sources[i]))
			continue;
		*debian += request->sources[i].kind == COMPOSE_DEB;
		count++;
		if (stat(request->sources[i].path, &st) == 0)
			*bytes += (uint64_t)st.st_size;
	}
	return count;
}

static int open_all_packages(struct gathering *g, size_t count, uint64_t bytes, struct dory_error *err)
{
	const char *slash = strrchr(g->request->image_path, '/');
	struct opening o = {.g = g, .lock = PTHREAD_MUTEX_INITIALIZER};
	pthread_t threads[THREADS_MAX];
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	size_t started = 0, wanted = min_u64(min_u64(count, THREADS_MAX), cpus > 0 ? (size_t)cpus : 1);

	o.temporary = slash ? text_copy_n(g->request->image_path, (size_t)(slash - g->request->image_path) + 1)
			    : text_copy(".");
	o.python = find_python(g->request);
	progress_start(&o.progress, "unpacking", 0, bytes, g->request->quiet || isatty(STDERR_FILENO) != 1);
	while (started + 1 < wanted && pthread_create(&threads[started], NULL, open_packages, &o) == 0)
		started++;
	open_packages(&o);
	for (size_t i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
	free(o.temporary);
	progress_finish(&o.progress, !o.has_failed);
	if (o.has_failed) {
		*err = o.err;
		return -1;
	}
	return 0;
}

static int add_bytes(struct tree *tree, const struct compose_source *source, struct dory_error *err)
{
	return tree_add_bytes(tree, source->target, source->mode & 07777, source->data, source->size, err);
}

static int add_directory(struct gathering *g, size_t index, struct tree *tree, struct dory_error *err)
{
	const struct compose_source *source = &g->request->sources[index];
	const char *first;
	size_t left_out = directory_left_out(g->directories[index], &first);

	if (left_out > 0 && !g->request->quiet)
		progress_warning("left out %s/%s%s: images take files, directories and links", source->path, first,
			left_out > 1 ? " and other sockets, pipes or devices" : "");
	return directory_add(g->directories[index], tree, source->target ? source->target : "/", source->mode, err);
}

static unsigned parts_of(const struct compose_request *request, const struct compose_source *source)
{
	return (request->with_documentation ? PACKAGE_DOCUMENTATION : 0) | (source->with_meta ? PACKAGE_META : 0) |
	       (source->belongs_to_root ? PACKAGE_OF_ROOT : 0);
}

static int add_package(struct gathering *g, size_t index, struct tree *tree, struct dory_error *err)
{
	if (package_add(g->packages[index], tree, parts_of(g->request, &g->request->sources[index]), err) < 0)
		return -1;
	return g->bytecode[index] ? package_add(g->bytecode[index], tree, PACKAGE_OF_ROOT, err) : 0;
}

static int add_sources(struct gathering *g, struct tree *tree, struct dory_error *err)
{
	for (size_t i = 0; i < g->request->source_count; i++) {
		const struct compose_source *source = &g->request->sources[i];
		int result;

		tree_set_source(tree, i);
		if (is_package(source))
			result = add_package(g, i, tree, err);
		else if (source->kind == COMPOSE_BYTES)
			result = add_bytes(tree, source, err);
		else
			result = add_directory(g, i, tree, err);
		if (result < 0)
			return -1;
	}
	tree_set_source(tree, SIZE_MAX);
	return 0;
}

static int apply_fixups(const struct gathering *g, struct tree *tree, struct dory_error *err)
{
	struct fixup_package *packages = NULL;
	struct fixup fixup = {.tree = tree};
	int result;

	for (size_t i = 0; i < g->request->source_count; i++)
		if (g->packages[i] && g->request->sources[i].kind == COMPOSE_DEB) {
			struct fixup_package *p = array_push(&packages, &fixup.count, sizeof(*p));

			p->name = g->request->sources[i].package;
			p->version = g->request->sources[i].version;
			p->package = g->packages[i];
		}
	fixup.packages = packages;
	result = fixup_apply(&fixup, err);
	free(packages);
	return result;
}

int gathering_tree(struct gathering *gathering, struct tree **tree, struct dory_error *err)
{
	const struct compose_request *request = gathering->request;
	uint64_t bytes;
	size_t debian, packages = count_packages(request, &debian, &bytes);
	struct tree *t = tree_new();
	int result = 0;

	if (packages > 0)
		result = open_all_packages(gathering, packages, bytes, err);
	if (result == 0 && !request->is_bare && (debian > 0 || request->debian_fixups))
		result = fixup_skeleton(t, err);
	if (result == 0)
		result = add_sources(gathering, t, err);
	if (result == 0 && !request->is_bare)
		result = fixup_mount_points(t, err);
	if (result == 0 && request->debian_fixups)
		result = apply_fixups(gathering, t, err);
	if (result == 0 && !request->is_bare)
		result = fixup_names(t, err);
	if (result == 0 && !request->is_bare)
		result = tree_add_directory(t, "/lost+found", 0700, 0, 0, err);
	if (result < 0) {
		tree_free(t);
		return -1;
	}
	*tree = t;
	return 0;
}

static int64_t bounded(int64_t t, int64_t bound)
{
	return t < 0 ? 0 : t > bound ? bound : t;
}

static void stamp_bytes(struct tree_inode *inode)
{
	if (S_ISREG(inode->mode) && inode->content.bytes) {
		EVP_Digest(inode->content.bytes, inode->size, (unsigned char *)inode->stamp, NULL, EVP_sha256(), NULL);
		inode->stamp[0] |= 1;
	}
}

static void digest_node(EVP_MD_CTX *digesting, const struct tree_node *node)
{
	const struct tree_inode *inode = node->inode;
	const uint64_t fields[] = {inode->mode, inode->uid, inode->gid, (uint64_t)inode->mtime, inode->size,
		inode->names, node->parent ? (uint64_t)(node->parent->children == node) : 0};

	EVP_DigestUpdate(digesting, node->name, node->name_length + 1);
	EVP_DigestUpdate(digesting, fields, sizeof(fields));
	if (inode->link)
		EVP_DigestUpdate(digesting, inode->link, inode->size);
	if (inode->content.bytes)
		EVP_DigestUpdate(digesting, inode->stamp, sizeof(inode->stamp));
}

struct tree_totals gathering_finish(struct tree *tree)
{
	const char *epoch = getenv("SOURCE_DATE_EPOCH");
	int64_t bound = epoch && *epoch ? strtoll(epoch, NULL, 10) : 0x3ffffffff;
	struct tree_totals totals = {.newest = 0};
	EVP_MD_CTX *digesting = EVP_MD_CTX_new();
	uint8_t digest[32];

	if (!digesting)
		abort();
	tree_sort(tree);
	for (struct tree_node *node = tree_root(tree); node; node = tree_next(node)) {
		node->inode->mtime = bounded(node->inode->mtime, bound);
		totals.newest = node->inode->mtime > totals.newest ? node->inode->mtime : totals.newest;
		totals.bytes += node->inode->size;
	}
	EVP_DigestInit_ex(digesting, EVP_sha256(), NULL);
	for (struct tree_node *node = tree_root(tree); node; node = tree_next(node)) {
		if (node->inode->mtime == 0)
			node->inode->mtime = totals.newest;
		stamp_bytes(node->inode);
		digest_node(digesting, node);
	}
	EVP_DigestFinal_ex(digesting, digest, NULL);
	EVP_MD_CTX_free(digesting);
	memcpy(totals.uuid, digest, sizeof(totals.uuid));
	totals.uuid[6] = (totals.uuid[6] & 0x0f) | 0x80; /* RFC 9562: version 8, made by other means */
	totals.uuid[8] = (totals.uuid[8] & 0x3f) | 0x80;
	return totals;
}
