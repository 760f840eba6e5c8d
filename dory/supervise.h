/* SPDX-License-Identifier: BSD-3-Clause */
/* An instance from its start to its end: private to supervise.c and attend.c. */
#pragma once
#include "dory/dory.h"
#include "dory/instance/volume.h"
#include "dory/instances/log.h"
#include "dory/supervisor/attach.h"
#include "dory/supervisor/exec.h"
#include "dory/supervisor/health_watch.h"
#include "dory/supervisor/requests.h"
#include "dory/supervisor/restart.h"

struct supervisor {
	struct instance_watcher watcher; /* the first, so that it leads back here */
	struct instance *instance;
	struct network_plan network;
	struct volume volumes[VOLUMES_MAX];
	size_t volume_count;
	struct request_server requests;
	struct exec_table execs;
	int events, timer; /* epoll(7) and timerfd: the end of the grace period */
	struct attach_hub *hub;    /* detached: those who are attached; or NULL */
	int size_event;            /* eventfd: the hub's thread has put a new size there */
	_Atomic uint32_t size;     /* of the last client's terminal: rows << 16 | columns; 0: not known */
	int report_fd;     /* to whoever started us, until the program runs; -1 */
	struct health_watch *health; /* while the program runs; or NULL */
	struct session *session;     /* while a machine runs and attend is called; or NULL */
	bool is_foreground;
	bool is_stop_wanted; /* a person asked for the end: no restart */
	bool is_state_bad;   /* the state could not be written; said once */
};

/* Prepares to be asked; and the opposite. */
int supervisor_attend_open(struct supervisor *s, const struct instance_place *place, struct dory_error *err) must_check;
void supervisor_attend_close(struct supervisor *s);
/* From here on others can attach; `input` as in attach_hub_open. */
int supervisor_open_hub(struct supervisor *s, int input, struct dory_error *err) must_check;
/* A program that ended: its grace period and health checks are over. */
void supervisor_run_is_over(struct supervisor *s);
/* Between two machines: waits until the time is over or a person wants the end. */
void supervisor_pause(struct supervisor *s, unsigned milliseconds);
void supervisor_write_state(struct supervisor *s, bool is_durable);
void supervisor_report(struct supervisor *s, const struct dory_start_report *report);
