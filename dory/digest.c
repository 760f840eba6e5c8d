/* SPDX-License-Identifier: BSD-3-Clause */
/* The digest of an image's disk: what sha256sum(1) says of it. A mebibyte takes a millisecond, so the answer is kept. */
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "dory/base/digest.h"
#include "dory/base/file.h"
#include "dory/base/text.h"
#include "dory/image_tools.h"

enum { PIECE = 1 << 20, KEPT_MAX = 256 };

/* All that tells one state of the file from another. */
static char *state_of(const struct stat *st)
{
	return text_format("%llx %llx %llx.%lx %llx.%lx ", (unsigned long long)st->st_ino, (unsigned long long)st->st_size,
		(unsigned long long)st->st_mtim.tv_sec, st->st_mtim.tv_nsec, (unsigned long long)st->st_ctim.tv_sec,
		st->st_ctim.tv_nsec);
}

static bool read_kept(const char *path, const char *state, char text[DIGEST_TEXT_SIZE])
{
	struct dory_error ignored;
	char *kept = NULL;
	size_t length;
	bool is_right;

	if (file_read(path, KEPT_MAX, &kept, &length, &ignored) < 0)
		return false;
	is_right = strncmp(kept, state, strlen(state)) == 0 && length == strlen(state) + DIGEST_TEXT_SIZE;
	if (is_right)
		text_cut_to(text, DIGEST_TEXT_SIZE, kept + strlen(state));
	free(kept);
	return is_right;
}

static void digest_zeros(EVP_MD_CTX *digesting, uint64_t length)
{
	static const char zeros[PIECE];

	for (uint64_t n; length > 0; length -= n) {
		n = min_u64(length, sizeof(zeros));
		EVP_DigestUpdate(digesting, zeros, n);
	}
}

/* Most of a disk is a hole, which need not be read to be known. */
static int digest_file(int fd, uint64_t size, EVP_MD_CTX *digesting, char *piece)
{
	uint64_t at = 0;

	while (at < size) {
		off_t data = lseek(fd, (off_t)at, SEEK_DATA);
		ssize_t n;

		if (data < 0 && errno != ENXIO)
			data = (off_t)at; /* no file system that knows of holes */
		if (data < 0 || (uint64_t)data > at) {
			uint64_t end = data < 0 ? size : min_u64((uint64_t)data, size);

			digest_zeros(digesting, end - at);
			at = end;
			continue;
		}
		n = pread(fd, piece, min_u64(PIECE, size - at), (off_t)at);
		if (n <= 0 && !(n < 0 && errno == EINTR))
			return -1;
		if (n > 0) {
			EVP_DigestUpdate(digesting, piece, (size_t)n);
			at += (uint64_t)n;
		}
	}
	return 0;
}

static int digest_disk(int fd, uint64_t size, const char *path, char text[DIGEST_TEXT_SIZE], struct dory_error *err)
{
	EVP_MD_CTX *digesting = EVP_MD_CTX_new();
	char *piece = malloc(PIECE);
	unsigned char digest[EVP_MAX_MD_SIZE];
	int result;

	if (!digesting || !piece)
		abort();
	EVP_DigestInit_ex(digesting, EVP_sha256(), NULL);
	result = digest_file(fd, size, digesting, piece);
	EVP_DigestFinal_ex(digesting, digest, NULL);
	EVP_MD_CTX_free(digesting);
	free(piece);
	if (result < 0)
		return error_set_errno(err, DORY_ERROR_IO, "reading %s", path);
	digest_print(digest, text);
	return 0;
}

int dory_image_digest(const struct image *image, char text[DIGEST_TEXT_SIZE], struct dory_error *err)
{
	char *kept = text_format("%s.digest", image->disk_path), *state, *line;
	struct dory_error ignored; /* what cannot be kept is found again */
	struct stat st, after;
	int fd = open(image->disk_path, O_RDONLY | O_CLOEXEC), result = 0;

	if (fd < 0 || fstat(fd, &st) < 0) {
		if (fd >= 0)
			close(fd);
		free(kept);
		return error_set_errno(err, DORY_ERROR_IO, "opening %s", image->disk_path);
	}
	state = state_of(&st);
	if (!read_kept(kept, state, text)) {
		result = digest_disk(fd, (uint64_t)st.st_size, image->disk_path, text, err);
		line = text_format("%s%s\n", state, text);
		if (result == 0 && fstat(fd, &after) == 0 && after.st_mtim.tv_sec == st.st_mtim.tv_sec &&
			after.st_mtim.tv_nsec == st.st_mtim.tv_nsec && file_replace(kept, line, strlen(line), &ignored) < 0)
			unlink(kept);
		free(line);
	}
	free(state);
	free(kept);
	close(fd);
	return result;
}
