#include "bytes.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* More room than this is kept for no later message. */
static const size_t kept_room = 256 * 1024;

static void *checked(void *memory) {
  static const char sentence[] = "Error: out of memory\n";
  if (memory != NULL) return memory;
  if (write(2, sentence, sizeof sentence - 1) < 0) _exit(1);
  _exit(1);
}

void bytes_reserve(struct bytes *bytes, size_t more) {
  size_t needed = bytes->length + more;
  if (needed <= bytes->room) return;
  size_t room = bytes->room < 4096 ? 4096 : bytes->room * 2;
  if (room < needed) room = needed;
  bytes->at = checked(realloc(bytes->at, room));
  bytes->room = room;
}

void bytes_add(struct bytes *bytes, const void *from, size_t length) {
  if (length == 0) return;
  bytes_reserve(bytes, length);
  memcpy(bytes->at + bytes->length, from, length);
  bytes->length += length;
}

void bytes_text(struct bytes *bytes, const char *text) {
  bytes_add(bytes, text, strlen(text));
}

void bytes_number(struct bytes *bytes, long long number) {
  char text[24];
  int length = snprintf(text, sizeof text, "%lld", number);
  bytes_add(bytes, text, (size_t)length);
}

/* Length of the UTF-8 sequence at `at`, or 0 when there is none (RFC 3629). */
static size_t sequence(const unsigned char *at, size_t left) {
  unsigned char lead = at[0];
  size_t length = lead < 0x80 ? 1 : lead >= 0xc2 && lead < 0xe0 ? 2 : (lead & 0xf0) == 0xe0 ? 3 : lead >= 0xf0 && lead < 0xf5 ? 4 : 0;
  if (length == 0 || length > left) return 0;
  for (size_t i = 1; i < length; i += 1)
    if ((at[i] & 0xc0) != 0x80) return 0;
  if (lead == 0xe0 && at[1] < 0xa0) return 0;
  if (lead == 0xed && at[1] > 0x9f) return 0;
  if (lead == 0xf0 && at[1] < 0x90) return 0;
  if (lead == 0xf4 && at[1] > 0x8f) return 0;
  return length;
}

void bytes_json(struct bytes *bytes, const char *text, size_t length) {
  bytes_text(bytes, "\"");
  for (size_t i = 0; i < length;) {
    unsigned char one = (unsigned char)text[i];
    size_t taken = sequence((const unsigned char *)text + i, length - i);
    if (taken == 0) {
      bytes_text(bytes, "\xef\xbf\xbd");
      i += 1;
      continue;
    }
    if (one == '"' || one == '\\') {
      bytes_text(bytes, "\\");
      bytes_add(bytes, text + i, 1);
    } else if (one < 0x20) {
      char escape[8];
      snprintf(escape, sizeof escape, "\\u%04x", one);
      bytes_text(bytes, escape);
    } else {
      bytes_add(bytes, text + i, taken);
    }
    i += taken;
  }
  bytes_text(bytes, "\"");
}

void bytes_drop(struct bytes *bytes, size_t length) {
  if (length == 0) return;
  bytes->length -= length;
  if (bytes->length > 0) memmove(bytes->at, bytes->at + length, bytes->length);
  if (bytes->room > kept_room && bytes->length <= kept_room) {
    bytes->at = checked(realloc(bytes->at, kept_room));
    bytes->room = kept_room;
  }
}

void bytes_free(struct bytes *bytes) {
  free(bytes->at);
  *bytes = (struct bytes){0};
}

const char *bytes_string(struct bytes *bytes) {
  bytes_reserve(bytes, 1);
  bytes->at[bytes->length] = '\0';
  return bytes->at;
}

struct part part_of(const char *text) {
  return (struct part){text, text == NULL ? 0 : strlen(text)};
}

bool part_is(struct part part, const char *text) {
  return part.at != NULL && part.length == strlen(text) && memcmp(part.at, text, part.length) == 0;
}

char *part_copy(struct part part) {
  char *copy = checked(malloc(part.length + 1));
  memcpy(copy, part.at, part.length);
  copy[part.length] = '\0';
  return copy;
}
