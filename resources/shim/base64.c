#include "base64.h"

#include <string.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_add(struct bytes *text, const void *from, size_t length) {
  const unsigned char *at = from;
  for (size_t i = 0; i < length; i += 3) {
    unsigned long group = (unsigned long)at[i] << 16;
    if (i + 1 < length) group |= (unsigned long)at[i + 1] << 8;
    if (i + 2 < length) group |= at[i + 2];
    char out[4] = {digits[group >> 18], digits[(group >> 12) & 63], '=', '='};
    if (i + 1 < length) out[2] = digits[(group >> 6) & 63];
    if (i + 2 < length) out[3] = digits[group & 63];
    bytes_add(text, out, 4);
  }
}

void base64_read(struct part text, struct bytes *bytes) {
  unsigned long group = 0;
  int bits = 0;
  for (size_t i = 0; i < text.length; i += 1) {
    const char *digit = text.at[i] == '\0' ? NULL : strchr(digits, text.at[i]);
    if (digit == NULL) return;
    group = (group << 6 | (unsigned long)(digit - digits)) & 0xffffff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    char one = (char)((group >> bits) & 0xff);
    bytes_add(bytes, &one, 1);
  }
}
