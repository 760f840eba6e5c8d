/* SPDX-License-Identifier: BSD-3-Clause */
/* A bill of materials: SPDX 2.3, as JSON. */
#include <ctype.h>
#include <jansson.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "dory/base/digest.h"
#include "dory/base/text.h"
#include "dory/image/contents.h"
#include "dory/image_tools.h"
#include "dory/parts.h"
#include "dory/sbom.h"

enum { COPYRIGHT_MAX = 1 << 20 };
#define IMAGE_ID "SPDXRef-Image"

struct bill {
	const struct image *image;
	struct content *content;
	struct image_contents contents;
	json_t *packages, *files, *relationships;
};

static void relate(struct bill *bill, const char *from, const char *type, const char *to)
{
	json_array_append_new(bill->relationships, json_pack("{s:s, s:s, s:s}", "spdxElementId", from, "relationshipType", type,
							       "relatedSpdxElement", to));
}

/* A purl's parts (package-url): what is neither letter, digit nor one of . - _ ~ is percent-encoded. */
static void append_encoded(struct text_buffer *purl, const char *text)
{
	for (; *text; text++) {
		if (isalnum((unsigned char)*text) || strchr(".-_~", *text))
			text_append(purl, text, 1);
		else
			text_append_format(purl, "%%%02X", (unsigned char)*text);
	}
}

static bool is_debians(const struct image_package *package)
{
	return strcmp(package->kind, "deb") == 0;
}

static char *purl_of(const struct image_package *package)
{
	struct text_buffer purl = {0};

	text_append_format(&purl, is_debians(package) ? "pkg:deb/debian/" : "pkg:generic/");
	append_encoded(&purl, package->name);
	text_append_format(&purl, *package->version ? "@" : "");
	append_encoded(&purl, package->version);
	text_append_format(&purl, *package->architecture ? "?arch=" : "");
	append_encoded(&purl, package->architecture);
	return purl.text;
}

static char *licence_of(const struct bill *bill, const struct image_package *package)
{
	char *path = text_format("/usr/share/doc/%s/copyright", package->name), *text = NULL, *licence;
	struct dory_error ignored; /* most images leave documentation out */
	size_t length;

	if (!is_debians(package) || content_read(bill->content, path, COPYRIGHT_MAX, &text, &length, &ignored) < 0)
		licence = text_copy("NOASSERTION");
	else
		licence = sbom_licence(text);
	free(text);
	free(path);
	return licence;
}

static void add_package(struct bill *bill, size_t index)
{
	const struct image_package *package = &bill->contents.packages[index];
	char *id = text_format("SPDXRef-Package-%zu", index + 1), *purl = purl_of(package), *licence = licence_of(bill, package);
	json_t *object = json_pack("{s:s, s:s, s:s, s:b, s:s, s:s, s:s, s:s}", "SPDXID", id, "name", package->name,
		"downloadLocation", *package->url ? package->url : "NOASSERTION", "filesAnalyzed", 0, "licenseConcluded", "NOASSERTION", "licenseDeclared", licence, "copyrightText", "NOASSERTION",
		"primaryPackagePurpose", is_debians(package) ? "INSTALL" : "APPLICATION");

	if (*package->version)
		json_object_set_new(object, "versionInfo", json_string(package->version));
	if (*package->sha256)
		json_object_set_new(object, "checksums",
			json_pack("[{s:s, s:s}]", "algorithm", "SHA256", "checksumValue", package->sha256));
	json_object_set_new(object, "externalRefs",
		json_pack("[{s:s, s:s, s:s}]", "referenceCategory", "PACKAGE-MANAGER", "referenceType", "purl", "referenceLocator", purl));
	json_array_append_new(bill->packages, object);
	relate(bill, IMAGE_ID, "CONTAINS", id);
	free(id);
	free(purl);
	free(licence);
}

struct file_digests {
	EVP_MD_CTX *sha1, *sha256;
};

static int digest_piece(void *context, const void *bytes, size_t length, struct dory_error *err)
{
	const struct file_digests *digests = context;

	EVP_DigestUpdate(digests->sha1, bytes, length);
	EVP_DigestUpdate(digests->sha256, bytes, length);
	return 0;
}

static json_t *finish_digest(EVP_MD_CTX *digesting, const char *algorithm)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	char text[2 * EVP_MAX_MD_SIZE + 1];
	unsigned length;

	EVP_DigestFinal_ex(digesting, digest, &length);
	for (unsigned i = 0; i < length; i++)
		snprintf(text + 2 * i, 3, "%02x", digest[i]);
	return json_pack("{s:s, s:s}", "algorithm", algorithm, "checksumValue", text);
}

static int digest_file(const struct bill *bill, const struct content_entry *entry, json_t *checksums, struct dory_error *err)
{
	struct file_digests digests = {.sha1 = EVP_MD_CTX_new(), .sha256 = EVP_MD_CTX_new()};
	int result;

	if (!digests.sha1 || !digests.sha256)
		abort();
	EVP_DigestInit_ex(digests.sha1, EVP_sha1(), NULL);
	EVP_DigestInit_ex(digests.sha256, EVP_sha256(), NULL);
	result = content_each_piece(bill->content, entry, digest_piece, &digests, err);
	json_array_append_new(checksums, finish_digest(digests.sha1, "SHA1"));
	json_array_append_new(checksums, finish_digest(digests.sha256, "SHA256"));
	EVP_MD_CTX_free(digests.sha1);
	EVP_MD_CTX_free(digests.sha256);
	return result;
}

