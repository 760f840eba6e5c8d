/* SPDX-License-Identifier: BSD-3-Clause */
/* Locks on images, and opening one; linked without the rest of composition by those who only run images. */
#include "dory/compose/image_lock.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "dory/base/text.h"
#include "dory/compose/compose.h"
#include "dory/compose/journal.h"

int image_lock_directory(const char *path, int *fd, struct dory_error *err)
{
	const char *slash = strrchr(path, '/');
	char *directory = !slash          ? text_copy(".")
			  : slash == path ? text_copy("/")
					  : text_copy_n(path, (size_t)(slash - path));
	int result = 0;

	*fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*fd < 0)
		result = error_set_errno(err, DORY_ERROR_IO, "opening the directory %s", directory);
	while (result == 0 && flock(*fd, LOCK_EX) < 0)
		if (errno != EINTR)
			result = error_set_errno(err, DORY_ERROR_IO, "locking the directory %s", directory);
	free(directory);
	return result;
}

bool image_lock_for_change(int image)
{
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	struct stat st;

	/* Linked while the lock is shared (compose_image_open), so that nobody links it now. */
	return flock(image, LOCK_EX | LOCK_NB) == 0 && fcntl(image, F_OFD_SETLK, &whole) == 0 && fstat(image, &st) == 0 && st.st_nlink <= 1;
}

/* An image in use is whole already: nobody could have begun to apply. */
int image_finish_update(int image, const char *journal, struct dory_error *err)
{
	bool was_there;

	if (access(journal, F_OK) < 0)
		return 0;
	if (!image_lock_for_change(image))
		return 0;
	if (journal_apply(journal, image, &was_there, err) < 0)
		return -1;
	unlink(journal);
	return 0;
}

/* Under the directory's lock: no composition is at work, so a journal is one that nobody applies. */
static int recover(const char *path, const char *journal, struct dory_error *err)
{
	int directory, image = -1, result;

	if (access(journal, F_OK) < 0)
		return 0;
	result = image_lock_directory(path, &directory, err);
	if (result == 0) {
		image = open(path, O_RDWR | O_CLOEXEC);
		if (image >= 0)
			result = image_finish_update(image, journal, err);
	}
	if (image >= 0)
		close(image);
	if (directory >= 0)
		close(directory);
	return result;
}

int compose_image_open(const char *path, struct dory_error *err)
{
	char *journal = text_format("%s.journal", path);
	int fd = -1, result = 0;

	do {
		if (fd >= 0)
			close(fd);
		result = recover(path, journal, err);
		fd = result < 0 ? -1 : open(path, O_RDONLY | O_CLOEXEC);
		if (result == 0 && fd < 0)
			result = error_set_errno(
				err, errno == ENOENT ? DORY_ERROR_NOT_FOUND : DORY_ERROR_IO, "opening %s", path);
		while (result == 0 && flock(fd, LOCK_SH) < 0)
			if (errno != EINTR)
				result = error_set_errno(err, DORY_ERROR_IO, "locking %s", path);
	} while (result == 0 && access(journal, F_OK) == 0); /* an update was killed while we waited for the lock */
	free(journal);
	if (result < 0 && fd >= 0)
		close(fd);
	return result < 0 ? -1 : fd;
}
