/* SPDX-License-Identifier: BSD-3-Clause */
/* mount(2), umount2(2), statfs(2). */
#pragma once

#define MS_RDONLY      1u
#define MS_NOSUID      2u
#define MS_NODEV       4u
#define MS_NOEXEC      8u
#define MS_SYNCHRONOUS 16u
#define MS_REMOUNT     32u
#define MS_NOSYMFOLLOW 256u
#define MS_NOATIME     1024u
#define MS_NODIRATIME  2048u
#define MS_BIND	       4096u
#define MS_MOVE	       8192u
#define MS_REC	       16384u
#define MS_SILENT      32768u
#define MS_UNBINDABLE  (1u << 17)
#define MS_PRIVATE     (1u << 18)
#define MS_SLAVE       (1u << 19)
#define MS_SHARED      (1u << 20)
#define MS_RELATIME    (1u << 21)
#define MS_STRICTATIME (1u << 24)
#define MS_LAZYTIME    (1u << 25)

#define MNT_FORCE	1
#define MNT_DETACH	2
#define MNT_EXPIRE	4
#define UMOUNT_NOFOLLOW 8

#define ST_RDONLY   1
#define ST_NOSUID   2
#define ST_NODEV    4
#define ST_NOEXEC   8
#define ST_VALID    32
#define ST_NOATIME  1024
#define ST_NODIRATIME 2048
#define ST_RELATIME 4096
#define ST_NOSYMFOLLOW 8192

#define TMPFS_MAGIC  0x01021994
#define MQUEUE_MAGIC 0x19800202
#define PROC_MAGIC   0x9fa0
#define SYSFS_MAGIC  0x62656572
#define DEVPTS_MAGIC 0x1cd1
#define PIPEFS_MAGIC 0x50495045
#define CGROUP2_MAGIC 0x63677270
