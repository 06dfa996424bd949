/* The state folder as a shim sees it (docs/state.md). */
#ifndef NUCLEUS_STATE_H
#define NUCLEUS_STATE_H

#include "failure.h"

struct state {
  char *home;
  char *run;
  char *endpoint;
  char *stopped;
  char *session_env;
  char *starting;
  char *logs;
  char *log;
};

/* Where the running gateway says it listens. */
struct endpoint {
  long long pid;
  struct bytes socket;
};

bool state_find(struct state *state, struct failure *failure);
bool state_is_stopped(const struct state *state);
bool endpoint_read(const struct state *state, struct endpoint *endpoint);
/* Refuses a socket that another user may have put there; that nothing is there is fine. */
bool endpoint_check(const char *socket, struct failure *failure);
/* Makes a folder, its parents too, so that only this user gets in. */
bool folder_ensure(const char *path, struct failure *failure);
/* The bytes of a small file; false when there is none that can be read. */
bool file_read(const char *path, size_t limit, struct bytes *content);
/* Writes a file whole or not at all, for this user only. */
bool file_write(const char *path, const struct bytes *content);

#endif
