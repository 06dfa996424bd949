/* A failure by its name in src-shared/errors.ts, and its sentence. */
#ifndef NUCLEUS_FAILURE_H
#define NUCLEUS_FAILURE_H

#include "bytes.h"

struct failure {
  char code[40];
  struct bytes sentence;
};

void failure_set(struct failure *failure, const char *code, const char *format, ...) __attribute__((format(printf, 3, 4)));
bool failure_is(const struct failure *failure, const char *code);
/* The exit code that belongs to it. */
int failure_exit(const struct failure *failure);
/* Says it on stderr, in words or as JSON, and answers its exit code. */
int failure_report(struct failure *failure, bool json);
/* A JSON-RPC answer to a request, with its newline. `data`: further members of the error's data, or "". */
void failure_answer(struct bytes *line, struct part id, const char *code, const char *sentence, const char *data);
/* A sentence for people, on stderr. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