static int add_file(struct bill *bill, const struct content_entry *entry, const struct image_source *source, struct dory_error *err)
{
	json_t *checksums = json_array(), *name = NULL, *object;
	char *id = text_format("SPDXRef-File-%zu", json_array_size(bill->files) + 1), *path = text_format(".%s", entry->path);
	size_t index = source ? (size_t)(source - bill->contents.sources) : 0;
	char *owner = source && image_contents_package(&bill->contents, index) ? text_format("SPDXRef-Package-%zu", index + 1) : NULL;
	int result = digest_file(bill, entry, checksums, err);

	name = json_string(path);
	if (!name) /* not UTF-8 */
		name = json_string(id);
	object = json_pack("{s:s, s:o, s:o, s:s, s:[s], s:s}", "SPDXID", id, "fileName", name, "checksums", checksums, "licenseConcluded",
		"NOASSERTION", "licenseInfoInFiles", "NOASSERTION", "copyrightText", "NOASSERTION");
	if (source && *source->path) {
		json_t *comment = json_sprintf("from %s %s", source->kind, source->path);

		if (comment)
			json_object_set_new(object, "comment", comment);
	}
	json_array_append_new(bill->files, object);
	relate(bill, owner ? owner : IMAGE_ID, "CONTAINS", id);
	free(owner);
	free(id);
	free(path);
	return result;
}

/* Files that came from a person, not from a package or from composition itself. */
static const struct image_source *source_of(const struct bill *bill, const uint32_t *origins, size_t index)
{
	const struct image_source *source;

	if (!origins || origins[index] == 0 || origins[index] > bill->contents.source_count)
		return NULL;
	source = &bill->contents.sources[origins[index] - 1];
	return strcmp(source->kind, "deb") == 0 || strcmp(source->kind, "made") == 0 ? NULL : source;
}

static int add_files(struct bill *bill, struct dory_error *err)
{
	bool is_unknown = bill->contents.package_count == 0 && bill->contents.source_count <= 1; /* a disk that was imported */
	struct content_list list;
	uint32_t *origins;
	int result = content_list(bill->content, "/", UINT32_MAX, &list, err);

	if (result < 0)
		return -1;
	origins = dory_image_origins(bill->image, &list);
	for (size_t i = 0; i < list.count && result == 0; i++) {
		const struct image_source *source = source_of(bill, origins, i);

		if (S_ISREG(list.entries[i].mode) && (source || (is_unknown && !origins)))
			result = add_file(bill, &list.entries[i], source, err);
	}
	free(origins);
	content_list_release(&list);
	return result;
}

static int add_image(struct bill *bill, struct dory_error *err)
{
	char digest[DIGEST_TEXT_SIZE];

	if (dory_image_digest(bill->image, digest, err) < 0)
		return -1;
	json_array_append_new(bill->packages,
		json_pack("{s:s, s:s, s:s, s:b, s:s, s:s, s:s, s:s, s:[{s:s, s:s}]}", "SPDXID", IMAGE_ID, "name", bill->image->name,
			"downloadLocation", "NOASSERTION", "filesAnalyzed", 0, "licenseConcluded", "NOASSERTION", "licenseDeclared",
			"NOASSERTION", "copyrightText", "NOASSERTION", "primaryPackagePurpose", "CONTAINER", "checksums", "algorithm",
			"SHA256", "checksumValue", digest));
	relate(bill, "SPDXRef-DOCUMENT", "DESCRIBES", IMAGE_ID);
	for (size_t i = 0; i < bill->contents.package_count; i++)
		add_package(bill, i);
	return add_files(bill, err);
}

/* What was composed at the same second from the same has the same name. */
static char *namespace_of(const struct bill *bill)
{
	char *text = json_dumps(bill->packages, JSON_COMPACT), digest[DIGEST_TEXT_SIZE];
	struct text_buffer encoded = {0};

	digest_sha256(text, strlen(text), digest);
	free(text);
	text_append_format(&encoded, "https://spdx.org/spdxdocs/dory-");
	append_encoded(&encoded, bill->image->name);
	text_append_format(&encoded, "-%.32s", digest);
	return encoded.text;
}

static int print(const struct bill *bill, FILE *to, struct dory_error *err)
{
	char *namespace = namespace_of(bill);
	json_t *document = json_pack("{s:s, s:s, s:s, s:s, s:s, s:{s:s, s:[s]}, s:O, s:O, s:O}", "spdxVersion", "SPDX-2.3", "dataLicense",
		"CC0-1.0", "SPDXID", "SPDXRef-DOCUMENT", "name", bill->image->name, "documentNamespace", namespace, "creationInfo",
		"created", bill->image->created, "creators", "Tool: dory-" DORY_VERSION, "packages", bill->packages, "files", bill->files,
		"relationships", bill->relationships);
	bool is_written = document && json_dumpf(document, to, JSON_INDENT(2) | JSON_PRESERVE_ORDER) == 0 && fputc('\n', to) != EOF;

	json_decref(document);
	free(namespace);
	return is_written ? 0 : error_set_errno(err, DORY_ERROR_IO, "writing the bill of materials");
}

int dory_image_sbom(const struct dory_config *config, const char *name, FILE *to, struct dory_error *err)
{
	struct bill bill = {.packages = json_array(), .files = json_array(), .relationships = json_array()};
	struct image image;
	int result = image_find(config->root, name, &image, err);

	if (result == 0) {
		bill.image = &image;
		result = content_open(image.disk_path, &bill.content, err);
		if (result == 0)
			result = image_contents_read(&image, &bill.contents, err);
		if (result == 0)
			result = add_image(&bill, err);
		if (result == 0)
			result = print(&bill, to, err);
		image_contents_release(&bill.contents);
		content_close(bill.content);
		image_release(&image);
	}
	json_decref(bill.packages);
	json_decref(bill.files);
	json_decref(bill.relationships);
	return result;
}
