/* SPDX-License-Identifier: BSD-3-Clause */
/* Names and files of the image store, for the files of this folder. */
#pragma once
#include "dory/image/image.h"

/* <root>/images; returns owned, as all of these. */
char *store_directory(const char *root);
/* <root>/images/NAME, with a prefix and suffix to the encoded name: store_path(root, ".", name, ".lock"). */
char *store_path(const char *root, const char *prefix, const char *name, const char *suffix);
/* The image's name from that of its directory; NULL if it is none. */
char *store_name_of(const char *entry);

/* The file system's UUID in hexadecimal; empty if it cannot be read. */
enum { STORE_UUID_SIZE = 33 };
void store_disk_uuid(const char *disk, char text[STORE_UUID_SIZE]);

int store_lock(const char *root, const char *name, int *fd, struct dory_error *err) must_check;

/*
 * image.json. A description belongs to one file system, which its UUID tells: if the disk holds another one (a
 * composition was killed before it wrote the description), the fingerprint is read as empty.
 */
int description_write(const char *directory, const struct image *image, struct dory_error *err) must_check;
int description_read(const char *directory, struct image *image, struct dory_error *err) must_check;
