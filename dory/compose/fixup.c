/* SPDX-License-Identifier: BSD-3-Clause */
/* The list of fix-ups, and those that are a few files or directories. */
#include "dory/compose/fixup.h"
#include <string.h>
#include <sys/stat.h>

int fixup_add_text(struct tree *tree, const char *path, const char *text, struct dory_error *err)
{
	return tree_find(tree, path, false) ? 0 : tree_add_bytes(tree, path, 0644, text, strlen(text), err);
}

int fixup_add_link(struct tree *tree, const char *path, const char *target, struct dory_error *err)
{
	return tree_find(tree, path, false) ? 0 : tree_add_symlink(tree, path, target, err);
}

int fixup_add_directory(
	struct tree *tree, const char *path, unsigned permissions, uint32_t uid, uint32_t gid, struct dory_error *err)
{
	return tree_find(tree, path, true) ? 0 : tree_add_directory(tree, path, permissions, uid, gid, err);
}

struct directory_entry {
	const char *path;
	unsigned permissions;
};

static int add_directories(struct tree *tree, const struct directory_entry *list, size_t count, struct dory_error *err)
{
	for (size_t i = 0; i < count; i++)
		if (fixup_add_directory(tree, list[i].path, list[i].permissions, 0, 0, err) < 0)
			return -1;
	return 0;
}

int fixup_skeleton(struct tree *tree, struct dory_error *err)
{
	static const struct directory_entry directories[] = {
		{"/usr/bin", 0755}, {"/usr/sbin", 0755}, {"/usr/lib", 0755}, {"/usr/lib64", 0755}};
	static const char *const merged[] = {
		"bin", "lib", "lib64", "sbin"}; /* Debian 12 is usr-merged; its packages are not yet */

	if (add_directories(tree, directories, ARRAY_SIZE(directories), err) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(merged); i++) {
		char target[16] = "usr/";

		if (fixup_add_link(tree, merged[i], strcat(target, merged[i]), err) < 0)
			return -1;
	}
	return 0;
}

int fixup_mount_points(struct tree *tree, struct dory_error *err)
{
	static const struct directory_entry directories[] = {
		{"/dev", 0755}, {"/proc", 0555}, {"/sys", 0555}, {"/run", 0755}, {"/tmp", 01777}};

	return add_directories(tree, directories, ARRAY_SIZE(directories), err);
}

int fixup_names(struct tree *tree, struct dory_error *err)
{
	const struct tree_node *etc = tree_find(tree, "/etc", true);

	if (etc && !S_ISDIR(etc->inode->mode))
		return 0;
	if (fixup_add_link(tree, "/etc/resolv.conf", "/proc/net/pnp", err) < 0)
		return -1;
	return fixup_add_text(tree, "/etc/hosts", "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n", err);
}

/* hier(7): what every system has. */
static int fixup_directories(const struct fixup *fixup, struct dory_error *err)
{
	static const struct directory_entry directories[] = {{"/run/lock", 01777}, {"/root", 0700}, {"/home", 0755},
		{"/mnt", 0755}, {"/opt", 0755}, {"/srv", 0755}, {"/etc", 0755}, {"/var", 0755}, {"/var/tmp", 01777},
		{"/var/lib", 0755}, {"/var/log", 0755}, {"/var/cache", 0755}, {"/var/spool", 0755},
		{"/usr/local", 0755}, {"/usr/local/bin", 0755}, {"/usr/local/lib", 0755}};

	return add_directories(fixup->tree, directories, ARRAY_SIZE(directories), err);
}

static int fixup_links(const struct fixup *fixup, struct dory_error *err)
{
	static const char *const links[][2] = {
		{"/var/run", "/run"}, {"/var/lock", "/run/lock"}, {"/etc/mtab", "../proc/self/mounts"}};

	for (size_t i = 0; i < ARRAY_SIZE(links); i++)
		if (fixup_add_link(fixup->tree, links[i][0], links[i][1], err) < 0)
			return -1;
	return 0;
}

/* What scripts copy from their packages' defaults. */
static int copy_defaults(struct tree *tree, struct dory_error *err)
{
	static const char *const copies[][2] = {{"/usr/share/libc-bin/nsswitch.conf", "/etc/nsswitch.conf"},
		{"/usr/share/base-files/nsswitch.conf", "/etc/nsswitch.conf"},
		{"/usr/share/base-files/profile", "/etc/profile"},
		{"/usr/share/base-files/dot.profile", "/root/.profile"},
		{"/usr/share/base-files/dot.bashrc", "/root/.bashrc"},
		{"/usr/share/openssh/sshd_config", "/etc/ssh/sshd_config"}};

	for (size_t i = 0; i < ARRAY_SIZE(copies); i++) {
		const struct tree_node *from = tree_find(tree, copies[i][0], true);

		if (from && S_ISREG(from->inode->mode) && !tree_find(tree, copies[i][1], false) &&
			tree_add(tree, copies[i][1], from->inode, false, NULL, err) < 0)
			return -1;
	}
	return 0;
}

static int fixup_texts(const struct fixup *fixup, struct dory_error *err)
{
	static const char *const texts[][2] = {
		{"/etc/nsswitch.conf", "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\nnetworks: files\n"
				       "protocols: files\nservices: files\nethers: files\nrpc: files\n"},
		{"/etc/hostname", "dory\n"}, {"/etc/fstab", ""},
		{"/etc/timezone", "Etc/UTC\n"},
		{"/etc/shells", "/bin/sh\n/usr/bin/sh\n/bin/bash\n/usr/bin/bash\n/bin/dash\n/usr/bin/dash\n"}};

	if (copy_defaults(fixup->tree, err) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (fixup_add_text(fixup->tree, texts[i][0], texts[i][1], err) < 0)
			return -1;
	return 0;
}

/* tzdata's script links the zone; without a zone file programs take UTC themselves. */
static int fixup_time_zone(const struct fixup *fixup, struct dory_error *err)
{
	if (!tree_find(fixup->tree, "/usr/share/zoneinfo/Etc/UTC", true))
		return 0;
	return fixup_add_link(fixup->tree, "/etc/localtime", "/usr/share/zoneinfo/Etc/UTC", err);
}

/* dash's script diverts and links /bin/sh (the package ships it since 0.5.11; older and other archives do not). */
static int fixup_shell(const struct fixup *fixup, struct dory_error *err)
{
	static const char *const shells[] = {"dash", "bash", "busybox"};

	for (size_t i = 0; i < ARRAY_SIZE(shells); i++) {
		char path[32] = "/usr/bin/";

		if (tree_find(fixup->tree, strcat(path, shells[i]), true))
			return fixup_add_link(fixup->tree, "/usr/bin/sh", shells[i], err);
	}
	return 0;
}

int fixup_apply(const struct fixup *fixup, struct dory_error *err)
{
	static int (*const fixups[])(const struct fixup *fixup, struct dory_error *err) = {fixup_directories,
		fixup_links, fixup_texts, fixup_time_zone, fixup_shell, fixup_files, fixup_users, fixup_alternatives,
		fixup_certificates, fixup_loader_cache, fixup_status};

	for (size_t i = 0; i < ARRAY_SIZE(fixups); i++)
		if (fixups[i](fixup, err) < 0)
			return error_wrap(err, "preparing the packages' content");
	return 0;
}
