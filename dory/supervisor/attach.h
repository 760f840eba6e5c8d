/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who is attached to a detached instance: gets what its program writes from then on, and types what the program reads. After the answer to
 * "attach" (requests.h) both sides send frames: a kind, a length, bytes. So do those who have a program run beside the first (exec.h).
 *
 * The program does not stop for those who are attached: one who takes nothing for ATTACH_PATIENCE_MS is hung up on.
 */
#pragma once
#include "dory/base/error.h"

enum { ATTACH_CLIENTS_MAX = 16, ATTACH_FRAME_MAX = 4096, ATTACH_PATIENCE_MS = 2000 };

enum attach_kind {
	ATTACH_STDOUT, /* to the client */
	ATTACH_STDERR,
	ATTACH_END,    /* the instance, or the further program, has ended: "STATUS SENTENCE" */
	ATTACH_INPUT,  /* to the program */
	ATTACH_SIZE,   /* of the client's terminal: "ROWS COLUMNS" */
	/* Of a further program: */
	ATTACH_CONFIG, /* what to run: a piece of a run configuration */
	ATTACH_START,  /* that is all of it: "tty" or "streams" */
	ATTACH_CLOSE,  /* its input has ended */
	ATTACH_SIGNAL, /* "NUMBER", for its process group */
	ATTACH_KINDS,
};

struct attach_header { /* both ends are of one machine: its own byte order */
	uint32_t kind, length;
};

struct attach_frame {
	struct attach_header header;
	char bytes[ATTACH_FRAME_MAX + 1]; /* ends with a 0 behind header.length, for texts */
};

/* Collects bytes to frames. Zeroed is empty. */
struct attach_reader {
	struct attach_frame frame;
	size_t got; /* bytes of the frame, its header's among them */
};
/* Takes up to `length` bytes: how many; 0: what comes is no frame. *is_whole: the reader's frame can be used, and ends with the next call. */
size_t attach_reader_take(struct attach_reader *reader, const char *bytes, size_t length, bool *is_whole);

/* Reads what is there of the socket, up to the end of a frame. False: the other side is gone, or sends no frames. */
bool attach_receive(int socket, struct attach_reader *reader, bool *is_whole) must_check;

/* Sends one frame, waiting if need be. False: the other side is gone, or takes nothing. */
bool attach_send(int socket, enum attach_kind kind, const void *bytes, size_t length);

struct attach_hub;

/*
 * `input`: written to by those who are attached, non-blocking; owned; -1: the program's input is closed. `resize` is called on the hub's thread
 * with the size of a client's terminal.
 */
int attach_hub_open(struct attach_hub **hub, int input, void (*resize)(void *context, unsigned rows, unsigned columns), void *context,
	struct dory_error *err) must_check;
/* One more; owns the socket. False: there are too many. */
bool attach_hub_add(struct attach_hub *hub, int socket);
/* What the program wrote, for all. May be called on any thread. */
void attach_hub_write(struct attach_hub *hub, enum attach_kind kind, const char *bytes, size_t length);
/* Tells all how the instance ended, and hangs up. Accepts NULL. */
void attach_hub_close(struct attach_hub *hub, const char *end);
