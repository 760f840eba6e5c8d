/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The file system "mqueue" (mq_overview(7), "Mounting the message queue filesystem"): a tmpfs with one folder, in which every file is a
 * queue. There is one, made when a queue is first asked for; what mount(2) shows is that one.
 */
#include "kernel/fs/mqueue/internal.h"
#include "kernel/fs/tmpfs/tmpfs.h"
#include "kernel/mem/heap.h"
#include "kernel/platform/platform.h"
#include "kernel/process/credentials.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"
#include "kernel/uapi/mount.h"
#include "kernel/uapi/poll.h"
#include "lib/format.h"
#include "lib/string.h"

enum { SIZE_SHOWN = 80 };

static const struct inode_ops *folder_base, *file_base; /* tmpfs's own */
static struct inode_ops folder_ops, queue_ops;
static const struct file_ops queue_file_ops;

static struct file_system *the_fs;
static struct path the_root;   /* keeps it */
static struct mutex fs_lock, root_lock; /* guard the making of each */
static struct mutex open_lock; /* held by mqueue_open, whose attributes the folder's `create` looks for: */
static struct thread *opener;
static const struct mqueue_attributes *wanted;

/* ---- Files ---- */

/* What a program sees that reads the file in a mounted folder. */
static long queue_read(struct file *file, struct io_vector *io, uint64_t *position)
{
	struct mqueue *queue = file->private_data;
	const struct mqueue_registration *registered = &queue->registered;
	char text[96];
	int len;

	spin_lock(&queue->lock);
	len = format_text(text, sizeof(text), "QSIZE:%-10llu NOTIFY:%-5d SIGNO:%-5d NOTIFY_PID:%-6d\n", (unsigned long long)queue->nr_bytes,
	    registered->notice.how, registered->notice.how == MQUEUE_BY_SIGNAL ? registered->notice.signal : 0, registered->process ? registered->process->pid : 0);
	spin_unlock(&queue->lock);
	if (*position >= (uint64_t)len)
		return 0;
	len = (int)io_vector_put(io, text + *position, (size_t)len - *position);
	*position += (uint64_t)len;
	return len;
}

static int64_t queue_seek(struct file *file, int64_t offset, int whence)
{
	return data_file_ops.seek(file, offset, whence);
}

static unsigned queue_poll(struct file *file, struct poll_table *table)
{
	struct mqueue *queue = file->private_data;
	unsigned ready;

	if (table)
		table->add(table, &queue->poll_wait);
	spin_lock(&queue->lock);
	ready = (queue->nr_messages ? POLLIN | POLLRDNORM : 0) | (queue->nr_messages < queue->messages_max ? POLLOUT | POLLWRNORM : 0);
	spin_unlock(&queue->lock);
	return ready;
}

/* A process that closes any descriptor of the queue is no longer told of messages. */
static int queue_flush(struct file *file)
{
	struct mqueue *queue = file->private_data;
	struct mqueue_registration ended;

	spin_lock(&queue->lock);
	mqueue_unregister_locked(queue, process_current(), &ended);
	spin_unlock(&queue->lock);
	mqueue_finish(&ended, MQUEUE_REMOVED);
	return 0;
}

static const struct file_ops queue_file_ops = {.read = queue_read, .seek = queue_seek, .poll = queue_poll, .flush = queue_flush};

struct mqueue *mqueue_of(struct file *file)
{
	return file->ops == &queue_file_ops ? file->private_data : NULL;
}

static int queue_open(struct inode *inode, struct file *file)
{
	file->ops = &queue_file_ops;
	file->private_data = inode->private_data;
	return 0;
}

static void queue_release(struct inode *inode)
{
	struct mqueue *queue = inode->private_data;

	if (queue) {
		mqueue_uncharge(queue->owner, queue->messages_max, queue->message_size);
		mqueue_free(queue);
	}
	file_base->release(inode);
}

/* ---- The folder ---- */

static int become_queue(struct inode *inode, const struct mqueue_attributes *attributes)
{
	uint64_t messages_max = (uint64_t)attributes->messages_max, message_size = (uint64_t)attributes->message_size;
	uint32_t owner = credentials_current()->uid;
	struct mqueue *queue;
	int ret = mqueue_charge(owner, messages_max, message_size);

	if (ret)
		return ret;
	queue = mqueue_new(messages_max, message_size);
	if (!queue) {
		mqueue_uncharge(owner, messages_max, message_size);
		return -ENOMEM;
	}
	queue->owner = owner;
	if (!file_base) {
		queue_ops = *inode->ops;
		queue_ops.open = queue_open;
		queue_ops.release = queue_release;
		queue_ops.allocate = NULL;
		file_base = inode->ops;
	}
	inode->ops = &queue_ops;
	inode->private_data = queue;
	inode->size = SIZE_SHOWN;
	return 0;
}

