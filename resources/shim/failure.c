#include "failure.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "settings.h"

static const struct {
  const char *code;
  int rpc;
  int exit;
} rows[] = {NUCLEUS_ERRORS};

static int row_of(const char *code) {
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i += 1)
    if (strcmp(rows[i].code, code) == 0) return (int)i;
  return -1;
}

static void format_into(struct bytes *bytes, const char *format, va_list values) {
  char *text = NULL;
  int length = vasprintf(&text, format, values);
  if (length < 0) return;
  bytes_add(bytes, text, (size_t)length);
  free(text);
}

void failure_set(struct failure *failure, const char *code, const char *format, ...) {
  /* A gateway of another version may know errors that this program does not. */
  if (row_of(code) < 0) code = "GATEWAY_UNREACHABLE";
  snprintf(failure->code, sizeof failure->code, "%s", code);
  failure->sentence.length = 0;
  va_list values;
  va_start(values, format);
  format_into(&failure->sentence, format, values);
  va_end(values);
}

bool failure_is(const struct failure *failure, const char *code) {
  return strcmp(failure->code, code) == 0;
}

int failure_exit(const struct failure *failure) {
  int row = row_of(failure->code);
  return row < 0 ? 1 : rows[row].exit;
}

static void write_stderr(const struct bytes *text) {
  size_t from = 0;
  while (from < text->length) {
    ssize_t written = write(2, text->at + from, text->length - from);
    /* There is nowhere left to say it. */
    if (written <= 0) return;
    from += (size_t)written;
  }
}

/* Text from outside as a terminal may show it: control characters cannot act, lines stay. */
static void add_visible(struct bytes *to, const struct bytes *text) {
  for (size_t i = 0; i < text->length; i += 1) {
    unsigned char one = (unsigned char)text->at[i];
    char escape[8];
    if ((one < 0x20 && one != '\n' && one != '\t') || one == 0x7f) {
      snprintf(escape, sizeof escape, "\\u%04x", one);
      bytes_text(to, escape);
    } else {
      bytes_add(to, text->at + i, 1);
    }
  }
}

int failure_report(struct failure *failure, bool json) {
  struct bytes line = {0};
  if (json) {
    bytes_text(&line, "{\"error\":{\"code\":");
    bytes_json(&line, failure->code, strlen(failure->code));
    bytes_text(&line, ",\"message\":");
    bytes_json(&line, failure->sentence.at, failure->sentence.length);
    bytes_text(&line, "}}\n");
  } else {
    bytes_text(&line, "Error: ");
    add_visible(&line, &failure->sentence);
    bytes_text(&line, "\n");
  }
  write_stderr(&line);
  bytes_free(&line);
  return failure_exit(failure);
}

void failure_answer(struct bytes *line, struct part id, const char *code, const char *sentence, const char *data) {
  int row = row_of(code);
  bytes_text(line, "{\"jsonrpc\":\"2.0\",\"id\":");
  bytes_add(line, id.at, id.length);
  bytes_text(line, ",\"error\":{\"code\":");
  bytes_number(line, row < 0 ? -32603 : rows[row].rpc);
  bytes_text(line, ",\"message\":");
  bytes_json(line, sentence, strlen(sentence));
  bytes_text(line, ",\"data\":{");
  bytes_text(line, data);
  bytes_text(line, "\"code\":\"");
  bytes_text(line, code);
  bytes_text(line, "\"}}}\n");
}

void say(const char *format, ...) {
  struct bytes text = {0};
  struct bytes line = {0};
  va_list values;
  va_start(values, format);
  format_into(&text, format, values);
  va_end(values);
  add_visible(&line, &text);
  bytes_text(&line, "\n");
  write_stderr(&line);
  bytes_free(&text);
  bytes_free(&line);
}
