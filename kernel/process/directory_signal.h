/* SPDX-License-Identifier: BSD-3-Clause */
/* fcntl(2), F_NOTIFY: a watch on a directory's inode notes messages with the watch of the open file (file_signal.c). Private to file_signal. */
#pragma once
#include "kernel/file/file.h"

/* The events of watch.h that a mask of DN_* means; 0 if none. */
uint32_t directory_signal_events(uint32_t mask);
/* Adds to what the table's processes watch by the file, or begins. -ENOMEM. */
int directory_signal_begin(struct file_watch *to, struct file *file, const struct descriptor_table *table, uint32_t mask) must_check;
/* Ends what the table (NULL: any) watches by the file. */
void directory_signal_end(struct file_watch *to, struct file *file, const struct descriptor_table *table);

/* Of file_signal.c: the owner is to get a signal, once file_signal_send_noted is called. Takes no lock but those that are taken last. */
void file_signal_note_message(struct file_watch *watch);
void file_signal_send_noted(void); /* those that are due, by the caller, who holds no lock */
