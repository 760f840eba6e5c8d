/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Capstan's repositories: a bucket of S3, whose URL answers with a ListBucketResult (S3's API, ListObjects), or a web server with such a file;
 * packages are packages/NAME.yaml and packages/NAME.mpm.
 */
#include <expat.h>
#include <stdlib.h>
#include <string.h>
#include "dory/base/text.h"
#include "dory/base/text_list.h"
#include "dory/hub/layout.h"

#define PREFIX "packages/"
enum { PAGES_MAX = 10000 };

/* What one page says. */
struct page {
	XML_Parser parser;
	struct text_list *keys;
	struct text_buffer text; /* of the element that is open */
	char *next;              /* marker */
	bool is_truncated, is_listing;
};

static void element_starts(void *context, const XML_Char *name, const XML_Char **attributes)
{
	struct page *page = context;

	page->text.length = 0;
	page->is_listing = page->is_listing || strcmp(name, "ListBucketResult") == 0;
}

static void text_comes(void *context, const XML_Char *bytes, int length)
{
	struct page *page = context;

	text_append(&page->text, bytes, (size_t)length);
}

static void element_ends(void *context, const XML_Char *name)
{
	struct page *page = context;
	const char *text = page->text.length ? page->text.text : "";

	if (strcmp(name, "Key") == 0)
		text_list_add(page->keys, text);
	else if (strcmp(name, "IsTruncated") == 0)
		page->is_truncated = strcmp(text, "true") == 0;
	else if (strcmp(name, "NextMarker") == 0)
		text_replace(&page->next, text_copy(text));
	page->text.length = 0;
}

static void refuse_entities(void *context, const XML_Char *name, int is_parameter, const XML_Char *value, int length,
	const XML_Char *base, const XML_Char *system, const XML_Char *public, const XML_Char *notation)
{
	struct page *page = context;

	XML_StopParser(page->parser, XML_FALSE); /* a billion laughs */
}

static int parse_page(const char *url, const char *text, size_t length, struct page *page, struct dory_error *err)
{
	XML_Parser parser = XML_ParserCreate(NULL);
	int result = 0;

	if (!parser)
		abort();
	page->parser = parser;
	XML_SetUserData(parser, page);
	XML_SetElementHandler(parser, element_starts, element_ends);
	XML_SetCharacterDataHandler(parser, text_comes);
	XML_SetEntityDeclHandler(parser, refuse_entities);
	if (XML_Parse(parser, text, (int)length, 1) != XML_STATUS_OK)
		result = error_set(err, DORY_ERROR_FORMAT, "%s does not answer with a list of its files (line %lu: %s)",
			url, (unsigned long)XML_GetCurrentLineNumber(parser),
			XML_ErrorString(XML_GetErrorCode(parser)));
	else if (!page->is_listing)
		result = error_set(err, DORY_ERROR_FORMAT, "%s does not answer with a list of its files", url);
	XML_ParserFree(parser);
	return result;
}

int hub_capstan_read_page(
	const char *url, const char *text, size_t length, struct text_list *keys, char **next, struct dory_error *err)
{
	struct page page = {.keys = keys};
	int result = parse_page(url, text, length, &page, err);

	*next = NULL;
	if (result == 0 && page.is_truncated)
		*next = page.next ? text_copy(page.next) : keys->count ? text_copy(keys->items[keys->count - 1]) : NULL;
	free(page.next);
	free(page.text.text);
	return result;
}

/* The page behind `marker`, NULL for the first. */
static int list_page(const struct dory_config *config, const struct hub *hub, const char *directory, const char *marker,
	struct text_list *keys, char **next, struct dory_error *err)
{
	char *url = marker ? text_format("%s/?marker=%s", hub->url, marker) : text_format("%s/", hub->url), *text;
	size_t length;
	int result = hub_fetch_text(config, url, directory, &text, &length, err);

	*next = NULL;
	if (result == 0) {
		result = hub_capstan_read_page(hub->url, text, length, keys, next, err);
		free(text);
	}
	free(url);
	return result;
}

static int list_keys(const struct dory_config *config, const struct hub *hub, const char *directory,
	struct text_list *keys, struct dory_error *err)
{
	char *marker = NULL, *next = NULL;
	int result = 0;

	for (unsigned i = 0; result == 0 && i < PAGES_MAX && (!i || marker); i++) {
		result = list_page(config, hub, directory, marker, keys, &next, err);
		if (next && marker && strcmp(next, marker) == 0) {
			free(next);
			next = NULL; /* it does not page */
		}
		text_replace(&marker, next);
	}
	free(marker);
	return result;
}

static const char *archive_of(const struct text_list *keys, const char *stem, size_t length)
{
	static const char *const suffixes[] = {".dory", ".mpm"};

	for (size_t k = 0; k < ARRAY_SIZE(suffixes); k++)
		for (size_t i = 0; i < keys->count; i++)
			if (strncmp(keys->items[i], stem, length) == 0 &&
				strcmp(keys->items[i] + length, suffixes[k]) == 0)
				return keys->items[i];
	return NULL;
}

static int refresh(const struct dory_config *config, const struct hub *hub, const char *directory, char **text,
	size_t *length, struct dory_error *err)
{
	struct hub_listing listing = {0};
	struct text_list keys = {0};
	int result = list_keys(config, hub, directory, &keys, err);

	for (size_t i = 0; i < keys.count; i++) {
		const char *key = keys.items[i], *end = strrchr(key, '.'), *archive;

		if (strncmp(key, PREFIX, strlen(PREFIX)) != 0 || !end || strcmp(end, ".yaml") != 0 ||
			strchr(key + strlen(PREFIX), '/'))
			continue;
		archive = archive_of(&keys, key, (size_t)(end - key));
		if (archive) {
			char *url = text_format("%s/%s", hub->url, key);

			hub_listing_add(&listing, url, archive, 0);
			free(url);
		}
	}
	if (result == 0)
		result = hub_listing_index(config, &listing, directory, text, length, err);
	hub_listing_release(&listing);
	text_list_release(&keys);
	return result;
}

const struct hub_layout hub_layout_capstan = {.name = "capstan", .refresh = refresh};
