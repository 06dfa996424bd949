#ifndef NUCLEUS_RELAY_H
#define NUCLEUS_RELAY_H

#include "attach.h"

/* Carries lines between a client and its gateway, and outlives the gateway (src-main/cli/relay.ts). Answers the exit
   code. */
int relay(struct attacher *attacher, int socket);

#endif
