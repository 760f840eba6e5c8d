/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What update-ca-certificates(8) does: all certificates in one file, and one by one under names and hashes for OpenSSL;
 * for Java, a key store that holds them.
 */
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>
#include "dory/base/text.h"
#include "dory/compose/fixup.h"

struct bundle {
	struct tree *tree;
	struct text_buffer pem;
	struct text_buffer conf;  /* /etc/ca-certificates.conf */
	struct text_buffer store; /* the entries of Java's */
	uint32_t count;
	int64_t newest; /* a store dates its entries */
};

static X509 *parse_certificate(const char *text, size_t length)
{
	BIO *bio = BIO_new_mem_buf(text, (int)length);
	X509 *certificate = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;

	BIO_free(bio);
	return certificate;
}

/* Big-endian, as Java writes. */
static void put_number(struct text_buffer *buffer, uint64_t value, unsigned size)
{
	while (size-- > 0) {
		char byte = (char)(value >> (8 * size));

		text_append(buffer, &byte, 1);
	}
}

static void put_string(struct text_buffer *buffer, const char *text)
{
	put_number(buffer, strlen(text), 2);
	text_append(buffer, text, strlen(text));
}

/* A trusted certificate of a "JKS" key store: tag 2, alias, date, type, DER. */
static void put_store_entry(struct bundle *bundle, const char *alias, X509 *certificate)
{
	unsigned char *der = NULL;
	int length = i2d_X509(certificate, &der);

	if (length <= 0)
		return;
	put_number(&bundle->store, 2, 4);
	put_string(&bundle->store, alias);
	put_number(&bundle->store, (uint64_t)bundle->newest * 1000, 8);
	put_string(&bundle->store, "X.509");
	put_number(&bundle->store, (uint64_t)length, 4);
	text_append(&bundle->store, (const char *)der, (size_t)length);
	bundle->count++;
	OPENSSL_free(der);
}

/* /etc/ssl/certs/HASH.N, the next N that is free. */
static int add_hash_link(struct tree *tree, X509 *certificate, const char *name, struct dory_error *err)
{
	enum { SAME_HASH_MAX = 16 };

	for (unsigned n = 0; n < SAME_HASH_MAX; n++) {
		char *path = text_format("/etc/ssl/certs/%08lx.%u", X509_subject_name_hash(certificate), n);
		bool is_taken = tree_find(tree, path, false);
		int result = is_taken ? 0 : fixup_add_link(tree, path, name, err);

		free(path);
		if (!is_taken)
			return result;
	}
	return 0;
}

static int add_certificate(
	struct bundle *bundle, const struct tree_node *node, const char *text, size_t length, struct dory_error *err)
{
	X509 *certificate = parse_certificate(text, length);
	char *path = tree_path(node), *name, *link;
	int result;

	if (!certificate) {
		free(path);
		return 0;
	}
	name = text_format("%.*s.pem", (int)(strlen(node->name) - strlen(".crt")), node->name);
	for (char *c = name; *c; c++)
		*c = strchr(" (),", *c) ? '_' : *c;
	link = text_format("/etc/ssl/certs/%s", name);
	text_append(&bundle->pem, text, length);
	if (text[length - 1] != '\n')
		text_append(&bundle->pem, "\n", 1);
	put_store_entry(bundle, node->name, certificate);
	result = fixup_add_link(bundle->tree, link, path, err);
	if (result == 0)
		result = add_hash_link(bundle->tree, certificate, name, err);
	X509_free(certificate);
	free(name);
	free(link);
	free(path);
	return result;
}

/* The node behind all that are below `top`. */
static const struct tree_node *end_of(const struct tree_node *top)
{
	while (top && !top->next)
		top = top->parent;
	return top ? top->next : NULL;
}

static int add_all(struct bundle *bundle, const char *directory, struct dory_error *err)
{
	enum { CERTIFICATE_SIZE_MAX = 1 << 20 };
	struct tree_node *top = tree_find(bundle->tree, directory, true);
	const struct tree_node *end = end_of(top);
	int result = 0;

	for (struct tree_node *node = top; node && node != end && result == 0; node = tree_next(node)) {
		size_t length = node->name_length;
		char *text;

		if (!S_ISREG(node->inode->mode) || length < 5 || strcmp(node->name + length - 4, ".crt") != 0)
			continue;
		if (tree_read(node, CERTIFICATE_SIZE_MAX, &text, &length, err) < 0)
			return -1;
		if (node->inode->mtime > bundle->newest)
			bundle->newest = node->inode->mtime;
		if (length > 0)
			result = add_certificate(bundle, node, text, length, err);
		free(text);
	}
	return result;
}

static int add_conf(struct bundle *bundle, struct dory_error *err)
{
	static const char directory[] = "/usr/share/ca-certificates";
	struct tree_node *top = tree_find(bundle->tree, directory, true);
	const struct tree_node *end = end_of(top);

	text_append(&bundle->conf, "", 0);
	for (const struct tree_node *node = top; node && node != end; node = tree_next(node)) {
		char *path = S_ISREG(node->inode->mode) ? tree_path(node) : NULL;

		if (path)
			text_append_format(&bundle->conf, "%s\n", path + sizeof(directory));
		free(path);
	}
	return fixup_add_text(bundle->tree, "/etc/ca-certificates.conf", bundle->conf.text, err);
}

/* "JKS": magic, version, entries, and SHA-1 over the password in UTF-16, a phrase, and all before. */
static int add_java_store(struct bundle *bundle, struct dory_error *err)
{
	static const char password[] = "changeit" /* everybody's */, phrase[] = "Mighty Aphrodite";
	struct text_buffer store = {0}, digested = {0};
	uint8_t digest[20];
	int result;

	put_number(&store, 0xfeedfeed, 4);
	put_number(&store, 2, 4);
	put_number(&store, bundle->count, 4);
	if (bundle->store.length > 0)
		text_append(&store, bundle->store.text, bundle->store.length);
	for (const char *c = password; *c; c++)
		put_number(&digested, (uint64_t)*c, 2);
	text_append(&digested, phrase, sizeof(phrase) - 1);
	text_append(&digested, store.text, store.length);
	EVP_Digest(digested.text, digested.length, digest, NULL, EVP_sha1(), NULL);
	text_append(&store, (const char *)digest, sizeof(digest));
	result = tree_add_bytes(bundle->tree, "/etc/ssl/certs/java/cacerts", 0644, store.text, store.length, err);
	free(store.text);
	free(digested.text);
	return result;
}

int fixup_certificates(const struct fixup *fixup, struct dory_error *err)
{
	struct bundle bundle = {.tree = fixup->tree};
	bool has_java = tree_find(fixup->tree, "/usr/lib/jvm", true) &&
			!tree_find(fixup->tree, "/etc/ssl/certs/java/cacerts", true);
	int result = 0;

	tree_sort(fixup->tree);
	if (tree_find(fixup->tree, "/usr/share/ca-certificates", true)) {
		text_append(&bundle.pem, "", 0);
		result = add_conf(&bundle, err);
		if (result == 0)
			result = add_all(&bundle, "/usr/share/ca-certificates", err);
		if (result == 0)
			result = add_all(&bundle, "/usr/local/share/ca-certificates", err);
		if (result == 0)
			result =
				fixup_add_text(bundle.tree, "/etc/ssl/certs/ca-certificates.crt", bundle.pem.text, err);
	}
	if (result == 0 && has_java)
		result = add_java_store(&bundle, err);
	free(bundle.pem.text);
	free(bundle.conf.text);
	free(bundle.store.text);
	return result;
}
