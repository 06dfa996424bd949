/* Bytes that grow. Running out of memory ends the process: a shim has nothing it could give back. */
#ifndef NUCLEUS_BYTES_H
#define NUCLEUS_BYTES_H

#include <stdbool.h>
#include <stddef.h>

struct bytes {
  char *at;
  size_t length;
  size_t room;
};

/* A part of somebody else's bytes; `at` is NULL for what is not there. */
struct part {
  const char *at;
  size_t length;
};

/* Makes room for so many more bytes behind those that are there. */
void bytes_reserve(struct bytes *bytes, size_t more);
void bytes_add(struct bytes *bytes, const void *from, size_t length);
void bytes_text(struct bytes *bytes, const char *text);
void bytes_number(struct bytes *bytes, long long number);
/* Text as a JSON string, quotes included; what is no UTF-8 becomes U+FFFD. */
void bytes_json(struct bytes *bytes, const char *text, size_t length);
/* Takes the first bytes away. Room that only a large message needed is given back. */
void bytes_drop(struct bytes *bytes, size_t length);
void bytes_free(struct bytes *bytes);
/* As text; the pointer holds until the bytes change. */
const char *bytes_string(struct bytes *bytes);

struct part part_of(const char *text);
bool part_is(struct part part, const char *text);
/* A copy that ends with NUL. */
char *part_copy(struct part part);

#endif
