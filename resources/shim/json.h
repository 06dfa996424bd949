/* As much of JSON as a shim needs: members of an object, found in one pass over its bytes. Nothing is checked that is
   not needed to find them, for whoever gets the message checks it. */
#ifndef NUCLEUS_JSON_H
#define NUCLEUS_JSON_H

#include "bytes.h"

/* A walk over the members of an object. */
struct members {
  const char *at;
  const char *end;
  struct part key;
  struct part value;
  bool is_first;
};

/* Begins a walk; false when this is no object. */
bool members_begin(struct members *members, struct part text);
/* The next key, its quotes not counted; false at the end of the object, or of what can be read. */
bool members_key(struct members *members);
/* The value of the key just read; false when it does not end. To be asked for every key before the next one. */
bool members_value(struct members *members);

/* The value of a member, the last one when there are several; nowhere (NULL) when there is none. */
struct part json_member(struct part object, const char *name);
/* The text of a JSON string; false when it is none. Added to `text`. */
bool json_text(struct part value, struct bytes *text);
/* The elements of a list one after the other: begin with `at` NULL. */
bool json_element(struct part list, struct part *element);
bool json_is_string(struct part value);
bool json_is_number(struct part value);

#endif
