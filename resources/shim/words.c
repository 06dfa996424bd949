#include "words.h"

#include <string.h>

static void drop(struct words *words) {
  words->at += 1;
  words->count -= 1;
}

/* Whether the word is this flag; what stands behind its `=` goes to `value`. */
static bool is_flag(const char *word, const char *name, const char **value) {
  size_t length = strlen(name);
  if (strncmp(word, name, length) != 0) return false;
  *value = word[length] == '=' ? word + length + 1 : NULL;
  return word[length] == '\0' || word[length] == '=';
}

int flag_take(struct words *words, const struct flag *flags, const char **value, struct failure *failure) {
  const char *word = words->at[0];
  for (int i = 0; flags[i].name != NULL; i += 1) {
    if (!is_flag(word, flags[i].name, value) || (flags[i].value == NULL && *value != NULL)) continue;
    drop(words);
    if (flags[i].value == NULL || *value != NULL) return i;
    if (words->count == 0) {
      failure_set(failure, "USAGE", "option '%s <%s>' argument missing", flags[i].name, flags[i].value);
      return -1;
    }
    *value = words->at[0];
    drop(words);
    return i;
  }
  if (word[0] == '-' && word[1] != '\0') failure_set(failure, "USAGE", "unknown option '%s'", word);
  else failure_set(failure, "USAGE", "too many arguments, there is nothing to be said with '%s'", word);
  return -1;
}

bool global_take(struct words *words, struct globals *globals, struct failure *failure, bool *is_fine) {
  static const struct flag flags[] = {{"--config", "path"}, {"--json", NULL}, {"--no-input", NULL}, {NULL, NULL}};
  const char *value = NULL;
  *is_fine = true;
  if (words->count == 0) return false;
  bool is_one = false;
  for (int i = 0; flags[i].name != NULL; i += 1) is_one = is_one || is_flag(words->at[0], flags[i].name, &value);
  if (!is_one) return false;
  int taken = flag_take(words, flags, &value, failure);
  *is_fine = taken >= 0;
  if (taken == 0) globals->config = value;
  if (taken == 1) globals->json = true;
  if (taken == 2) globals->no_input = true;
  return true;
}
