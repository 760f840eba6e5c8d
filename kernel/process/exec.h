/* SPDX-License-Identifier: BSD-3-Clause */
/* Running another program (execve(2)), in steps: strings, program file, its memory, the change. */
#pragma once
#include "kernel/process/process.h"
#include "lib/elf.h"

/*
 * execve(2) and execveat(2): argv and envp are user addresses; `shown` is how the program is called for itself and for a script's interpreter.
 * 0: the task's context is the new program's.
 */
int64_t task_exec(const struct path *start, const char *name, const char *shown, unsigned walk_flags, uint64_t argv, uint64_t envp);

/* kernel.randomize_va_space: 0: programs lie at the same addresses each time. */
extern unsigned exec_randomizes;

/* ---- Private to exec*.c, first_program.c and init.c. ---- */

/* Strings one after the other in pages of the heap, as they will stand on the stack. */
struct string_area {
	char **pages;
	size_t nr_pages, len;
	unsigned count;
};
#define STRINGS_MAX (2ul << 20) /* of arguments, environment and the pointers to them: E2BIG (execve(2), limits) */
#define STRING_MAX  (128ul << 10) /* of one, with its NUL */

/* Adds a kernel string; the strings of a user's array from `first` on. -E2BIG, -EFAULT, -ENOMEM. */
int string_area_add(struct string_area *area, const char *text) must_check;
int string_area_add_user(struct string_area *area, uint64_t array, unsigned first) must_check;
void string_area_free(struct string_area *area);

/* Where a program's bytes are: a file, or (init) memory. */
struct exec_source {
	struct file *file;
	const char *memory;
	size_t memory_len;
};
long exec_read(const struct exec_source *source, void *to, size_t len, uint64_t offset);

struct exec_image {
	struct elf_header header;
	char *table; /* program headers; heap */
	uint64_t bias;
	uint64_t start, end; /* of its segments, before the bias, page-aligned */
	uint64_t alignment;
	uint64_t break_end;  /* with the bias */
	uint64_t headers;    /* address of the program headers; 0: not in memory */
	bool is_stack_executable;
	char *interpreter; /* path; heap; NULL: none */
};
/* Reads and checks an ELF file's headers. -ENOEXEC. */
int exec_image_read(struct exec_image *image, const struct exec_source *source, const char *first_bytes, size_t len) must_check;
int exec_image_map(struct exec_image *image, const struct exec_source *source, struct address_space *space) must_check;
void exec_image_free(struct exec_image *image);

/* A new program on its way. */
struct exec {
	struct process *process;
	struct exec_source source;
	const char *name; /* as it was called: AT_EXECFN, and the process's name */
	struct string_area arguments, environment;
	struct exec_image program, interpreter;
	struct exec_source interpreter_source;
	struct address_space *space;
	struct credentials *credentials; /* NULL: unchanged, as yet */
	bool is_secure;			 /* AT_SECURE */
	uint64_t entry, stack;
	uint64_t top_used; /* memory below the stack that is taken: vDSO, interpreter */
};
void exec_free(struct exec *exec);

/* A program's own strings: NULL-terminated arrays in the kernel, or user addresses of such. */
struct exec_strings {
	const char *const *arguments, *const *environment;
	uint64_t user_arguments, user_environment;
};
/* All of execve(2) that can fail; `exec` has its process and name. As the running task, or the kernel, may. exec_free is due, whatever it says. */
int exec_prepare(struct exec *exec, const struct path *start, const char *name, unsigned walk_flags, const struct exec_strings *strings) must_check;
/* The change, for the task of a new process that never ran. */
void exec_enter_new(struct task *task, struct exec *exec);
/* Lays out memory: vDSO, program, interpreter, stack with arguments and auxiliary vector (getauxval(3)). */
int exec_build(struct exec *exec) must_check;
