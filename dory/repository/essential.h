/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a Debian system has without any package saying that it needs it, and what packages say they need only to be installed by
 * dpkg: the two places where an image differs from an installation.
 */
#pragma once
#include "lib/attr.h"

/*
 * Always in an image, as packages rely on them without a dependency (Debian policy 3.8): the file system's skeleton and nsswitch.conf,
 * the table of users, the C.UTF-8 locale, /bin/sh for system(3).
 */
static const char *const essential_always[] = {"base-files", "base-passwd", "libc-bin", "dash"};

/* Who asks for a shell expects the commands that every shell script uses. */
static const char *const essential_shells[] = {"bash", "dash", "zsh", "ksh", "mksh", "fish"};
static const char *const essential_for_shells[] = {"coreutils", "findutils", "grep", "sed"};

/* Of several that provide the same and are not named by the dependency: what Debian's installer takes. */
static const char *const essential_providers[] = {"mawk"};

/*
 * Needed by maintainer scripts alone, which do not run here: taken as present, so that redis-server does not bring perl. Each is
 * installed all the same if it is asked for by name.
 */
static const char *const essential_scripts_only[] = {
    "adduser",			   /* makes users */
    "cdebconf",			   /* asks questions */
    "debconf",			   /* the same */
    "dpkg",			   /* Pre-Depends on a version that knows a feature */
    "init-system-helpers",	   /* enables and starts services */
    "install-info",		   /* index of documentation */
    "libdebconfclient0",	   /* of base-passwd's update-passwd */
    "lsb-base",			   /* functions of init scripts; empty since Debian 12 */
    "sysvinit-utils",		   /* the same, where they went */
    "systemd-standalone-sysusers", /* makes users */
    "ucf",			   /* keeps the administrator's changes to settings */
    "update-inetd",		   /* registers with inetd */
};
