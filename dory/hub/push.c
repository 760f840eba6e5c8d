/* SPDX-License-Identifier: BSD-3-Clause */
#include "dory/hub/push.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "dory/base/digest.h"
#include "dory/base/file.h"
#include "dory/base/text.h"
#include "dory/fetch/fetch.h"
#include "dory/fetch/upload.h"
#include "dory/hub/key.h"
#include "dory/hub/layout.h"
#include "dory/hub/serial.h"
#include "dory/package/archive.h"

struct publication {
	const struct dory_config *config;
	const struct hub *hub;
	const struct hub_push *push;
	char *directory; /* for temporary files */
	char *index, *etag; /* the repository's now */
	size_t length;
	struct archive_facts facts;
	char *file, *changed; /* the archive's name there, the new index */
};

static void publication_release(struct publication *p)
{
	free(p->directory);
	free(p->index);
	free(p->etag);
	free(p->file);
	free(p->changed);
}

/* The ETag under which the index is now, so that nobody else's change is overwritten; and that it is the one that was read. */
static int read_etag(struct publication *p, struct dory_error *err)
{
	const struct fetch_options options = {.proxy = p->config->proxy, .quiet = true};
	char *url = text_format("%s/" HUB_INDEX_NAME, p->hub->url),
	     *path = text_format("%s/index.%d", p->directory, (int)getpid()), *text;
	struct fetch_request request = {.url = url, .path = path, .limit = HUB_INDEX_SIZE_MAX};
	size_t length;
	int result = fetch_all(&options, &request, 1, err);

	if (result == 0)
		result = file_read(path, HUB_INDEX_SIZE_MAX, &text, &length, err);
	if (result == 0) {
		if (length != p->length || memcmp(text, p->index, length) != 0)
			result = error_set(
				err, DORY_ERROR_CONFLICT, "somebody else has changed the repository meanwhile");
		free(text);
	}
	/* A weak one is for no condition: RFC 9110 §13.1.1. */
	if (result == 0 && request.etag && strncmp(request.etag, "W/", 2) != 0)
		p->etag = text_copy(request.etag);
	unlink(path);
	free(request.etag);
	free(request.modified);
	free(path);
	free(url);
	return result;
}

/* What is signed anew must have been signed, and be the newest that was seen. */
static int read_index(struct publication *p, struct dory_error *err)
{
	if (p->hub->layout->refresh(p->config, p->hub, p->directory, &p->index, &p->length, err) < 0)
		return -1;
	if (p->hub->key && hub_serial_check(p->config->root, p->hub, hub_index_serial(p->index, p->length), err) < 0)
		return -1;
	return read_etag(p, err);
}

static int put_file(const struct publication *p, const char *name, const char *path, const char *etag, bool is_new,
	const char *title, long *status, struct dory_error *err)
{
	char *url = text_format("%s/%s", p->hub->url, name);
	struct upload upload = {.url = url,
		.path = path,
		.if_match = etag,
		.is_new = is_new,
		.token = p->push->token,
		.proxy = p->config->proxy,
		.title = p->config->quiet ? NULL : title};
	int result = upload_run(&upload, err);

	if (status)
		*status = upload.http_status;
	free(url);
	return result;
}

static int put_text(
	const struct publication *p, const char *name, const char *text, const char *etag, struct dory_error *err)
{
	char *path = text_format("%s/put.%d", p->directory, (int)getpid());
	int result = file_replace(path, text, strlen(text), err);

	if (result == 0)
		result = put_file(p, name, path, etag, false, NULL, NULL, err);
	unlink(path);
	free(path);
	return result;
}

/* Under a name that its digest is in: what is there already under it is the same file. */
static int put_archive(const struct publication *p, struct dory_error *err)
{
	const struct package_entry *entry = p->push->entry;
	long status = 0;
	int result = put_file(p, p->file, entry->path, NULL, true, entry->manifest.name, &status, err);

	return result < 0 && status == 412 ? 0 : result;
}

static void remove_archive(const struct publication *p)
{
	struct dory_error ignored;

	if (put_file(p, p->file, NULL, NULL, false, NULL, NULL, &ignored) < 0)
		return; /* nothing names it: it only takes room */
}

