/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Address spaces: the regions of a process's memory and its page table. Shared by threads and vfork, copied by fork (copy on write).
 * Private pages: a frame's references count the page tables that hold it; a write fault on a frame with more than one copies it.
 */
#pragma once
#include "kernel/arch/page_table.h"
#include "kernel/sched/wait.h"
#include "kernel/vm/page_cache.h"
#include "lib/rbtree.h"

/* What a region maps, if not anonymous memory: held by reference; `file` is file/'s own. */
struct mapped_file {
	struct page_cache *cache;
	uint64_t (*size)(void *file);	    /* bytes; access beyond the last page is SIGBUS */
	void (*get)(void *file);
	void (*put)(void *file);
	void (*written)(void *file); /* the program has begun to write a page of a shared mapping; no lock held. May be NULL */
	void (*attached)(void *file), (*detached)(void *file); /* told of each region beside its get and put; may be NULL */
	long (*describe)(void *file, char *path, size_t size); /* for /proc/self/maps */
	void *file;
	uint64_t device, inode;
	bool is_read_only;		    /* not open for writing: shared mappings cannot become writable */
};

enum region_flags { REGION_READ = 1, REGION_WRITE = 2, REGION_EXEC = 4, REGION_SHARED = 8, REGION_GROWS_DOWN = 16, REGION_MAY_WRITE = 32, REGION_DONT_FORK = 64, REGION_STACK = 128, REGION_HEAP = 256, REGION_FIXED_FRAMES = 512 /* vDSO, device */, REGION_WIPE_ON_FORK = 1024, REGION_NO_HUGE = 2048, REGION_HUGE = 4096 /* asked for */, REGION_SEALED = 8192,
	REGION_LOCKED = 16384, REGION_LOCK_ON_FAULT = 32768 /* beside it: pages are not brought in beforehand */, REGION_LOCK_MASK = REGION_LOCKED | REGION_LOCK_ON_FAULT,
	REGION_DONT_DUMP = 65536 };

struct memory_policy { /* set_mempolicy(2), mbind(2): kept and told. mode 0: none */
	uint16_t mode, flags;
	bool has_node;
};

struct region {
	struct rb_node node;
	uint64_t start, end; /* page-aligned */
	unsigned flags;
	struct mapped_file file; /* cache NULL: anonymous */
	uint64_t offset;	 /* bytes of the file at start */
	struct list cache_node;	 /* in cache->regions */
	struct address_space *space; /* NULL: the mark of a walk through cache->regions, no region */
	const char *name;	 /* "[stack]", "[heap]", "[vdso]" */
	uint64_t fixed_frame;	 /* REGION_FIXED_FRAMES: physical address at start */
	uint64_t next_fault;	 /* anonymous: where a program that goes on in order faults next */
	unsigned window;	 /* pages that the last fault entered */
	struct memory_policy policy;
};

struct address_space {
	struct page_table page_table;
	struct mutex lock;	   /* guards all below and the page table */
	struct rb_tree regions;
	struct region *last_hit;
	uint64_t brk_start, brk, stack_top, mmap_base;
	uint64_t arg_start, arg_end, env_start, env_end, auxv_start, auxv_end; /* for /proc */
	uint64_t resident, peak_resident, mapped_bytes;	  /* pages, pages, bytes; resident is atomic */
	uint64_t faults_minor, faults_major;
	uint64_t limit_bytes, limit_data, limit_stack; /* rlimits, bytes */
	uint64_t vdso;
	uint32_t references;	/* atomic: users; the last frees the memory */
	uint32_t pins;		/* atomic: the struct itself; users together hold one */
	uint64_t data_bytes;	/* private and writable, for RLIMIT_DATA */
	uint64_t locked_bytes;	/* for RLIMIT_MEMLOCK */
	unsigned nr_regions;
	unsigned lock_future;	/* of REGION_LOCK_MASK: what is mapped from now on gets it (mlockall(2)) */
	uint64_t place_from;	/* no hole above is larger than place_skipped */
	uint64_t place_skipped;
	bool has_seals;		  /* some region is sealed */
	bool has_no_huge;	  /* no large pages (PR_SET_THP_DISABLE) */
	uint64_t thrash_since_ns; /* when counting of the following began */
	uint64_t thrash_reads;	  /* page faults on code that had to read */
};

extern unsigned address_space_max_regions; /* vm.max_map_count */
struct address_space *address_space_new(void); /* NULL: no memory */
void address_space_get(struct address_space *space);
void address_space_put(struct address_space *space);
/* How many page faults there were in address spaces that have ended. */
void address_space_gone_faults(uint64_t *minor, uint64_t *major);
/* A copy as fork makes it. NULL: no memory. The caller must be running on or own `space`. */
struct address_space *address_space_copy(struct address_space *space);

/*
 * Maps [address, address+len). address 0 without MAP_FIXED, or a hint that is taken: a place is chosen. `file` NULL: anonymous; its `get` is called for the region.
 * flags are mmap(2)'s MAP_* and prot PROT_* (uapi/mman.h). Returns the address or -errno.
 */
