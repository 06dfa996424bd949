/* Cuts bytes into lines, in time linear in the bytes however they arrive. */
#ifndef NUCLEUS_LINES_H
#define NUCLEUS_LINES_H

#include <sys/types.h>

#include "bytes.h"

struct lines {
  struct bytes data;
  /* Where the next line begins, and up to where no newline was found. */
  size_t from;
  size_t scanned;
  /* A line that is too long is skipped; both its ends are kept. */
  bool is_skipping;
  struct bytes head;
  struct bytes tail;
};

enum found { no_line, a_line, too_long };

/* Reads what is there; as read(2). */
ssize_t lines_fill(struct lines *lines, int file);
/* The next line that is not empty, without its end; it may be written on up to and with one byte behind it. It holds
   until the next fill. */
enum found lines_next(struct lines *lines, size_t limit, struct part *line);
/* Whether a line may be there that was not handed out. */
bool lines_has_more(const struct lines *lines);
void lines_reset(struct lines *lines, const struct bytes *first);

#endif
