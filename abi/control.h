/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The control channel: how guest and tool speak while the machine runs. One virtio-serial device with named ports
 * (virtio 1.2 §5.3.6.2); a port that is not there is not used.
 *
 *   CONSOLE_PORT   virtconsole: the terminal, /dev/console in the guest (absent: the serial line is the console)
 *   STDIN_PORT     host to guest: the program's standard input; the host's closing the port is end of file
 *   STDOUT_PORT    guest to host: standard output, byte for byte
 *   STDERR_PORT    guest to host: standard error
 *   CONTROL_PORT   both ways: lines of text, below
 *
 * Each port NAME other than the console is the character device /dev/vport/NAME in the guest.
 *
 * Guest to host, each a line:
 *   start                   the program is about to be started, by the kernel or, if it is not plain, by init
 *   exit N                  the program ended with status N; the machine powers off next
 *   signal N CORE NAME      it was killed by signal N (CORE 1: with the core-dump flag); NAME is the program's path
 *   error CODE TEXT         it was not started, for the reason TEXT (a sentence); CODE is EXIT_*, 125 to 127
 *   counters NAME=N ...     answers the question for them: memory_total, memory_available (bytes), net_received, net_sent
 *                           (bytes of all network interfaces but loopback), disk_read, disk_written (bytes)
 *   output ID STREAM LENGTH what a further program wrote to stream 1 or 2: LENGTH bytes stand behind the line
 *   taken ID LENGTH         it took so many bytes of its input
 *   ended ID STATUS         it has ended, and all of its output was sent: its exit status; 128 and the signal that killed it; EXIT_*
 * Host to guest (each wakes an init that sleeps, since the kernel started the program):
 *   winsize ROWS COLUMNS    the terminal's size changed
 *   signal N                send signal N to the program
 *   counters                asks for the counters
 *   exec ID HOW LENGTH      starts a further program beside the first: LENGTH bytes stand behind the line, a run configuration that overrides the
 *                           machine's (run_config.h). HOW: "tty", a terminal of its own; "streams". ID, from 0 to EXEC_MAX - 1, is free again
 *                           once it was told that the program ended
 *   input ID LENGTH         for its standard input: LENGTH bytes, up to EXEC_FRAME_MAX, stand behind the line
 *   close ID                ends its standard input
 *   more ID LENGTH          so many bytes of its output were passed on
 *   window ID ROWS COLUMNS  the size of its terminal changed
 *   tell ID N               send signal N to its process group
 *   forget ID               nobody waits for it: it is killed, and of its output nothing is sent
 *
 * Each end sends no more than EXEC_WINDOW bytes of input or output that were not told to be taken or passed on; so neither ever waits for the other.
 *
 * The kernel's log goes to the first serial port (COM1) as lines "<L>TEXT", L the severity 0 to 7 of RFC 5424;
 * lines without <L> are output of --strace and --bootchart. Quiet unless the kernel's command line says log=L.
 */
#pragma once

#define CONTROL_PORT "dory.control"
#define STDIN_PORT   "dory.stdin"
#define STDOUT_PORT  "dory.stdout"
#define STDERR_PORT  "dory.stderr"

enum {
	EXEC_MAX = 8,		  /* programs beside the first at one time */
	EXEC_WINDOW = 16384,	  /* bytes on their way, of each program's input and of its output */
	EXEC_FRAME_MAX = 4096,	  /* bytes behind one line "input" or "output" */
	EXEC_CONFIG_MAX = 131072, /* bytes behind "exec" */
};

/* Words of the kernel's command line (PVH start_info, QEMU -append), separated by blanks. */
#define BOOT_OPTION_LOG	      "log="	   /* severities up to this are printed; default 4 (warning) */
#define BOOT_OPTION_ROOT      "root="	   /* the root device, default /dev/vda; "none": a tmpfs */
#define BOOT_OPTION_STRACE    "strace"	   /* print every system call */
#define BOOT_OPTION_BOOTCHART "bootchart"  /* print when each step of the start happened */
#define BOOT_OPTION_IP	      "ip="	   /* addresses of a network interface (kernel/net/system/ip_option.h); a word an interface, without one: DHCP */
#define BOOT_OPTION_PORTS     "ports="	   /* names of ports from number 1 on, with commas between: known without asking the device, which tells of its ports late then */
#define BOOT_OPTION_TIME      "time="	   /* nanoseconds since 1970 when the machine was started */
