#ifndef NUCLEUS_COMMAND_H
#define NUCLEUS_COMMAND_H

#include "attach.h"
#include "words.h"

/* Hands a command line to the gateway's process, and is its streams (docs/shim.md). Answers the exit code, or -1 with
   the failure. */
int command(struct attacher *attacher, struct words words, struct failure *failure);

#endif
