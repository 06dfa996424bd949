/* The native `nucleus` of a packaged app: docs/shim.md. */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "life.h"
#include "serve.h"
#include "settings.h"

static bool wait_for(void *waiter, int socket, int milliseconds) {
  (void)waiter;
  struct pollfd file = {.fd = socket, .events = POLLIN};
  poll(&file, 1, milliseconds);
  return true;
}

/* Whether this command is meant, and not help about it. */
static bool wants(struct words words, const char *name) {
  for (int i = 0; i < words.count; i += 1)
    if (strcmp(words.at[i], "--help") == 0 || strcmp(words.at[i], "-h") == 0) return false;
  return words.count > 0 && strcmp(words.at[0], name) == 0;
}

static int run(struct attacher *attacher, struct words all, struct globals *globals, struct failure *failure) {
  bool is_fine;
  struct words words = all;
  while (global_take(&words, globals, failure, &is_fine))
    if (!is_fine) return -1;
  if (words.count > 0 && strcmp(words.at[0], "--version") == 0) return printf("nucleus %s\n", NUCLEUS_VERSION) > 0 ? 0 : 1;
  if (!state_find(&attacher->state, failure)) return -1;
  struct words rest = {words.at + 1, words.count - 1};
  if (wants(words, "serve")) return serve(attacher, rest, globals, failure);
  if (wants(words, "start")) return life_start(attacher, rest, globals, failure);
  if (wants(words, "stop")) return life_stop(attacher, rest, globals, failure);
  return command(attacher, all, failure);
}

int main(int count, char **all) {
  struct attacher attacher = {.wait = wait_for};
  struct failure failure = {0};
  struct globals globals = {0};
  /* A reader that is gone is told by what is written to it. */
  signal(SIGPIPE, SIG_IGN);
  int code = run(&attacher, (struct words){all + 1, count > 0 ? count - 1 : 0}, &globals, &failure);
  if (code >= 0) return code;
  bool json = globals.json;
  for (int i = 1; i < count; i += 1) json = json || strcmp(all[i], "--json") == 0;
  return failure_report(&failure, json);
}
