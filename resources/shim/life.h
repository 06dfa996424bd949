/* `nucleus start` and `nucleus stop`, which no gateway can do for itself. */
#ifndef NUCLEUS_LIFE_H
#define NUCLEUS_LIFE_H

#include "attach.h"
#include "words.h"

/* Both answer the exit code, or -1 with the failure. */
int life_start(struct attacher *attacher, struct words words, struct globals *globals, struct failure *failure);
int life_stop(struct attacher *attacher, struct words words, struct globals *globals, struct failure *failure);

#endif
