/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who may touch an image's file. The directory's lock: one composition at a time. The file's lock, shared while a
 * machine uses the image, exclusive while it is changed in place. The directory's lock is taken first.
 */
#pragma once
#include "dory/base/error.h"

/* Waits for the lock of the directory that `path` stands in; it is held until *fd is closed. */
int image_lock_directory(const char *path, int *fd, struct dory_error *err) must_check;

/*
 * Takes the exclusive lock of the open image, if nobody uses it: neither compose_image_open's lock is held, nor has
 * QEMU the file open, which locks bytes of its images (fcntl(2), open file description locks), nor does an instance keep
 * it as the base of what its program wrote: then the file has a second name.
 */
bool image_lock_for_change(int image);

/* Finishes an update that was committed to the journal at the path but perhaps not applied. With the directory's lock
 * held. */
int image_finish_update(int image, const char *journal, struct dory_error *err) must_check;
