/* SPDX-License-Identifier: BSD-3-Clause */
/* System calls that answer ENOSYS, and why: for docs/syscalls.md alone. */
#include "kernel/syscall/syscall.h"

/* ---- Linux has numbers for these, and no code. ---- */

SYSCALL_ABSENT(uselib, "Linux has left it out since 6.16; programs have not used it since ELF");
SYSCALL_ABSENT(_sysctl, "Linux has no code for it since 5.5: /proc/sys is the interface");
SYSCALL_ABSENT(create_module, "Linux has no code for it since 2.6");
SYSCALL_ABSENT(get_kernel_syms, "Linux has no code for it since 2.6");
SYSCALL_ABSENT(query_module, "Linux has no code for it since 2.6");
SYSCALL_ABSENT(nfsservctl, "Linux has no code for it since 3.1");
SYSCALL_ABSENT(getpmsg, "Linux never had code for it");
SYSCALL_ABSENT(putpmsg, "Linux never had code for it");
SYSCALL_ABSENT(afs_syscall, "Linux never had code for it");
SYSCALL_ABSENT(tuxcall, "Linux never had code for it");
SYSCALL_ABSENT(security, "Linux never had code for it");
SYSCALL_ABSENT(vserver, "Linux never had code for it");
SYSCALL_ABSENT(epoll_ctl_old, "Linux never had code for it");
SYSCALL_ABSENT(epoll_wait_old, "Linux never had code for it");
SYSCALL_ABSENT(set_thread_area, "as on Linux, it is for 32-bit programs only");
SYSCALL_ABSENT(get_thread_area, "as on Linux, it is for 32-bit programs only");
SYSCALL_ABSENT(lookup_dcookie, "Linux has no code for it since 6.7");

/* ---- As a Linux built or started without a feature. ---- */

SYSCALL_ABSENT(iopl, "as a Linux without CONFIG_X86_IOPL_IOPERM: programs have no I/O ports");
SYSCALL_ABSENT(ioperm, "as a Linux without CONFIG_X86_IOPL_IOPERM: programs have no I/O ports");
SYSCALL_ABSENT(init_module, "as a Linux without CONFIG_MODULES");
SYSCALL_ABSENT(delete_module, "as a Linux without CONFIG_MODULES");
SYSCALL_ABSENT(finit_module, "as a Linux without CONFIG_MODULES");
SYSCALL_ABSENT(kexec_load, "as a Linux without CONFIG_KEXEC");
SYSCALL_ABSENT(kexec_file_load, "as a Linux without CONFIG_KEXEC_FILE");
SYSCALL_ABSENT(map_shadow_stack, "as a Linux without CONFIG_X86_USER_SHADOW_STACK");
SYSCALL_ABSENT(modify_ldt, "as a Linux without CONFIG_MODIFY_LDT_SYSCALL");
SYSCALL_ABSENT(acct, "as a Linux without CONFIG_BSD_PROCESS_ACCT");
SYSCALL_ABSENT(add_key, "as a Linux without CONFIG_KEYS");
SYSCALL_ABSENT(request_key, "as a Linux without CONFIG_KEYS");
SYSCALL_ABSENT(keyctl, "as a Linux without CONFIG_KEYS");
SYSCALL_ABSENT(memfd_secret, "as a Linux started with secretmem.enable=0, Debian 12's default");
