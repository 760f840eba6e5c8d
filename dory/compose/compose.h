/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Composition: collects content from packages and directories, in order (later sources win), and lays it out as an ext4
 * file system in an image, without root, VM or loop device.
 */
#pragma once
#include <sys/types.h>
#include "dory/base/error.h"

enum compose_source_kind {
	COMPOSE_DEB,       /* path: a .deb file; its data archive */
	COMPOSE_PACKAGE,   /* path: an archive of Dory's or Capstan's packages (tar); all but its folder meta */
	COMPOSE_DIRECTORY, /* path: a directory; its content goes to target (default "/") */
	COMPOSE_FILE,  /* path: one file, symlinks followed; goes to target, an absolute guest path; mode of the file */
	COMPOSE_BYTES, /* data, size: a file made here, at target with mode */
	COMPOSE_ARCHIVE, /* path: a tar or cpio archive, compressed or not, with owners and modes as it tells them */
};

struct compose_source {
	enum compose_source_kind kind;
	const char *path;
	const char *target;
	const void *data;
	size_t size;
	unsigned mode;
	const char *package, *version; /* COMPOSE_DEB: for /var/lib/dpkg/status and the manifest; others: for who asks what went in */
	const char *architecture, *sha256; /* COMPOSE_PACKAGE: ... of the archive; NULL: not known */
	bool belongs_to_root;          /* COMPOSE_PACKAGE: whatever owner the archive names */
	bool with_meta;                /* COMPOSE_PACKAGE: its folder meta, too */
	/* COMPOSE_DIRECTORY: is what stands at `path`, which starts with '/' at the directory, left out, with all in it? */
	bool (*leaves_out)(const void *context, const char *path);
	const void *context;
};

enum { COMPOSE_FORMAT_VERSION = 4 }; /* counts up when the same sources would give another image */

struct compose_request {
	const char *image_path; /* the disk image (raw, ext4 without partitions); replaced atomically */
	const char *cache_path; /* where unpacked packages are kept for the next time; NULL: they are not */
	const struct compose_source *sources;
	size_t source_count;
	bool with_documentation; /* keep /usr/share/{doc,man,info,locale,...} of packages */
	bool debian_fixups;      /* add what maintainer scripts would have made: ld.so.cache, passwd, alternatives,
				    certificates... */
	bool is_bare; /* nothing but the sources' content: no mount points, no lost+found */
	bool with_special_modes; /* compose_on_disk: files that run as their owner do so on this disk, too */
	uint64_t free_bytes; /* room for the guest to write; 0: a default, 1 GiB or more. Sparse: costs the host nothing
				until used */
	uint64_t total_bytes; /* size of the whole file system, instead of free_bytes; 0: as much as it takes */
	bool quiet;
};

/*
 * Composes, or brings the existing image up to date touching only what changed since. Reproducible: same sources, same
 * bytes. Whatever happens, image_path holds a whole image, old or new, or nothing.
 */
int compose_image(const struct compose_request *request, struct dory_error *err) must_check;

/*
 * Lays the same content out below the directory `path` of this disk, which is there and empty, instead of in an image.
 * Files belong to the caller, and have the times of the content. image_path is only for temporary files.
 */
int compose_on_disk(const struct compose_request *request, const char *path, struct dory_error *err) must_check;

/* One name of what would be composed. */
struct compose_entry {
	const char *path; /* absolute */
	unsigned mode, uid, gid;
	int64_t mtime;
	uint64_t size;
	const char *link; /* of a symlink */
	size_t source;    /* an index of the request's; SIZE_MAX: composition made it */
	const void *inode;
	int fd;
};

/* Reads up to `size` bytes of a regular file at `offset`; how many, or -1 with errno. */
ssize_t compose_entry_read(const struct compose_entry *entry, void *to, size_t size, uint64_t offset);

/* Visits all names in order, parents first, without writing anything; ends with what `visit` returns if that is not 0. */
typedef int compose_visit_fn(void *context, const struct compose_entry *entry, struct dory_error *err);
int compose_visit(const struct compose_request *request, compose_visit_fn *visit, void *context,
	struct dory_error *err) must_check;

/*
 * Opens the image at `path` for reading, with a shared lock (flock) that lasts as long as the descriptor and its
 * duplicates are open: while it is held no composition changes this file; it makes a new one beside it instead. Whoever
 * runs a machine on the image holds it. Finishes an update of the image that was interrupted. Returns the descriptor,
 * or -1.
 */
int compose_image_open(const char *path, struct dory_error *err) must_check;

/* One more file that a program needs: where it is on this disk, where it belongs in the guest. */
struct elf_file {
	char *host_path, *guest_path;
};
struct elf_closure {
	struct elf_file *files; /* the program first, then its interpreter and libraries */
	size_t count;
	bool is_script; /* starts with "#!": files holds the script alone, interpreter the path it names */
	char *interpreter;
};

/*
 * What the program at `path` needs to run: its interpreter (PT_INTERP) and, as the dynamic loader would search, its
 * libraries (DT_NEEDED, transitively; DT_RPATH, DT_RUNPATH, $ORIGIN, LD_LIBRARY_PATH, ld.so.cache, default
 * directories). Errors: NOT_FOUND, NOT_EXECUTABLE (not an ELF and no script, another architecture), NOT_FOUND naming
 * each library that is missing.
 */
int elf_closure_find(const char *path, struct elf_closure *closure, struct dory_error *err) must_check;
void elf_closure_release(struct elf_closure *closure);
