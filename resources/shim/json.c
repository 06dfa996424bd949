#include "json.h"

#include <stdint.h>
#include <string.h>

static const char *skip_space(const char *at, const char *end) {
  while (at < end && (*at == ' ' || *at == '\t' || *at == '\r' || *at == '\n')) at += 1;
  return at;
}

/* Behind the closing quote of the string whose first quote stands before `at`; NULL when it does not close. */
static const char *skip_string(const char *at, const char *end) {
  for (;;) {
    const char *quote = at < end ? memchr(at, '"', (size_t)(end - at)) : NULL;
    if (quote == NULL) return NULL;
    /* A quote ends the string unless an odd number of backslashes stands before it. */
    const char *slash = quote;
    while (slash > at && slash[-1] == '\\') slash -= 1;
    if ((quote - slash) % 2 == 0) return quote + 1;
    at = quote + 1;
  }
}

/* Behind the value that begins at `at`; NULL when it does not end. Depth is a number, so no message is too deep. */
static const char *skip_value(const char *at, const char *end) {
  size_t depth = 0;
  while (at < end) {
    char one = *at;
    if (one == '"') {
      at = skip_string(at + 1, end);
      if (at == NULL) return NULL;
      if (depth == 0) return at;
    } else if (one == '{' || one == '[') {
      depth += 1;
      at += 1;
    } else if (one == '}' || one == ']') {
      if (depth == 0) return at;
      at += 1;
      depth -= 1;
      if (depth == 0) return at;
    } else if (depth == 0 && (one == ',' || one == ' ' || one == '\t' || one == '\r' || one == '\n')) {
      return at;
    } else {
      at += 1;
    }
  }
  return NULL;
}

bool members_begin(struct members *members, struct part text) {
  const char *end = text.at + text.length;
  const char *at = text.at;
  /* A byte order mark is forgiven. */
  if (text.length >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0) at += 3;
  at = skip_space(at, end);
  *members = (struct members){.at = at + 1, .end = end, .is_first = true};
  return at < end && *at == '{';
}

bool members_key(struct members *members) {
  const char *end = members->end;
  const char *at = skip_space(members->at, end);
  if (!members->is_first) {
    if (at >= end || *at != ',') return false;
    at = skip_space(at + 1, end);
  }
  members->is_first = false;
  if (at >= end || *at != '"') return false;
  const char *behind = skip_string(at + 1, end);
  if (behind == NULL) return false;
  members->key = (struct part){at + 1, (size_t)(behind - at) - 2};
  at = skip_space(behind, end);
  if (at >= end || *at != ':') return false;
  members->at = skip_space(at + 1, end);
  return true;
}

bool members_value(struct members *members) {
  const char *behind = skip_value(members->at, members->end);
  if (behind == NULL || behind == members->at) return false;
  members->value = (struct part){members->at, (size_t)(behind - members->at)};
  members->at = behind;
  return true;
}

struct part json_member(struct part object, const char *name) {
  struct part found = {NULL, 0};
  struct members members;
  if (object.at == NULL || !members_begin(&members, object)) return found;
  while (members_key(&members) && members_value(&members))
    if (part_is(members.key, name)) found = members.value;
  return found;
}

bool json_is_string(struct part value) {
  return value.at != NULL && value.length >= 2 && value.at[0] == '"' && value.at[value.length - 1] == '"';
}

bool json_is_number(struct part value) {
  return value.at != NULL && value.length > 0 && (value.at[0] == '-' || (value.at[0] >= '0' && value.at[0] <= '9'));
}

bool json_element(struct part list, struct part *element) {
  if (list.at == NULL || list.length < 2 || list.at[0] != '[') return false;
  const char *end = list.at + list.length;
  const char *at = element->at == NULL ? list.at + 1 : skip_space(element->at + element->length, end);
  if (element->at != NULL) {
    if (at >= end || *at != ',') return false;
    at += 1;
  }
  at = skip_space(at, end);
  const char *behind = skip_value(at, end);
  if (behind == NULL || behind == at) return false;
  *element = (struct part){at, (size_t)(behind - at)};
  return true;
}

/* Four hexadecimal digits; -1 when they are none. */
static long hex4(const char *at, const char *end) {
  long code = 0;
  if (end - at < 4) return -1;
  for (int i = 0; i < 4; i += 1) {
    char one = at[i];
    int digit = one >= '0' && one <= '9' ? one - '0' : one >= 'a' && one <= 'f' ? one - 'a' + 10 : one >= 'A' && one <= 'F' ? one - 'A' + 10 : -1;
    if (digit < 0) return -1;
    code = code * 16 + digit;
  }
  return code;
}

/* A half of a pair that stands alone is written as three bytes too, so that two of them stay two. */
static void add_code(struct bytes *text, unsigned long code) {
  char out[4];
  size_t length;
  if (code < 0x80) {
    out[0] = (char)code;
    length = 1;
  } else if (code < 0x800) {
    out[0] = (char)(0xc0 | (code >> 6));
    out[1] = (char)(0x80 | (code & 0x3f));
    length = 2;
  } else if (code < 0x10000) {
    out[0] = (char)(0xe0 | (code >> 12));
    out[1] = (char)(0x80 | ((code >> 6) & 0x3f));
    out[2] = (char)(0x80 | (code & 0x3f));
    length = 3;
  } else {
    out[0] = (char)(0xf0 | (code >> 18));
    out[1] = (char)(0x80 | ((code >> 12) & 0x3f));
    out[2] = (char)(0x80 | ((code >> 6) & 0x3f));
    out[3] = (char)(0x80 | (code & 0x3f));
    length = 4;
  }
  bytes_add(text, out, length);
}

bool json_text(struct part value, struct bytes *text) {
  if (!json_is_string(value)) return false;
  const char *at = value.at + 1;
  const char *end = value.at + value.length - 1;
  while (at < end) {
    const char *slash = memchr(at, '\\', (size_t)(end - at));
    bytes_add(text, at, (size_t)((slash == NULL ? end : slash) - at));
    if (slash == NULL) return true;
    if (slash + 1 >= end) return false;
    static const char names[] = "\"\\/bfnrt";
    static const char means[] = "\"\\/\b\f\n\r\t";
    const char *name = memchr(names, slash[1], sizeof names - 1);
    at = slash + 2;
    if (name != NULL) {
      bytes_add(text, means + (name - names), 1);
      continue;
    }
    long code = slash[1] == 'u' ? hex4(at, end) : -1;
    if (code < 0) return false;
    at += 4;
    if (code >= 0xd800 && code < 0xdc00 && end - at >= 6 && at[0] == '\\' && at[1] == 'u') {
      long low = hex4(at + 2, end);
      if (low >= 0xdc00 && low < 0xe000) {
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        at += 6;
      }
    }
    add_code(text, (unsigned long)code);
  }
  return true;
}
