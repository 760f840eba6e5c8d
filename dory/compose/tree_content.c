/* SPDX-License-Identifier: BSD-3-Clause */
/* Reading the contents of the tree's files, wherever they are. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "dory/compose/tree.h"

int tree_open(const struct tree_inode *inode)
{
	int fd;

	if (inode->content.bytes || inode->size == 0)
		return -1;
	if (!inode->content.path)
		return inode->content.fd;
	fd = openat(inode->content.fd, inode->content.path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
	return fd < 0 ? -2 : fd;
}

void tree_close(const struct tree_inode *inode, int fd)
{
	if (fd >= 0 && inode->content.path)
		close(fd);
}

ssize_t tree_read_at(const struct tree_inode *inode, int fd, void *to, size_t size, uint64_t offset)
{
	ssize_t n;

	if (offset >= inode->size)
		return 0;
	size = min_u64(size, inode->size - offset);
	if (inode->content.bytes) {
		memcpy(to, (const char *)inode->content.bytes + offset, size);
		return (ssize_t)size;
	}
	do
		n = pread(fd, to, size, (off_t)(inode->content.offset + offset));
	while (n < 0 && errno == EINTR);
	return n;
}

int tree_read(const struct tree_node *node, size_t limit, char **content, size_t *length, struct dory_error *err)
{
	const struct tree_inode *inode = node->inode;
	size_t done = 0;
	ssize_t n = 1;
	char *buffer;
	int fd;

	if (!S_ISREG(inode->mode) || inode->size > limit)
		return error_set(err, DORY_ERROR_FORMAT, "%s is not a file of at most %zu bytes", node->name, limit);
	fd = tree_open(inode);
	if (fd == -2)
		return error_set_errno(err, DORY_ERROR_IO, "opening %s", inode->content.path);
	buffer = calloc(1, inode->size + 1);
	if (!buffer)
		abort();
	while (done < inode->size && n > 0) {
		n = tree_read_at(inode, fd, buffer + done, inode->size - done, done);
		done += n > 0 ? (size_t)n : 0;
	}
	tree_close(inode, fd);
	if (done < inode->size) {
		free(buffer);
		return n < 0 ? error_set_errno(err, DORY_ERROR_IO, "reading %s", node->name)
			     : error_set(err, DORY_ERROR_IO, "%s became shorter while it was read", node->name);
	}
	*content = buffer;
	*length = done;
	return 0;
}
