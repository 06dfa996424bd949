/* What goes out of the process and may have to wait, without ever blocking it. */
#ifndef NUCLEUS_OUTPUT_H
#define NUCLEUS_OUTPUT_H

#include "bytes.h"

struct output {
  int file;
  /* How it is written to without blocking whoever else holds it. */
  enum { as_socket, as_own, in_pieces } way;
  struct bytes waiting;
  size_t from;
  /* Nobody reads it any more. */
  bool is_gone;
};

void output_begin(struct output *output, int file);
/* Writes as much as goes now, the rest waits. */
void output_write(struct output *output, const char *at, size_t length);
/* Writes what waits, as far as it goes. */
void output_flush(struct output *output);
/* Writes all that waits, however long that takes. */
void output_finish(struct output *output);
size_t output_waiting(const struct output *output);

#endif
