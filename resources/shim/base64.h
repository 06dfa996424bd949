#ifndef NUCLEUS_BASE64_H
#define NUCLEUS_BASE64_H

#include "bytes.h"

/* RFC 4648, with padding. */
void base64_add(struct bytes *text, const void *from, size_t length);
/* Stops at what is no digit. */
void base64_read(struct part text, struct bytes *bytes);

#endif
