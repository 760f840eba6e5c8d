/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The memory of a new program. From the top, each at a place that differs from run to run (ASLR, as far as Linux spreads it):
 *
 *   stack         grows down; at its top strings, auxiliary vector, environment, arguments (System V ABI for x86-64, §3.4.1)
 *   (room for the stack's limit)
 *   vDSO, interpreter, then what the program maps, downwards
 *   heap          grows up from behind the program
 *   program       where it wants to be, or at two thirds of the space
 */
#include "kernel/arch/cpu.h"
#include "kernel/arch/vdso.h"
#include "kernel/file/random.h"
#include "kernel/mem/heap.h"
#include "kernel/platform/platform.h"
#include "kernel/process/credentials.h"
#include "kernel/process/exec.h"
#include "kernel/process/internal.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/mman.h"
#include "lib/string.h"

#define STACK_RANDOM   (16ull << 30)
#define MAP_RANDOM     (1ull << 40)
#define PROGRAM_BASE   0x555555554000ull
#define PROGRAM_RANDOM (1ull << 40)
#define BREAK_RANDOM   (32ull << 20)
#define STACK_INITIAL  (132ull << 10)
#define STACK_GAP_MIN  (128ull << 20)
#define STACK_GAP_MAX  (USER_END / 6 * 5)
#define PLATFORM       "x86_64"
#define RANDOM_LEN     16
#define NR_AUXV	       24

enum { /* getauxval(3) */
	AT_NULL = 0, AT_PHDR = 3, AT_PHENT = 4, AT_PHNUM = 5, AT_PAGESZ = 6, AT_BASE = 7, AT_FLAGS = 8, AT_ENTRY = 9, AT_UID = 11, AT_EUID = 12, AT_GID = 13, AT_EGID = 14,
	AT_PLATFORM = 15, AT_HWCAP = 16, AT_CLKTCK = 17, AT_SECURE = 23, AT_RANDOM = 25, AT_HWCAP2 = 26, AT_EXECFN = 31, AT_SYSINFO_EHDR = 33, AT_MINSIGSTKSZ = 51,
};

unsigned exec_randomizes = 2;

static uint64_t random_below(const struct exec *exec, uint64_t range)
{
	return !exec_randomizes || exec->process->personality & PERSONALITY_NO_RANDOM ? 0 : random_u64() % range;
}

static uint64_t random_pages(const struct exec *exec, uint64_t range)
{
	return align_down(random_below(exec, range), PAGE_SIZE);
}

static void choose_places(struct exec *exec)
{
	struct address_space *space = exec->space;
	uint64_t gap = space->limit_stack;

	gap = gap < STACK_GAP_MIN ? STACK_GAP_MIN : gap > STACK_GAP_MAX ? STACK_GAP_MAX : gap;
	space->stack_top = USER_END - random_pages(exec, STACK_RANDOM);
	space->mmap_base = align_down(space->stack_top - gap, PAGE_SIZE) - random_pages(exec, MAP_RANDOM);
}

static int map_vdso(struct exec *exec)
{
	struct address_space *space = exec->space;
	uint64_t len = (uint64_t)(vdso_image_end - vdso_image_start), base = exec->top_used - len - PAGE_SIZE;
	int ret = address_space_map_frames(space, base, virt_to_phys(clock_parameters()), PAGE_SIZE, LINUX_PROT_READ, "[vvar]");

	if (!ret)
		ret = address_space_map_frames(space, base + PAGE_SIZE, virt_to_phys(vdso_image_start), len, LINUX_PROT_READ | LINUX_PROT_EXEC, "[vdso]");
	space->vdso = base + PAGE_SIZE;
	exec->top_used = base;
	return ret;
}

static int map_program(struct exec *exec)
{
	struct exec_image *image = &exec->program;
	int ret;

	if (image->header.type == ELF_TYPE_SHARED)
		image->bias = align_down(PROGRAM_BASE + random_pages(exec, PROGRAM_RANDOM), image->alignment) - image->start;
	ret = exec_image_map(image, &exec->source, exec->space);
	exec->space->brk_start = exec->space->brk = image->break_end + random_pages(exec, BREAK_RANDOM);
	exec->entry = image->header.entry + image->bias;
	return ret;
}

static int map_interpreter(struct exec *exec)
{
	struct exec_image *image = &exec->interpreter;
	int ret;

	if (!exec->interpreter_source.file)
		return 0;
	if (image->header.type == ELF_TYPE_SHARED)
		image->bias = align_down(exec->top_used - (image->end - image->start), image->alignment) - image->start;
	ret = exec_image_map(image, &exec->interpreter_source, exec->space);
	exec->entry = image->header.entry + image->bias;
	return ret;
}

/* ---- The stack. ---- */

static int map_stack(struct exec *exec, uint64_t used)
{
	uint64_t len = align_up(used + STACK_INITIAL, PAGE_SIZE);
	int prot = LINUX_PROT_READ | LINUX_PROT_WRITE | (exec->program.is_stack_executable ? LINUX_PROT_EXEC : 0);
	int flags = LINUX_MAP_PRIVATE | LINUX_MAP_ANONYMOUS | LINUX_MAP_FIXED | LINUX_MAP_GROWSDOWN | LINUX_MAP_STACK;
	int64_t ret = address_space_map(exec->space, exec->space->stack_top - len, len, prot, flags, NULL, 0);

	if (ret < 0)
		return (int)ret;
	address_space_name(exec->space, exec->space->stack_top - len, "[stack]");
	return 0;
}

static int put(struct address_space *space, uint64_t address, const void *from, size_t len)
{
	return address_space_write(space, address, from, len) == (long)len ? 0 : -ENOMEM;
}

static int put_strings(struct address_space *space, uint64_t address, const struct string_area *area)
{
	for (size_t done = 0; done < area->len; done += PAGE_SIZE) {
		int ret = put(space, address + done, area->pages[done / PAGE_SIZE], min_u64(area->len - done, PAGE_SIZE));

		if (ret)
			return ret;
	}
	return 0;
}

/* The addresses of the strings, which stand at `address` one behind the other, and a NULL. */
static uint64_t *add_pointers(uint64_t *to, uint64_t address, const struct string_area *area)
{
	uint64_t start = address;

	for (size_t i = 0; i < area->len; i++) {
		if (area->pages[i / PAGE_SIZE][i % PAGE_SIZE])
			continue;
		*to++ = start;
		start = address + i + 1;
	}
	*to++ = 0;
	return to;
}

struct stack_places {
	uint64_t name, arguments, environment, platform, random;
};

static uint64_t *add_auxv(uint64_t *to, const struct exec *exec, const struct stack_places *places)
{
	const struct credentials *c = exec->credentials ? exec->credentials : credentials_current();
	const struct exec_image *program = &exec->program;
	const uint64_t values[][2] = {
	    {AT_SYSINFO_EHDR, exec->space->vdso}, {AT_MINSIGSTKSZ, user_vector_size() + 1024}, {AT_HWCAP, cpu_hwcap()}, {AT_PAGESZ, PAGE_SIZE}, {AT_CLKTCK, 100},
	    {AT_PHDR, program->headers ? program->headers + program->bias : 0}, {AT_PHENT, sizeof(struct elf_segment)}, {AT_PHNUM, program->header.program_count},
	    {AT_BASE, exec->interpreter_source.file ? exec->interpreter.start + exec->interpreter.bias : 0}, {AT_FLAGS, 0},
	    {AT_ENTRY, program->header.entry + program->bias}, {AT_UID, c->uid}, {AT_EUID, c->euid}, {AT_GID, c->gid}, {AT_EGID, c->egid},
	    {AT_SECURE, exec->is_secure}, {AT_RANDOM, places->random}, {AT_HWCAP2, cpu_hwcap2()}, {AT_EXECFN, places->name}, {AT_PLATFORM, places->platform}, {AT_NULL, 0}};

	_Static_assert(sizeof(values) / 16 <= NR_AUXV, "more room in the vector");
	memcpy(to, values, sizeof(values));
	return to + sizeof(values) / sizeof(uint64_t);
}

/* argc, argv, envp and the auxiliary vector, which begin at a multiple of 16. */
static int put_vectors(struct exec *exec, const struct stack_places *places, uint64_t below)
{
	size_t most = 3 + exec->arguments.count + exec->environment.count + 2 * NR_AUXV;
	uint64_t *vector = heap_alloc(most * sizeof(uint64_t)), *to = vector, *auxv;
	int ret;

	if (!vector)
		return -ENOMEM;
	*to++ = exec->arguments.count;
	to = add_pointers(to, places->arguments, &exec->arguments);
	to = add_pointers(to, places->environment, &exec->environment);
	auxv = to;
	to = add_auxv(to, exec, places);
	exec->stack = align_down(below - (uint64_t)(to - vector) * sizeof(uint64_t), 16);
	exec->space->auxv_start = exec->stack + (uint64_t)(auxv - vector) * sizeof(uint64_t);
	exec->space->auxv_end = exec->stack + (uint64_t)(to - vector) * sizeof(uint64_t);
	ret = put(exec->space, exec->stack, vector, (size_t)(to - vector) * sizeof(uint64_t));
	heap_free(vector);
	return ret;
}

static int build_stack(struct exec *exec)
{
	struct address_space *space = exec->space;
	struct stack_places places;
	size_t name_len = strlen(exec->name) + 1;
	char bytes[RANDOM_LEN + sizeof(PLATFORM)];
	int ret;

	places.name = space->stack_top - sizeof(uint64_t) - name_len;
	places.environment = places.name - exec->environment.len;
	places.arguments = places.environment - exec->arguments.len;
	places.platform = places.arguments - sizeof(PLATFORM);
	places.random = places.platform - RANDOM_LEN;
	random_fill(bytes, RANDOM_LEN);
	memcpy(bytes + RANDOM_LEN, PLATFORM, sizeof(PLATFORM));
	ret = map_stack(exec, space->stack_top - places.random + (exec->arguments.count + exec->environment.count) * sizeof(uint64_t));
	if (!ret)
		ret = put(space, places.name, exec->name, name_len);
	if (!ret)
		ret = put_strings(space, places.environment, &exec->environment);
	if (!ret)
		ret = put_strings(space, places.arguments, &exec->arguments);
	if (!ret)
		ret = put(space, places.random, bytes, sizeof(bytes));
	if (!ret)
		ret = put_vectors(exec, &places, places.random - random_below(exec, 256));
	space->arg_start = places.arguments;
	space->arg_end = space->env_start = places.environment;
	space->env_end = places.name;
	return ret;
}

int exec_build(struct exec *exec)
{
	int ret;

	exec->space = address_space_new();
	if (!exec->space)
		return -ENOMEM;
	limits_apply_memory(exec->process, exec->space);
	choose_places(exec);
	exec->top_used = exec->space->mmap_base;
	ret = map_vdso(exec);
	if (!ret)
		ret = map_program(exec);
	if (!ret)
		ret = map_interpreter(exec);
	return ret ? ret : build_stack(exec);
}
