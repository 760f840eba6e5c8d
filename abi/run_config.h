/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The run configuration: what is to be started, and how. The kernel reads it and starts what is plain (one command, no user, no
 * mounts); init does all else. One format, two places:
 *
 *   in the image          the file RUN_CONFIG_PATH, written when the image is composed
 *   beside the machine    QEMU fw_cfg file RUN_CONFIG_FW_CFG, written by `dory run`: it overrides the image's
 *                         without rewriting it; the guest's kernel shows it to init as RUN_CONFIG_DEVICE
 *
 * Format: the line "dory-run 1\n", then records, each
 *
 *   KEY ' ' LENGTH ' ' VALUE '\n'          LENGTH: bytes of VALUE in decimal; VALUE may hold any byte but NUL
 *
 * An unknown KEY is an error in the image's file and in the override alike: both are made for this very version.
 *
 *   arg     one argument of the command; the first is the program, looked up in PATH if it has no '/'
 *   next    ";" or "&": the arguments so far are one command; it is waited for, or left running, before the next
 *   env     "NAME=VALUE"
 *   unset   "NAME": in an override, a variable of the image's that this run does not have
 *   cwd     working directory of the command
 *   host    host name
 *   user    "USER", "USER:GROUP", "UID:GID": looked up in the image's /etc/passwd and /etc/group
 *   mount   "SOURCE TARGET TYPE OPTIONS", words separated by one blank; the directory TARGET is made if need be;
 *           OPTIONS that begin with "ro" are for reading alone
 *   stdio   "tty": descriptors 0, 1, 2 are the terminal /dev/console; "streams": they are the control channel's
 *           stdin, stdout and stderr ports (abi/control.h)
 *   winsize "ROWS COLUMNS" of the terminal at the start
 *   image   in an override, as its first record: all of the image's file, which the guest then does not read
 *
 * Merging: an override that has any arg or next replaces all of the image's; env records add or replace by name,
 * unset records take away;
 * mount records add; every other key replaces.
 */
#pragma once

#define RUN_CONFIG_MAGIC   "dory-run 1\n"
#define RUN_CONFIG_PATH	   "/etc/dory/run"
#define RUN_CONFIG_FW_CFG  "opt/dory/run"
#define RUN_CONFIG_DEVICE  "/dev/dory/run"
#define RUN_CONFIG_MAX	   (1u << 20) /* bytes of one file */
