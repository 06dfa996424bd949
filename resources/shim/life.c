#include "life.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "json.h"

static const long long stop_timeout = 10000;

/* Only flags that every command has, and these. */
static bool read_words(struct words words, const struct flag *flags, struct globals *globals, int *asked, struct failure *failure) {
  const char *value;
  bool is_fine;
  while (words.count > 0) {
    if (global_take(&words, globals, failure, &is_fine)) {
      if (!is_fine) return false;
      continue;
    }
    int flag = flag_take(&words, flags, &value, failure);
    if (flag < 0) return false;
    if (*asked < 0 || flag < *asked) *asked = flag;
  }
  return true;
}

static void print(const struct bytes *text) {
  if (fwrite(text->at, 1, text->length, stdout) < text->length || fflush(stdout) != 0) _exit(1);
}

static int say_started(struct attacher *attacher, bool json, bool is_new) {
  struct bytes text = {0};
  struct bytes endpoint = {0};
  const char *socket = bytes_string(&attacher->endpoint.socket);
  if (json && file_read(attacher->state.endpoint, 65536, &endpoint)) {
    while (endpoint.length > 0 && endpoint.at[endpoint.length - 1] != '}') endpoint.length -= 1;
    bytes_add(&text, endpoint.at, endpoint.length > 0 ? endpoint.length - 1 : 0);
    bytes_text(&text, is_new ? ",\"started\":true}\n" : ",\"started\":false}\n");
  } else {
    bytes_text(&text, is_new ? "gateway started: pid " : "gateway already running: pid ");
    bytes_number(&text, attacher->endpoint.pid);
    bytes_text(&text, ", socket ");
    bytes_text(&text, socket);
    bytes_text(&text, "\n");
  }
  print(&text);
  bytes_free(&text);
  bytes_free(&endpoint);
  return 0;
}

int life_start(struct attacher *attacher, struct words words, struct globals *globals, struct failure *failure) {
  static const struct flag flags[] = {{"--foreground", NULL}, {"--log", "level"}, {"--log-style", "style"}, {NULL, NULL}};
  int asked = -1;
  if (!read_words(words, flags, globals, &asked, failure)) return -1;
  if (asked == 0) {
    failure_set(failure, "USAGE", "the gateway of this nucleus is the app, which lives in no terminal; run nucleus start without --foreground");
    return -1;
  }
  if (asked > 0) say("note: %s is ignored; the app logs as [log] in config.toml says", flags[asked].name);
  unlink(attacher->state.stopped);
  bool is_running = endpoint_read(&attacher->state, &attacher->endpoint) && is_listening(attacher);
  attach_begin(&attacher->line, "control");
  bytes_text(&attacher->line, "}\n");
  int socket = attach_or_start(attacher, failure);
  if (socket < 0) return -1;
  close(socket);
  return say_started(attacher, globals->json, !is_running);
}

/* Asks the gateway to end, and waits until it does not listen any more. */
static bool stop_and_wait(struct attacher *attacher, struct failure *failure) {
  static const char ask[] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"gateway.stop\",\"params\":{\"byPerson\":true}}\n";
  long long pid = attacher->endpoint.pid;
  int socket = attach_running(attacher, failure);
  if (socket < 0) return false;
  char answer[4096];
  bool is_asked = write(socket, ask, sizeof ask - 1) == (ssize_t)sizeof ask - 1;
  if (is_asked && attacher->wait(attacher->waiter, socket, 5000)) is_asked = read(socket, answer, sizeof answer) >= 0;
  close(socket);
  long long deadline = now() + stop_timeout;
  while (endpoint_read(&attacher->state, &attacher->endpoint) && attacher->endpoint.pid == pid && is_listening(attacher)) {
    if (now() >= deadline) {
      failure_set(failure, "GATEWAY_UNREACHABLE", "the gateway (pid %lld) still listens 10 seconds after it was asked to stop", pid);
      return false;
    }
    attacher->wait(attacher->waiter, -1, 50);
  }
  attacher->endpoint.pid = pid;
  return true;
}

int life_stop(struct attacher *attacher, struct words words, struct globals *globals, struct failure *failure) {
  static const struct flag none[] = {{NULL, NULL}};
  int asked = -1;
  struct bytes nothing = {0};
  if (!read_words(words, none, globals, &asked, failure)) return -1;
  if (!folder_ensure(attacher->state.home, failure) || !folder_ensure(attacher->state.run, failure)) return -1;
  /* Written before: a client that loses its gateway now must not start the next one. */
  if (!file_write(attacher->state.stopped, &nothing)) {
    failure_set(failure, "STATE_UNUSABLE", "%s cannot be written; check its folder's owner and mode", attacher->state.stopped);
    return -1;
  }
  bool is_running = endpoint_read(&attacher->state, &attacher->endpoint) && is_listening(attacher);
  if (is_running && !stop_and_wait(attacher, failure)) return -1;
  struct bytes text = {0};
  if (globals->json) {
    bytes_text(&text, is_running ? "{\"stopped\":true,\"pid\":" : "{\"stopped\":false,\"pid\":");
    if (is_running) bytes_number(&text, attacher->endpoint.pid);
    else bytes_text(&text, "null");
    bytes_text(&text, "}\n");
  } else {
    bytes_text(&text, is_running ? "gateway stopped: pid " : "no gateway is running");
    if (is_running) bytes_number(&text, attacher->endpoint.pid);
    bytes_text(&text, "\n");
  }
  print(&text);
  bytes_free(&text);
  return 0;
}
