/* The native `nucleus` of a packaged app: docs/shim.md. */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "serve.h"
#include "settings.h"

static bool wait_for(void *waiter, int socket, int milliseconds) {
  (void)waiter;
  struct pollfd file = {.fd = socket, .events = POLLIN};
  poll(&file, 1, milliseconds);
  return true;
}

static int run(struct attacher *attacher, struct words words, struct globals *globals, struct failure *failure) {
  bool is_fine;
  while (global_take(&words, globals, failure, &is_fine))
    if (!is_fine) return -1;
  if (words.count > 0 && strcmp(words.at[0], "--version") == 0) return printf("nucleus %s\n", NUCLEUS_VERSION) > 0 ? 0 : 1;
  if (!state_find(&attacher->state, failure)) return -1;
  struct words rest = {words.at + 1, words.count - 1};
  if (words.count > 0 && strcmp(words.at[0], "serve") == 0) return serve(attacher, rest, globals, failure);
  failure_set(failure, "USAGE", "not yet");
  return -1;
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
