/* SPDX-License-Identifier: BSD-3-Clause */
/* How an instance does: written by the process that looks after it, read by every command. */
#pragma once
#include "dory/instances/record.h"

enum instance_status {
	STATUS_CREATED,  /* nothing was started yet */
	STATUS_STARTING, /* the machine boots */
	STATUS_RUNNING,  /* the program was started */
	STATUS_WAITING,  /* it ended, and is started again in a moment */
	STATUS_EXITED,   /* the program ended, by itself or asked to */
	STATUS_FAILED,   /* it could not be started, or the machine ended under it */
	STATUS_LOST,     /* whoever looked after it was killed, and the machine with it */
};

enum instance_health { HEALTH_NONE, HEALTH_STARTING, HEALTH_GOOD, HEALTH_BAD };

struct instance_state {
	int status; /* enum instance_status */
	int health; /* enum instance_health */
	int64_t health_failures; /* in a row */
	char *health_text;       /* what the last check saw */
	int64_t supervisor, hypervisor; /* process ids; 0: none */
	char *boot_id;                  /* of the host (random(4)) when this was written */
	char *started, *ended;          /* UTC: the last start of the program, its end */
	int64_t starts, restarts;       /* starts that succeeded since it was created; those of them by the restart policy in this life */
	int64_t exit_status;            /* as `dory run` has it; -1: not known */
	char *end;                      /* how it ended, a sentence; STATUS_FAILED: why */
	char *hint;                     /* what to try then */
	bool is_stop_wanted;            /* a person asked for the end */
	struct text_list ports;         /* "0.0.0.0:8080/tcp 80": the forward and the guest's port */
};

extern const char *const instance_status_words[], *const instance_health_words[];

int instance_state_read(int directory, struct instance_state *state, struct dory_error *err) must_check;
int instance_state_write(int directory, const struct instance_state *state, bool is_durable, struct dory_error *err) must_check;
void instance_state_release(struct instance_state *state);
int instance_state_print(const struct instance_state *state, char **text, struct dory_error *err) must_check;

/* Of a process that looks after it: the lock says whether that lives. */
static inline bool instance_status_is_live(int status)
{
	return status == STATUS_STARTING || status == STATUS_RUNNING || status == STATUS_WAITING;
}

char *time_text_now(void); /* "2026-11-28T18:11:05Z"; returns owned */
char *host_boot_id(void);  /* returns owned; "" if it cannot be known */