static int sign(const struct publication *p, char **signatures, struct dory_error *err)
{
	char signature[HUB_SIGNATURE_TEXT_SIZE], key[HUB_KEY_TEXT_SIZE], *url, *former;
	size_t length;

	*signatures = NULL;
	if (!p->hub->key)
		return 0;
	if (hub_key_sign(p->push->key_path, p->changed, strlen(p->changed), signature, key, err) < 0)
		return -1;
	if (strcmp(key, p->hub->key) != 0) {
		error_set(err, DORY_ERROR_UNTRUSTED, "%s is not the key of the repository %s, which is ed25519:%s",
			p->push->key_path, p->hub->name, p->hub->key);
		return error_hint(err, "Its index has to be signed with that one.");
	}
	url = text_format("%s/" HUB_SIGNATURE_NAME, p->hub->url);
	if (hub_fetch_text(p->config, url, p->directory, &former, &length, err) == 0) {
		/* A push that failed may have left another above it. */
		char *holds = hub_key_find(p->hub->key, p->index, p->length, former);

		if (holds)
			*signatures = text_format("%s\n%s\n", signature, holds);
		else
			error_set(err, DORY_ERROR_CONFLICT, "somebody else has changed the repository meanwhile");
		free(holds);
		free(former);
	}
	free(url);
	return *signatures ? 0 : -1;
}

/* 1: the index is the new one, whatever became of the server's answer; 0: it is not; -1: it cannot be known. */
static int is_published(const struct publication *p)
{
	char *url = text_format("%s/" HUB_INDEX_NAME, p->hub->url), *text;
	struct dory_error ignored;
	size_t length;
	int result = hub_fetch_text(p->config, url, p->directory, &text, &length, &ignored);

	if (result == 0) {
		result = length == strlen(p->changed) && memcmp(text, p->changed, length) == 0;
		free(text);
	}
	free(url);
	return result;
}

/* The step that publishes. An archive that the index may name stays. */
static int put_index(const struct publication *p, struct dory_error *err)
{
	int published;

	if (put_text(p, HUB_INDEX_NAME, p->changed, p->etag, err) == 0)
		return 0;
	published = is_published(p);
	if (published == 0)
		remove_archive(p);
	return published == 1 ? 0 : -1;
}

static int publish(const struct publication *p, struct dory_error *err)
{
	char *signatures;
	int result = sign(p, &signatures, err);

	if (result < 0)
		return -1;
	result = put_archive(p, err);
	if (result == 0 && signatures && put_text(p, HUB_SIGNATURE_NAME, signatures, NULL, err) < 0) {
		remove_archive(p);
		result = -1;
	}
	if (result == 0)
		result = put_index(p, err);
	free(signatures);
	/* What others will read, and that it holds. */
	if (result == 0 && hub_refresh(p->config, p->hub, err) < 0)
		result = error_wrap(err, "published, but reading it back fails");
	return result;
}

static int check(const struct hub *hub, const struct hub_push *push, struct dory_error *err)
{
	if (hub->layout != &hub_layout_dory) {
		error_set(err, DORY_ERROR_USAGE,
			"the repository %s has the layout %s: packages are pushed to those of ours only", hub->name,
			hub->layout->name);
		return error_hint(err, "`dory package export` writes the archive, for its own tools.");
	}
	if (strncmp(hub->url, "file:", 5) == 0) {
		error_set(err, DORY_ERROR_USAGE, "the repository %s is a directory here: nothing has to be pushed",
			hub->name);
		return error_hint(
			err, "Copy the package there (dory package export), then `dory repo index`, `dory repo sign`.");
	}
	if (hub->key && !push->key_path) {
		error_set(err, DORY_ERROR_USAGE, "the repository %s is signed: its index needs a new signature",
			hub->name);
		return error_hint(err, "Name the private key's file with --key.");
	}
	return 0;
}

int hub_push(
	const struct dory_config *config, const struct hub *hub, const struct hub_push *push, struct dory_error *err)
{
	const struct package_manifest *manifest = &push->entry->manifest;
	struct publication p = {
		.config = config, .hub = hub, .push = push, .directory = hub_directory(config->root, hub->name)};
	const char *suffix = strrchr(push->entry->path, '.');
	bool is_there = false;
	int result = check(hub, push, err);

	if (result == 0)
		result = file_make_directories(p.directory, err);
	if (result == 0)
		result = archive_check(push->entry->path, &p.facts, err);
	if (result == 0)
		result = read_index(&p, err);
	if (result == 0) {
		p.file = text_format("packages/%s-%.12s%s", manifest->name, p.facts.sha256, suffix ? suffix : "");
		result = hub_index_extend(
			p.index, p.length, manifest, p.file, p.facts.size, p.facts.sha256, &p.changed, &is_there, err);
	}
	if (result == 0 && !is_there)
		result = publish(&p, err);
	publication_release(&p);
	if (result < 0)
		return error_wrap(err, "pushing %s to %s", manifest->name, hub->name);
	return is_there;
}
