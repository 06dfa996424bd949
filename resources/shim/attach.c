#include "attach.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "json.h"
#include "settings.h"
#include "start.h"

static const long long attach_timeout = 20000;
static const long long reply_timeout = 5000;
static const long long successor_timeout = 2000;
static const size_t reply_limit = 65536;

enum outcome { attached, nobody, failed };

long long now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (long long)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* A connection to whoever listens there, or -1. */
static int dial(struct bytes *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (path->length >= sizeof address.sun_path) return -1;
  memcpy(address.sun_path, path->at, path->length);
  int made = socket(AF_UNIX, SOCK_STREAM, 0);
  if (made < 0) return -1;
  fcntl(made, F_SETFD, FD_CLOEXEC);
  if (connect(made, (struct sockaddr *)&address, sizeof address) == 0) {
    fcntl(made, F_SETFL, O_NONBLOCK);
    return made;
  }
  close(made);
  return -1;
}

static bool send_all(struct attacher *attacher, int to, const struct bytes *line) {
  size_t from = 0;
  while (from < line->length) {
    ssize_t taken = write(to, line->at + from, line->length - from);
    if (taken > 0) from += (size_t)taken;
    else if (errno == EAGAIN) attacher->wait(attacher->waiter, -1, 5);
    else if (errno != EINTR) return false;
  }
  return true;
}

static void unclear(struct failure *failure, const char *sentence) {
  failure_set(failure, "GATEWAY_UNREACHABLE", "%s; run nucleus stop, then nucleus start", sentence);
}

/* Reads the first line; what follows it stays in `rest`. */
static enum outcome read_reply(struct attacher *attacher, int from, struct failure *failure) {
  long long deadline = now() + reply_timeout;
  attacher->reply.length = 0;
  attacher->rest.length = 0;
  for (;;) {
    long long left = deadline - now();
    if (left <= 0) return unclear(failure, "the gateway did not answer within 5 seconds"), failed;
    if (!attacher->wait(attacher->waiter, from, (int)left)) return nobody;
    bytes_reserve(&attacher->reply, 4096);
    ssize_t taken = read(from, attacher->reply.at + attacher->reply.length, 4096);
    if (taken < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (taken <= 0) return nobody;
    attacher->reply.length += (size_t)taken;
    char *end = memchr(attacher->reply.at, '\n', attacher->reply.length);
    if (end != NULL) {
      size_t length = (size_t)(end - attacher->reply.at);
      bytes_add(&attacher->rest, end + 1, attacher->reply.length - length - 1);
      attacher->reply.length = length;
      return attached;
    }
    if (attacher->reply.length > reply_limit) return unclear(failure, "the gateway answered with something that is no attach line"), failed;
  }
}

static enum outcome read_outcome(struct attacher *attacher, struct failure *failure) {
  struct part reply = {attacher->reply.at, attacher->reply.length};
  struct part error = json_member(reply, "error");
  struct bytes code = {0};
  struct bytes message = {0};
  enum outcome outcome = failed;
  struct part notes = json_member(reply, "notes");
  if (!part_is(json_member(reply, "nucleus"), "1")) unclear(failure, "what listens on the gateway’s socket does not speak as a gateway");
  else if (json_text(json_member(error, "code"), &code) && json_text(json_member(error, "message"), &message))
    failure_set(failure, bytes_string(&code), "%s", bytes_string(&message));
  else if (notes.at == NULL || notes.at[0] != '[') unclear(failure, "what listens on the gateway’s socket does not speak as a gateway");
  else outcome = attached;
  bytes_free(&code);
  bytes_free(&message);
  return outcome;
}

static enum outcome attach(struct attacher *attacher, int *made, struct failure *failure) {
  if (!endpoint_check(bytes_string(&attacher->endpoint.socket), failure)) return failed;
  *made = dial(&attacher->endpoint.socket);
  if (*made < 0) return nobody;
  enum outcome outcome = send_all(attacher, *made, &attacher->line) ? read_reply(attacher, *made, failure) : nobody;
  if (outcome == attached) outcome = read_outcome(attacher, failure);
  if (outcome != attached) close(*made);
  return outcome;
}

bool is_listening(struct attacher *attacher) {
  int made = dial(&attacher->endpoint.socket);
  if (made >= 0) close(made);
  return made >= 0;
}

/* Starts the app and waits until it listens; false with the failure when it ended. */
static bool start_and_wait(struct attacher *attacher, long long deadline, struct failure *failure) {
  struct started started;
  if (!app_start(&attacher->state, &started, failure)) return false;
  bool is_fine = true;
  long long turn = now() + 1000;
  while (now() < deadline) {
    if (endpoint_read(&attacher->state, &attacher->endpoint) && is_listening(attacher)) break;
    if (app_failed(&attacher->state, &started, failure)) {
      is_fine = false;
      break;
    }
    /* The other shim that was starting it may be gone. */
    if (started.turn < 0 && now() > turn) break;
    if (!attacher->wait(attacher->waiter, -1, 20)) break;
  }
  app_settled(&started);
  return is_fine;
}

void attach_begin(struct bytes *line, const char *role) {
  line->length = 0;
  bytes_text(line, "{\"nucleus\":1,\"version\":\"" NUCLEUS_VERSION "\",\"role\":\"");
  bytes_text(line, role);
  bytes_text(line, "\"");
}

int attach_or_start(struct attacher *attacher, struct failure *failure) {
  long long deadline = now() + attach_timeout;
  for (;;) {
    bool is_known = endpoint_read(&attacher->state, &attacher->endpoint);
    if (is_known) {
      int made = -1;
      enum outcome outcome = attach(attacher, &made, failure);
      if (outcome == attached) return made;
      if (outcome == failed) return -1;
    }
    if (state_is_stopped(&attacher->state)) {
      failure_set(failure, "GATEWAY_STOPPED", "Nucleus was stopped by you; run nucleus start");
      return -1;
    }
    if (now() >= deadline) {
      failure_set(failure, "GATEWAY_UNREACHABLE", "no gateway could be attached to within 20 seconds; see nucleus doctor");
      return -1;
    }
    /* It listens and yet let go of us: it is closing, and starting another one has to wait for that anyway. */
    if (is_known && is_listening(attacher)) attacher->wait(attacher->waiter, -1, 100);
    else if (!start_and_wait(attacher, deadline, failure)) return -1;
    if (!attacher->wait(attacher->waiter, -1, 0)) {
      failure_set(failure, "GATEWAY_UNREACHABLE", "the client is gone");
      return -1;
    }
  }
}

int attach_running(struct attacher *attacher, struct failure *failure) {
  int made = -1;
  attach_begin(&attacher->line, "control");
  bytes_text(&attacher->line, "}\n");
  enum outcome outcome = attach(attacher, &made, failure);
  if (outcome == attached) return made;
  if (outcome == nobody) failure_set(failure, "GATEWAY_UNREACHABLE", "the gateway does not answer; start it with nucleus start");
  return -1;
}

void await_successor(struct attacher *attacher) {
  long long deadline = now() + successor_timeout;
  while (now() < deadline && !endpoint_read(&attacher->state, &attacher->endpoint) && !state_is_stopped(&attacher->state))
    if (!attacher->wait(attacher->waiter, -1, 50)) return;
}

void say_notes(struct attacher *attacher) {
  struct part notes = json_member((struct part){attacher->reply.at, attacher->reply.length}, "notes");
  struct part note = {NULL, 0};
  while (json_element(notes, &note)) {
    struct bytes text = {0};
    if (json_text(note, &text)) say("%s", bytes_string(&text));
    bytes_free(&text);
  }
}
