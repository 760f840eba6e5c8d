/* SPDX-License-Identifier: BSD-3-Clause */
/* mmap(2) and its family. */
#include "kernel/syscall/strace_line.h"
#include "kernel/uapi/mman.h"

static const struct strace_name protections[] = {{1, "PROT_READ"}, {2, "PROT_WRITE"}, {4, "PROT_EXEC"}, {LINUX_PROT_GROWSDOWN, "PROT_GROWSDOWN"}, {0, NULL}};
static const struct strace_name map_flags[] = {{3, "MAP_SHARED_VALIDATE"}, {1, "MAP_SHARED"}, {2, "MAP_PRIVATE"}, {LINUX_MAP_FIXED, "MAP_FIXED"}, {LINUX_MAP_ANONYMOUS, "MAP_ANONYMOUS"},
    {LINUX_MAP_32BIT, "MAP_32BIT"}, {LINUX_MAP_NORESERVE, "MAP_NORESERVE"}, {LINUX_MAP_POPULATE, "MAP_POPULATE"}, {0x10000, "MAP_NONBLOCK"}, {LINUX_MAP_GROWSDOWN, "MAP_GROWSDOWN"},
    {LINUX_MAP_DENYWRITE, "MAP_DENYWRITE"}, {0x1000, "MAP_EXECUTABLE"}, {LINUX_MAP_LOCKED, "MAP_LOCKED"}, {LINUX_MAP_STACK, "MAP_STACK"}, {LINUX_MAP_HUGETLB, "MAP_HUGETLB"},
    {LINUX_MAP_FIXED_NOREPLACE, "MAP_FIXED_NOREPLACE"}, {0, NULL}};
static const struct strace_name remap_flags[] = {{1, "MREMAP_MAYMOVE"}, {2, "MREMAP_FIXED"}, {4, "MREMAP_DONTUNMAP"}, {0, NULL}};
static const struct strace_name sync_flags[] = {{1, "MS_ASYNC"}, {2, "MS_INVALIDATE"}, {4, "MS_SYNC"}, {0, NULL}};
static const struct strace_name lock_flags[] = {{1, "MCL_CURRENT"}, {2, "MCL_FUTURE"}, {4, "MCL_ONFAULT"}, {0, NULL}};
static const struct strace_name advices[] = {{0, "MADV_NORMAL"}, {1, "MADV_RANDOM"}, {2, "MADV_SEQUENTIAL"}, {3, "MADV_WILLNEED"}, {4, "MADV_DONTNEED"}, {8, "MADV_FREE"}, {9, "MADV_REMOVE"},
    {10, "MADV_DONTFORK"}, {11, "MADV_DOFORK"}, {12, "MADV_MERGEABLE"}, {13, "MADV_UNMERGEABLE"}, {14, "MADV_HUGEPAGE"}, {15, "MADV_NOHUGEPAGE"}, {16, "MADV_DONTDUMP"}, {17, "MADV_DODUMP"},
    {18, "MADV_WIPEONFORK"}, {19, "MADV_KEEPONFORK"}, {20, "MADV_COLD"}, {21, "MADV_PAGEOUT"}, {22, "MADV_POPULATE_READ"}, {23, "MADV_POPULATE_WRITE"}, {25, "MADV_COLLAPSE"}, {0, NULL}};

static void show_protection(struct strace_line *line, const struct strace_value *v)
{
	strace_add_flags(line, v->value, protections, "PROT_NONE");
}

static void show_new_place(struct strace_line *line, const struct strace_value *v)
{
	if (v->a->v[3] & LINUX_MREMAP_FIXED)
		strace_show_address(line, v);
	else
		strace_omit(line);
}

#define PROTECTION {.show = show_protection}

STRACE_ADDRESS(mmap, ADDRESS, UNSIGNED, PROTECTION, FLAGS(map_flags), INT, HEX);
STRACE(munmap, ADDRESS, UNSIGNED);
STRACE(mprotect, ADDRESS, UNSIGNED, PROTECTION);
STRACE(pkey_mprotect, ADDRESS, UNSIGNED, PROTECTION, INT);
STRACE_ADDRESS(mremap, ADDRESS, UNSIGNED, UNSIGNED, FLAGS(remap_flags), {.show = show_new_place});
STRACE_ADDRESS(brk, ADDRESS);
STRACE(madvise, ADDRESS, UNSIGNED, NAME(advices));
STRACE(msync, ADDRESS, UNSIGNED, FLAGS(sync_flags));
STRACE(mlock, ADDRESS, UNSIGNED);
STRACE(munlock, ADDRESS, UNSIGNED);
STRACE(mlockall, FLAGS(lock_flags));
STRACE_ADDRESS(shmat, INT, ADDRESS, HEX);
