/* SPDX-License-Identifier: BSD-3-Clause */
/* Growing texts, and the open files that show them. */
#include "kernel/fs/proc/proc.h"
#include "kernel/mem/heap.h"
#include "kernel/uapi/errno.h"
#include "lib/format.h"
#include "lib/string.h"

#define STORE_MAX 4096

/* An open text file. */
struct shown {
	struct mutex lock; /* guards text */
	struct proc_text text;
	bool is_shown;
};

static bool reserve(struct proc_text *to, size_t more)
{
	size_t room = to->room ? to->room : 512;
	char *larger;

	if (to->len + more <= to->room)
		return true;
	while (room < to->len + more)
		room *= 2;
	larger = heap_resize(to->text, room);
	if (!larger) {
		to->has_failed = true;
		return false;
	}
	to->text = larger;
	to->room = room;
	return true;
}

void proc_append(struct proc_text *to, const void *bytes, size_t len)
{
	if (!reserve(to, len))
		return;
	memcpy(to->text + to->len, bytes, len);
	to->len += len;
}

void proc_print(struct proc_text *to, const char *format, ...)
{
	char line[512];
	va_list args;
	int len;

	va_start(args, format);
	len = format_text_va(line, sizeof(line), format, args);
	va_end(args);
	proc_append(to, line, min_u64((uint64_t)len, sizeof(line) - 1));
}

static unsigned nr_numbers(const struct proc_file *file)
{
	return file->nr_numbers ? file->nr_numbers : 1;
}

static void show_numbers(struct proc_text *to, const struct proc_file *file)
{
	for (unsigned i = 0; i < nr_numbers(file); i++)
		proc_print(to, i ? "\t%u" : "%u", file->number[i]);
	proc_print(to, "\n");
}

static int show(struct proc_node *node, struct proc_text *text)
{
	struct proc_subject subject;
	int ret;

	text->len = 0;
	if (node->kind == PROC_SYSTEM_FILE) {
		if (node->file->number) {
			show_numbers(text, node->file);
			return 0;
		}
		if (!node->file->show)
			return -EINVAL;
		node->file->show(text);
		return 0;
	}
	if (node->kind == PROC_FDINFO)
		return proc_fdinfo_show(node, text);
	ret = proc_subject_get(node, &subject);
	if (ret)
		return ret;
	ret = node->process_file->show ? node->process_file->show(text, &subject) : -EINVAL;
	proc_subject_put(&subject);
	return ret;
}

static struct shown *shown_of(struct file *file)
{
	struct shown *fresh;

	if (file->private_data)
		return file->private_data;
	fresh = heap_alloc_zero(sizeof(*fresh));
	if (!fresh)
		return NULL;
	mutex_init(&fresh->lock);
	void *none = NULL;
	if (!__atomic_compare_exchange_n(&file->private_data, &none, fresh, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		heap_free(fresh);
	return file->private_data;
}

static long text_read(struct file *file, struct io_vector *io, uint64_t *position)
{
	struct shown *shown = shown_of(file);
	long ret = 0;

	if (!shown)
		return -ENOMEM;
	mutex_lock(&shown->lock);
	if (*position == 0 || !shown->is_shown) {
		ret = show(proc_node_of(file->inode), &shown->text);
		if (!ret && shown->text.has_failed)
			ret = -ENOMEM;
		shown->is_shown = !ret;
	}
	if (!ret && *position < shown->text.len) {
		size_t len = min_u64(shown->text.len - *position, io->left);

		ret = (long)io_vector_put(io, shown->text.text + *position, len);
		*position += (uint64_t)ret;
		if (!ret && len)
			ret = -EFAULT;
	}
	mutex_unlock(&shown->lock);
	return ret;
}

static const char *skip_blanks(const char *text)
{
	while (*text == ' ' || *text == '\t' || *text == '\n')
		text++;
	return text;
}

int proc_parse_numbers(const char *text, unsigned *numbers, unsigned nr, unsigned least, unsigned most)
{
	text = skip_blanks(text);
	for (unsigned i = 0; i < nr && *text; i++) {
		const char *end;
		uint64_t value;

		if (!format_parse_u64(text, &end, &value) || (*end && skip_blanks(end) == end) || value < least || value > most)
			return -EINVAL;
		numbers[i] = (unsigned)value;
		text = skip_blanks(end);
	}
	return 0;
}

static long text_write(struct file *file, struct io_vector *io, uint64_t *position)
{
	struct proc_node *node = proc_node_of(file->inode);
	struct proc_subject subject;
	char text[STORE_MAX + 1];
	size_t len = io->left;
	int ret = -EINVAL;

	if (len > STORE_MAX)
		return -EINVAL;
	if (io_vector_get(io, text, len) != len)
		return -EFAULT;
	text[len] = '\0';
	if (node->kind == PROC_SYSTEM_FILE && node->file->number && node->file->most) {
		ret = proc_parse_numbers(text, node->file->number, nr_numbers(node->file), node->file->least, node->file->most);
	} else if (node->kind == PROC_SYSTEM_FILE && node->file->store) {
		ret = node->file->store(text, len);
	} else if (node->kind == PROC_PROCESS_ENTRY && node->process_file->store) {
		ret = proc_subject_get(node, &subject);
		if (ret)
			return ret;
		ret = node->process_file->store(&subject, text, len);
		proc_subject_put(&subject);
	}
	return ret ? ret : (long)len;
}

static int64_t text_seek(struct file *file, int64_t offset, int whence)
{
	int64_t base = whence == 0 ? 0 : whence == 1 ? (int64_t)file->position : -1;

	if (base < 0 || base + offset < 0)
		return -EINVAL;
	file->position = (uint64_t)(base + offset);
	return base + offset;
}

static void text_release(struct file *file)
{
	struct shown *shown = file->private_data;

	if (!shown)
		return;
	heap_free(shown->text.text);
	heap_free(shown);
}

const struct file_ops proc_text_file_ops = {
    .read = text_read,
    .write = text_write,
    .seek = text_seek,
    .release = text_release,
};
