#ifndef NUCLEUS_SERVE_H
#define NUCLEUS_SERVE_H

#include "attach.h"
#include "words.h"

/* `nucleus serve`: what client entries name. stdout belongs to the protocol, all words go to stderr. Answers the exit
   code, or -1 with the failure. */
int serve(struct attacher *attacher, struct words words, struct globals *globals, struct failure *failure);

#endif
