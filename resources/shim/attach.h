/* A connection to the gateway over which MCP, or a command, may be spoken. */
#ifndef NUCLEUS_ATTACH_H
#define NUCLEUS_ATTACH_H

#include "state.h"

struct attacher {
  struct state state;
  /* The attach line, with its newline. */
  struct bytes line;
  /* Waits until a socket (none: -1) has something to read, or so long; false when nobody waits any more. */
  bool (*wait)(void *waiter, int socket, int milliseconds);
  void *waiter;
  /* Of the last attachment. */
  struct endpoint endpoint;
  /* The gateway's first line. */
  struct bytes reply;
  /* What came behind it in the same piece. */
  struct bytes rest;
};

/* Begins an attach line in this role; the object stays open. */
void attach_begin(struct bytes *line, const char *role);
/* Attaches to the running gateway, or starts one and attaches; -1 with the failure. */
int attach_or_start(struct attacher *attacher, struct failure *failure);
/* Attaches to the gateway at the known address, and starts none; -1 with the failure. */
int attach_running(struct attacher *attacher, struct failure *failure);
/* Whether anybody listens at the known address. */
bool is_listening(struct attacher *attacher);
/* Waits for the gateway that a gateway which closed in order made room for. */
void await_successor(struct attacher *attacher);
/* Says on stderr what the gateway has to say about this attachment. */
void say_notes(struct attacher *attacher);
/* Milliseconds of a clock that only goes on. */
long long now(void);

#endif
