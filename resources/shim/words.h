/* The words of a command line. */
#ifndef NUCLEUS_WORDS_H
#define NUCLEUS_WORDS_H

#include "failure.h"

struct words {
  char **at;
  int count;
};

/* What every command may be told, before its name and behind it. */
struct globals {
  const char *config;
  bool json;
  bool no_input;
};

struct flag {
  const char *name;
  /* How help shows its value; NULL when it has none. */
  const char *value;
};

/* Takes the first word, a flag, off the line, its value too; the flag's place in `flags`, or -1 with the failure. */
int flag_take(struct words *words, const struct flag *flags, const char **value, struct failure *failure);
/* Takes a global flag off the line, if the first word is one. */
bool global_take(struct words *words, struct globals *globals, struct failure *failure, bool *is_fine);

#endif