int64_t address_space_map(struct address_space *space, uint64_t address, uint64_t len, int prot, int flags, const struct mapped_file *file, uint64_t offset);
/* Enters given frames (vDSO): not freed with the region. */
int address_space_map_frames(struct address_space *space, uint64_t address, uint64_t phys, uint64_t len, int prot, const char *name) must_check;
int address_space_unmap(struct address_space *space, uint64_t address, uint64_t len) must_check;
/* shmdt(2): unmaps what is left of a file's mapping whose byte 0 was put at `address`, if the file is of the kind that `is_wanted` knows. -EINVAL: none. */
int address_space_unmap_file(struct address_space *space, uint64_t address, bool (*is_wanted)(const struct mapped_file *file)) must_check;
int address_space_protect(struct address_space *space, uint64_t address, uint64_t len, int prot) must_check;
/* Shared memory that cannot become writable any more. */
void address_space_keep_read_only(struct address_space *space, uint64_t address, uint64_t len);
int64_t address_space_remap(struct address_space *space, uint64_t old, uint64_t old_len, uint64_t new_len, int flags, uint64_t new_address);
/* remap_file_pages(2): the shared file mapping shows the file from `page` on instead; prot must be 0. */
int address_space_remap_file(struct address_space *space, uint64_t address, uint64_t len, int prot, uint64_t page) must_check;
int64_t address_space_set_brk(struct address_space *space, uint64_t brk); /* the new break, or the old one if it cannot be had */
/* mseal(2), whole pages: -ENOMEM where nothing is mapped. */
int address_space_seal(struct address_space *space, uint64_t start, uint64_t len) must_check;
/*
 * mlock2(2), munlock(2): the whole pages of the range get `lock` of REGION_LOCK_MASK, or none. -EPERM: nothing may be locked; -ENOMEM: more than may be,
 * a hole, or no memory; -EINTR: the thread is being killed.
 */
int address_space_lock(struct address_space *space, uint64_t start, uint64_t len, unsigned lock) must_check;
/* mlockall(2), munlockall(2): of what there is, if that is meant, and of what is mapped later. */
int address_space_lock_all(struct address_space *space, bool current, unsigned lock, unsigned lock_future) must_check;
/* The bytes that the running thread may lock: process/ knows. */
void address_space_set_lock_limit_hook(uint64_t (*limit)(void));
/* mbind(2), whole pages: -EFAULT: there is a hole. And what holds at an address: false: nothing is mapped there. */
int address_space_set_policy(struct address_space *space, uint64_t start, uint64_t len, const struct memory_policy *policy) must_check;
bool address_space_policy(struct address_space *space, uint64_t address, struct memory_policy *policy);
int address_space_advise(struct address_space *space, uint64_t address, uint64_t len, int advice) must_check;
int address_space_sync(struct address_space *space, uint64_t address, uint64_t len, int flags) must_check;
bool address_space_is_mapped(struct address_space *space, uint64_t start, uint64_t end); /* every page of it */
int address_space_mincore(struct address_space *space, uint64_t address, uint64_t len, uint8_t *vector) must_check;
void address_space_name(struct address_space *space, uint64_t address, const char *name);
/* Moves the stack's region etc. are ordinary maps: MAP_GROWSDOWN regions grow on faults down to limit_stack. */

/* Serves a page fault. 0, or the signal to send with its code: SIGSEGV (SEGV_MAPERR, SEGV_ACCERR), SIGBUS (BUS_ADRERR); SIGKILL: no memory. */
struct fault_result {
	int signal, code;
};
struct fault_result address_space_fault(struct address_space *space, uint64_t address, enum access access);

/* The space of the thread that runs: process/ sets how to find it. */
void address_space_set_current_hook(struct address_space *(*current)(void));
/* Asked when no page can be had for a copy to or from user memory: makes room and says whether to try again. May sleep. */
void address_space_set_memory_hook(bool (*retry)(void));

/* Copies to and from another process's memory (execve's new stack, ptrace, process_vm_readv): bytes copied, or -EFAULT. */
long address_space_read(struct address_space *space, uint64_t address, void *to, size_t len);
long address_space_write(struct address_space *space, uint64_t address, const void *from, size_t len);
/* As a debugger reads: memory that the program may not access as well. */
long address_space_peek(struct address_space *space, uint64_t address, void *to, size_t len);
/* Something is entered at the address that is not just zeros by not having been written. */
bool address_space_has_page(struct address_space *space, uint64_t address);
/* Some pages of a private mapping are the process's own by now; for the visitor of address_space_walk. */
bool region_has_private_pages(const struct region *region);
/* As a debugger writes: private memory that the program itself may only read as well; it gets a copy of its own of what it shares. */
long address_space_poke(struct address_space *space, uint64_t address, const void *from, size_t len);

/* Identifies a futex word: the frame's address for shared memory, space + address for private. -EFAULT. Takes no reference. */
struct memory_key {
	uint64_t object, offset;
};
int address_space_key(struct address_space *space, uint64_t address, bool is_private, struct memory_key *key) must_check;

/* What a region has in memory: pages, but for `share`. */
struct region_usage {
	uint64_t resident, anonymous, shared, dirty, shared_dirty, referenced, huge;
	uint64_t share; /* bytes, each page's divided among those who have it */
};

/* Walks the regions in order for /proc: calls visit under the lock. */
void address_space_walk(struct address_space *space, bool (*visit)(void *context, const struct region *region, const struct region_usage *usage), void *context);
/* What is entered at an address, for /proc/PID/pagemap: false if nothing is. */
struct page_entry {
	uint64_t frame; /* physical address */
	bool is_file, is_exclusive;
};
bool address_space_entry(struct address_space *space, uint64_t address, struct page_entry *entry);
