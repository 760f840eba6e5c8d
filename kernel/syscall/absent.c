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

/* ---- What a guest without modules, I/O ports for programs and a second kernel has no use for, as a Linux built without it. ---- */

SYSCALL_ABSENT(iopl, "as a Linux without CONFIG_X86_IOPL_IOPERM: programs have no I/O ports");
SYSCALL_ABSENT(ioperm, "as a Linux without CONFIG_X86_IOPL_IOPERM: programs have no I/O ports");
SYSCALL_ABSENT(init_module, "as a Linux without CONFIG_MODULES");
SYSCALL_ABSENT(delete_module, "as a Linux without CONFIG_MODULES");
SYSCALL_ABSENT(finit_module, "as a Linux without CONFIG_MODULES");
SYSCALL_ABSENT(kexec_load, "as a Linux without CONFIG_KEXEC");
SYSCALL_ABSENT(kexec_file_load, "as a Linux without CONFIG_KEXEC_FILE");
SYSCALL_ABSENT(map_shadow_stack, "as a Linux without CONFIG_X86_USER_SHADOW_STACK");

/* ---- Not written yet. ---- */

SYSCALL_ABSENT(ptrace, "not written yet");
SYSCALL_ABSENT(io_setup, "not written yet");
SYSCALL_ABSENT(io_destroy, "not written yet");
SYSCALL_ABSENT(io_getevents, "not written yet");
SYSCALL_ABSENT(io_submit, "not written yet");
SYSCALL_ABSENT(io_cancel, "not written yet");
SYSCALL_ABSENT(io_pgetevents, "not written yet");
SYSCALL_ABSENT(io_uring_setup, "not written yet");
SYSCALL_ABSENT(io_uring_enter, "not written yet");
SYSCALL_ABSENT(io_uring_register, "not written yet");
SYSCALL_ABSENT(ustat, "not written yet");
SYSCALL_ABSENT(sysfs, "not written yet");
SYSCALL_ABSENT(vhangup, "not written yet");
SYSCALL_ABSENT(modify_ldt, "not written yet");
SYSCALL_ABSENT(pivot_root, "not written yet");
SYSCALL_ABSENT(acct, "not written yet");
SYSCALL_ABSENT(swapon, "not written yet");
SYSCALL_ABSENT(swapoff, "not written yet");
SYSCALL_ABSENT(quotactl, "not written yet");
SYSCALL_ABSENT(remap_file_pages, "not written yet");
SYSCALL_ABSENT(restart_syscall, "not written yet");
SYSCALL_ABSENT(mq_open, "not written yet");
SYSCALL_ABSENT(mq_unlink, "not written yet");
SYSCALL_ABSENT(mq_timedsend, "not written yet");
SYSCALL_ABSENT(mq_timedreceive, "not written yet");
SYSCALL_ABSENT(mq_notify, "not written yet");
SYSCALL_ABSENT(mq_getsetattr, "not written yet");
SYSCALL_ABSENT(add_key, "not written yet");
SYSCALL_ABSENT(request_key, "not written yet");
SYSCALL_ABSENT(keyctl, "not written yet");
SYSCALL_ABSENT(migrate_pages, "not written yet");
SYSCALL_ABSENT(move_pages, "not written yet");
SYSCALL_ABSENT(perf_event_open, "not written yet");
SYSCALL_ABSENT(fanotify_init, "not written yet");
SYSCALL_ABSENT(fanotify_mark, "not written yet");
SYSCALL_ABSENT(name_to_handle_at, "not written yet");
SYSCALL_ABSENT(open_by_handle_at, "not written yet");
SYSCALL_ABSENT(setns, "not written yet");
SYSCALL_ABSENT(seccomp, "not written yet");
SYSCALL_ABSENT(bpf, "not written yet");
SYSCALL_ABSENT(userfaultfd, "not written yet");
SYSCALL_ABSENT(pkey_mprotect, "not written yet");
SYSCALL_ABSENT(pkey_alloc, "not written yet");
SYSCALL_ABSENT(pkey_free, "not written yet");
SYSCALL_ABSENT(open_tree, "not written yet");
SYSCALL_ABSENT(move_mount, "not written yet");
SYSCALL_ABSENT(fsopen, "not written yet");
SYSCALL_ABSENT(fsconfig, "not written yet");
SYSCALL_ABSENT(fsmount, "not written yet");
SYSCALL_ABSENT(fspick, "not written yet");
SYSCALL_ABSENT(mount_setattr, "not written yet");
SYSCALL_ABSENT(quotactl_fd, "not written yet");
SYSCALL_ABSENT(landlock_create_ruleset, "not written yet");
SYSCALL_ABSENT(landlock_add_rule, "not written yet");
SYSCALL_ABSENT(landlock_restrict_self, "not written yet");
SYSCALL_ABSENT(memfd_secret, "not written yet");
SYSCALL_ABSENT(process_mrelease, "not written yet");
SYSCALL_ABSENT(futex_waitv, "not written yet");
SYSCALL_ABSENT(set_mempolicy_home_node, "not written yet");
SYSCALL_ABSENT(cachestat, "not written yet");
SYSCALL_ABSENT(futex_wake, "not written yet");
SYSCALL_ABSENT(futex_wait, "not written yet");
SYSCALL_ABSENT(futex_requeue, "not written yet");
SYSCALL_ABSENT(statmount, "not written yet");
SYSCALL_ABSENT(listmount, "not written yet");
SYSCALL_ABSENT(lsm_get_self_attr, "not written yet");
SYSCALL_ABSENT(lsm_set_self_attr, "not written yet");
SYSCALL_ABSENT(lsm_list_modules, "not written yet");
SYSCALL_ABSENT(mseal, "not written yet");
