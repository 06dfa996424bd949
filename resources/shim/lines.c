#include "lines.h"

#include <string.h>
#include <unistd.h>

/* Enough of both ends of a line to find an id there. */
static const size_t kept_ends = 256;
static const size_t piece = 64 * 1024;

static void compact(struct lines *lines) {
  if (lines->from == 0) return;
  bytes_drop(&lines->data, lines->from);
  lines->scanned -= lines->from;
  lines->from = 0;
}

ssize_t lines_fill(struct lines *lines, int file) {
  compact(lines);
  bytes_reserve(&lines->data, piece);
  ssize_t taken = read(file, lines->data.at + lines->data.length, lines->data.room - lines->data.length);
  if (taken > 0) lines->data.length += (size_t)taken;
  return taken;
}

static void keep_tail(struct lines *lines, const char *at, size_t length) {
  size_t kept = length < kept_ends ? length : kept_ends;
  bytes_add(&lines->tail, at + length - kept, kept);
  if (lines->tail.length > kept_ends) bytes_drop(&lines->tail, lines->tail.length - kept_ends);
}

static void skip(struct lines *lines, size_t limit) {
  size_t held = lines->data.length - lines->from;
  if (!lines->is_skipping) {
    if (held <= limit) return;
    lines->is_skipping = true;
    lines->head.length = 0;
    lines->tail.length = 0;
    bytes_add(&lines->head, lines->data.at + lines->from, kept_ends);
  }
  keep_tail(lines, lines->data.at + lines->from, held);
  lines->from = lines->scanned = lines->data.length;
}

enum found lines_next(struct lines *lines, size_t limit, struct part *line) {
  for (;;) {
    char *end = NULL;
    if (lines->scanned < lines->data.length) end = memchr(lines->data.at + lines->scanned, '\n', lines->data.length - lines->scanned);
    if (end == NULL) {
      lines->scanned = lines->data.length;
      skip(lines, limit);
      return no_line;
    }
    char *at = lines->data.at + lines->from;
    size_t length = (size_t)(end - at);
    lines->from += length + 1;
    lines->scanned = lines->from;
    if (lines->is_skipping || length > limit) {
      if (!lines->is_skipping) {
        lines->head.length = lines->tail.length = 0;
        bytes_add(&lines->head, at, kept_ends);
      }
      keep_tail(lines, at, length);
      lines->is_skipping = false;
      if (lines->tail.length > 0 && lines->tail.at[lines->tail.length - 1] == '\r') lines->tail.length -= 1;
      return too_long;
    }
    if (length > 0 && at[length - 1] == '\r') length -= 1;
    if (length == 0) continue;
    *line = (struct part){at, length};
    return a_line;
  }
}

bool lines_has_more(const struct lines *lines) {
  return lines->scanned < lines->data.length;
}

void lines_reset(struct lines *lines, const struct bytes *first) {
  lines->data.length = lines->from = lines->scanned = 0;
  lines->is_skipping = false;
  bytes_add(&lines->data, first->at, first->length);
}