static int folder_create(struct inode *folder, const char *name, size_t len, uint32_t mode, uint32_t uid, uint32_t gid, uint64_t device, struct inode **made)
{
	struct mqueue_attributes usual;
	int ret;

	mqueue_usual(&usual);
	if ((mode & S_IFMT) != S_IFREG)
		return -EPERM;
	ret = folder_base->create(folder, name, len, mode, uid, gid, device, made);
	if (ret)
		return ret;
	ret = become_queue(*made, __atomic_load_n(&opener, __ATOMIC_RELAXED) == thread_current() ? wanted : &usual);
	if (ret) {
		(void)folder_base->unlink(folder, name, len, *made);
		inode_put(*made);
	}
	return ret;
}

/* ---- The file system ---- */

static int mqueue_statfs(struct file_system *fs, struct linux_statfs *to)
{
	memset(to, 0, sizeof(*to));
	to->type = MQUEUE_MAGIC;
	to->bsize = to->frsize = (int64_t)PAGE_SIZE;
	to->namelen = LINUX_NAME_MAX;
	return 0;
}

/* Queues outlive what shows them. */
static void stay(struct file_system *fs)
{
}

static int make(struct file_system **fs)
{
	int ret = tmpfs_new("mode=1777", false, fs);

	if (ret)
		return ret;
	folder_base = (*fs)->root->ops;
	folder_ops = *folder_base;
	folder_ops.create = folder_create;
	folder_ops.create_unnamed = NULL;
	folder_ops.symlink = NULL;
	folder_ops.link = NULL;
	folder_ops.rename = NULL;
	(*fs)->root->ops = &folder_ops;
	(*fs)->statfs = mqueue_statfs;
	(*fs)->unmount = stay;
	return 0;
}

static int mqueue_mount(const char *source, const char *options, bool read_only, struct file_system **fs)
{
	int ret;

	mutex_lock(&fs_lock);
	ret = the_fs ? 0 : make(&the_fs);
	*fs = the_fs;
	mutex_unlock(&fs_lock);
	return ret;
}

FILE_SYSTEM(mqueue) = {.name = "mqueue", .mount = mqueue_mount};

/* ---- By name ---- */

static int root_get(struct path *root)
{
	int ret = 0;

	mutex_lock(&root_lock);
	if (!the_root.dentry)
		ret = mount_new_detached("mqueue", "mqueue", 0, NULL, &the_root);
	mutex_unlock(&root_lock);
	*root = the_root;
	return ret;
}

static int check_name(const char *name)
{
	if (!*name)
		return -ENOENT;
	return strchr(name, '/') || !strcmp(name, ".") || !strcmp(name, "..") ? -EACCES : 0;
}

int mqueue_open(const char *name, int flags, uint32_t mode, const struct mqueue_attributes *attributes, struct file **file)
{
	struct mqueue_attributes usual;
	struct path root, there;
	int ret = check_name(name);

	if (!ret)
		ret = root_get(&root);
	if (ret)
		return ret;
	mqueue_usual(&usual);
	if ((flags & O_ACCMODE) == O_ACCMODE && !path_walk(&root, name, 0, &there)) { /* Linux refuses it for a queue that is there */
		path_put(&there);
		return flags & O_CREAT && flags & O_EXCL ? -EEXIST : -EINVAL;
	}
	flags &= O_ACCMODE | O_CREAT | O_EXCL | O_NONBLOCK;
	mutex_lock(&open_lock);
	wanted = attributes ? attributes : &usual;
	__atomic_store_n(&opener, thread_current(), __ATOMIC_RELAXED);
	ret = path_open(&root, name, flags, mode, 0, file);
	__atomic_store_n(&opener, NULL, __ATOMIC_RELAXED);
	mutex_unlock(&open_lock);
	return ret;
}

int mqueue_unlink(const char *name)
{
	struct path root;
	int ret = check_name(name);

	if (!ret)
		ret = root_get(&root);
	return ret ? ret : path_unlink(&root, name);
}

static void mqueue_start(void)
{
	mutex_init(&fs_lock);
	mutex_init(&root_lock);
	mutex_init(&open_lock);
}
INITCALL(mqueue, INIT_CORE, mqueue_start);
