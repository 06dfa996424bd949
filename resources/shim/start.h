/* Starts the app, which is the gateway, when none runs. */
#ifndef NUCLEUS_START_H
#define NUCLEUS_START_H

#include <sys/types.h>

#include "state.h"

struct started {
  /* 0: another shim is starting it. */
  pid_t pid;
  /* Held while the app starts, so that ten clients do not start ten apps. */
  int turn;
  /* Where in the log its words begin. */
  off_t log_from;
};

/* What a command that is handed over may see of the environment, as a JSON object: nothing that opens the vault. */
void environment_json(struct bytes *text);
bool app_start(const struct state *state, struct started *started, struct failure *failure);
/* Whether the app ended, and badly; then the failure holds its last words. */
bool app_failed(const struct state *state, struct started *started, struct failure *failure);
/* The app listens, or nobody waits for it any more. */
void app_settled(struct started *started);

#endif
