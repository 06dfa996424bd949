#include "relay.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lines.h"
#include "output.h"
#include "requests.h"

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0
#endif

/* Longest line either way; the gateway has a limit of its own and answers what passes it. */
static const size_t line_limit = 128u * 1024 * 1024;
/* How long a client is kept waiting for another gateway, and how often one is looked for. */
static const long long patience = 60000;
static const int first_pause = 100;
static const int longest_pause = 5000;
/* While a person keeps Nucleus stopped, an app they open is noticed this soon. */
static const int stopped_pause = 1000;
/* What a client says meanwhile is kept, within reason. */
static const size_t most_kept = 1000;
/* A client that does not read is not read either once so much waits for it. */
static const size_t backlog_limit = 1024 * 1024;

static const char list_changed[] = "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/tools/list_changed\"}\n";
static const char finish[] = "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/nucleus/finish\"}\n";
static const char stopped_sentence[] = "Nucleus was stopped by you; open Nucleus or run nucleus start";

/* A line that waits for a gateway, with its newline. */
struct kept {
  struct kept *next;
  size_t length;
  char line[];
};

struct relay {
  struct attacher *attacher;
  struct requests requests;
  struct lines from_client;
  struct lines from_gateway;
  struct output to_client;
  /* The rest of a line of which some went out. */
  struct bytes to_gateway;
  int socket;
  struct kept *kept;
  struct kept **kept_end;
  size_t kept_count;
  bool is_stopped;
  /* The client said all it had to say. */
  bool is_done;
  bool is_finished;
  bool is_over;
  int exit_code;
};

static void end(struct relay *relay, int exit_code) {
  if (relay->is_over) return;
  relay->is_over = true;
  relay->exit_code = exit_code;
}

static void answer(struct relay *relay, struct part id, const char *code, const char *sentence, const char *data) {
  struct bytes line = {0};
  failure_answer(&line, id, code, sentence, data);
  output_write(&relay->to_client, line.at, line.length);
  bytes_free(&line);
}

static void refuse(struct relay *relay, struct part line, const char *code, const char *sentence) {
  struct part id = request_id(line);
  if (id.at != NULL) answer(relay, id, code, sentence, "");
}

static void keep(struct relay *relay, struct part line, bool at_front) {
  struct kept *one = malloc(sizeof *one + line.length + 1);
  if (one == NULL) return refuse(relay, line, "GATEWAY_BUSY", "there is no memory left to keep the message; ask again later");
  *one = (struct kept){.length = line.length + 1};
  memcpy(one->line, line.at, line.length);
  one->line[line.length] = '\n';
  relay->kept_count += 1;
  if (at_front) {
    one->next = relay->kept;
    relay->kept = one;
    if (one->next == NULL) relay->kept_end = &one->next;
  } else {
    *relay->kept_end = one;
    relay->kept_end = &one->next;
  }
}

static struct kept *take_kept(struct relay *relay) {
  struct kept *one = relay->kept;
  relay->kept = one->next;
  relay->kept_count -= 1;
  if (relay->kept == NULL) relay->kept_end = &relay->kept;
  return one;
}

static void lose(struct relay *relay) {
  close(relay->socket);
  relay->socket = -1;
  bytes_free(&relay->to_gateway);
  if (relay->is_done) end(relay, 0);
}

/* Writes bytes of which a newline is the last; false when the gateway is gone and nothing of them went out. */
static bool send_line(struct relay *relay, const char *at, size_t length) {
  size_t done = 0;
  if (relay->to_gateway.length == 0) {
    ssize_t taken;
    do taken = send(relay->socket, at, length, MSG_NOSIGNAL | MSG_DONTWAIT);
    while (taken < 0 && errno == EINTR);
    if (taken < 0 && errno != EAGAIN && errno != EWOULDBLOCK) return false;
    if (taken > 0) done = (size_t)taken;
  }
  bytes_add(&relay->to_gateway, at + done, length - done);
  return true;
}

static bool can_send(const struct relay *relay) {
  return relay->socket >= 0 && relay->to_gateway.length == 0;
}

static void forward_kept(struct relay *relay) {
  while (relay->kept != NULL && can_send(relay)) {
    struct part line = {relay->kept->line, relay->kept->length - 1};
    if (!send_line(relay, line.at, line.length + 1)) return lose(relay);
    requests_sent(&relay->requests, line);
    free(take_kept(relay));
  }
}

static void forward(struct relay *relay, struct part line) {
  if (relay->is_stopped) return refuse(relay, line, "GATEWAY_STOPPED", stopped_sentence);
  if (can_send(relay) && relay->kept == NULL) {
    /* The byte behind a line is its own end, or the CR before that. */
    ((char *)(size_t)line.at)[line.length] = '\n';
    if (send_line(relay, line.at, line.length + 1)) return requests_sent(&relay->requests, line);
    lose(relay);
    return keep(relay, line, true);
  }
  if (relay->kept_count < most_kept) keep(relay, line, false);
  else refuse(relay, line, "GATEWAY_BUSY", "too much is waiting for the gateway; ask again later");
}

/* Whether what the client says next can be taken. */
static bool can_take(const struct relay *relay) {
  if (output_waiting(&relay->to_client) > backlog_limit) return false;
  return relay->is_stopped || relay->socket < 0 || (can_send(relay) && relay->kept == NULL);
}

static void take_lines(struct relay *relay) {
  struct part line;
  while (can_take(relay)) {
    enum found found = lines_next(&relay->from_client, line_limit, &line);
    if (found == no_line) break;
    if (found == a_line) {
      forward(relay, line);
      continue;
    }
    struct part head = {relay->from_client.head.at, relay->from_client.head.length};
    struct part tail = {relay->from_client.tail.at, relay->from_client.tail.length};
    struct part id = request_id_of_ends(head, tail);
    if (id.at != NULL) answer(relay, id, "ARGUMENTS_INVALID", "the message is longer than 128 MiB; send less", "");
  }
}

/* Hands on what the gateway said, as many lines in one piece as follow each other. */
static void give_lines(struct relay *relay) {
  const char *from = NULL;
  const char *to = NULL;
  while (relay->socket >= 0 && output_waiting(&relay->to_client) == 0) {
    struct part line;
    enum found found = lines_next(&relay->from_gateway, line_limit, &line);
    /* The gateway bounds what it sends below this, so what comes here is not from it. */
    if (found == too_long) lose(relay);
    if (found != a_line) break;
    bool is_seen = requests_received(&relay->requests, line);
    if (is_seen && line.at == to) {
      to = line.at + line.length + 1;
    } else {
      if (from != NULL) output_write(&relay->to_client, from, (size_t)(to - from));
      from = is_seen ? line.at : NULL;
      to = is_seen ? line.at + line.length + 1 : NULL;
    }
    ((char *)(size_t)line.at)[line.length] = '\n';
    /* A large answer is not held back for the ones behind it. */
    if (from != NULL && (size_t)(to - from) > backlog_limit) {
      output_write(&relay->to_client, from, (size_t)(to - from));
      from = to = NULL;
    }
  }
  if (from != NULL) output_write(&relay->to_client, from, (size_t)(to - from));
}

static void read_client(struct relay *relay) {
  ssize_t taken = lines_fill(&relay->from_client, 0);
  if (taken > 0 || (taken < 0 && (errno == EAGAIN || errno == EINTR))) return;
  relay->is_done = true;
}

static void read_gateway(struct relay *relay) {
  ssize_t taken = lines_fill(&relay->from_gateway, relay->socket);
  if (taken > 0 || (taken < 0 && (errno == EAGAIN || errno == EINTR))) return;
  give_lines(relay);
  /* A reader that is slow still gets what was said to the end. */
  output_finish(&relay->to_client);
  give_lines(relay);
  if (relay->socket >= 0) lose(relay);
}

static void write_gateway(struct relay *relay) {
  ssize_t taken = send(relay->socket, relay->to_gateway.at, relay->to_gateway.length, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (taken > 0) bytes_drop(&relay->to_gateway, (size_t)taken);
  else if (taken < 0 && errno != EAGAIN && errno != EINTR) lose(relay);
}

/* All that can be done now without waiting. */
static void advance(struct relay *relay) {
  output_flush(&relay->to_client);
  if (relay->socket >= 0) give_lines(relay);
  forward_kept(relay);
  take_lines(relay);
  /* The client closed its end: nothing is left to be told. */
  if (relay->to_client.is_gone) end(relay, 0);
  if (!relay->is_done || lines_has_more(&relay->from_client)) return;
  if (relay->socket < 0) return end(relay, 0);
  if (!relay->is_finished && can_send(relay) && relay->kept == NULL) {
    relay->is_finished = true;
    if (!send_line(relay, finish, sizeof finish - 1)) lose(relay);
  }
}

/* Waits for what comes next and does it: from the client, to it, from and to the gateway, and on `other`. */
static bool turn(struct relay *relay, int other, int milliseconds) {
  enum { in, out, gateway, asked };
  bool reads = !relay->is_done && can_take(relay);
  bool hears = relay->socket >= 0 && output_waiting(&relay->to_client) == 0;
  bool writes = relay->socket >= 0 && relay->to_gateway.length > 0;
  struct pollfd files[] = {
      [in] = {.fd = reads ? 0 : -1, .events = POLLIN},
      [out] = {.fd = 1, .events = output_waiting(&relay->to_client) > 0 ? POLLOUT : 0},
      [gateway] = {.fd = hears || writes ? relay->socket : -1, .events = (short)((hears ? POLLIN : 0) | (writes ? POLLOUT : 0))},
      [asked] = {.fd = other, .events = POLLIN},
  };
  if (poll(files, 4, milliseconds) < 0) return false;
  if ((files[out].revents & (POLLERR | POLLHUP | POLLNVAL)) != 0) {
    end(relay, 0);
    return false;
  }
  if (files[in].revents != 0) read_client(relay);
  if ((files[gateway].revents & POLLOUT) != 0 && relay->socket >= 0) write_gateway(relay);
  if ((files[gateway].revents & (POLLIN | POLLERR | POLLHUP)) != 0 && relay->socket >= 0 && hears) read_gateway(relay);
  advance(relay);
  return files[asked].revents != 0;
}

/* While a gateway is looked for the client is still listened to. */
static bool wait(void *waiter, int socket, int milliseconds) {
  struct relay *relay = waiter;
  long long deadline = now() + milliseconds;
  for (long long left = milliseconds; !relay->is_over && left > 0; left = deadline - now())
    if (turn(relay, socket, (int)left)) break;
  return !relay->is_over;
}

/* Says what was said before to the next gateway; what came meanwhile follows by itself. */
static void reopen(struct relay *relay, int socket) {
  struct requests *requests = &relay->requests;
  relay->socket = socket;
  relay->is_stopped = false;
  lines_reset(&relay->from_gateway, &relay->attacher->rest);
  requests_reopen(requests);
  struct bytes *const opening[] = {&requests->initialize, &requests->initialized};
  for (int i = 0; i < 2 && requests->initialize.length > 0; i += 1) {
    if (opening[i]->length == 0) continue;
    bytes_text(opening[i], "\n");
    bool is_alive = send_line(relay, opening[i]->at, opening[i]->length);
    opening[i]->length -= 1;
    if (!is_alive) return lose(relay);
  }
  output_write(&relay->to_client, list_changed, sizeof list_changed - 1);
}

/* What may have run is failed as such: its caller should not wait for a gateway that knows nothing of it. */
static void settle_open(struct relay *relay) {
  struct kept *former = relay->kept;
  struct kept **former_end = relay->kept_end;
  relay->kept = NULL;
  relay->kept_end = &relay->kept;
  for (struct request *one = requests_take(&relay->requests), *next; one != NULL; one = next) {
    next = one->next;
    if (one->line != NULL) {
      keep(relay, (struct part){one->line, one->length}, false);
    } else {
      struct bytes sentence = {0};
      bytes_text(&sentence, "the gateway restarted while ");
      bytes_text(&sentence, one->method == NULL ? "the call" : one->method);
      bytes_text(&sentence, " ran; whether it took effect is unknown, so look before you call it again");
      answer(relay, part_of(one->id), "GATEWAY_RESTARTED", bytes_string(&sentence), "\"outcome\":\"unknown\",");
      bytes_free(&sentence);
    }
    request_free(one);
  }
  if (former == NULL) return;
  *relay->kept_end = former;
  relay->kept_end = former_end;
}

/* A person stopped Nucleus: nothing is started behind their back, and every request hears so. */
static void stop(struct relay *relay) {
  relay->is_stopped = true;
  while (relay->kept != NULL) {
    struct kept *one = take_kept(relay);
    refuse(relay, (struct part){one->line, one->length - 1}, "GATEWAY_STOPPED", stopped_sentence);
    free(one);
  }
}

static void recover(struct relay *relay) {
  struct failure failure = {0};
  say("the gateway went away; looking for another one");
  settle_open(relay);
  long long deadline = now() + patience;
  for (int pause = first_pause; !relay->is_over; pause = pause * 2 < longest_pause ? pause * 2 : longest_pause) {
    advance(relay);
    await_successor(relay->attacher);
    int socket = relay->is_over ? -1 : attach_or_start(relay->attacher, &failure);
    if (socket >= 0) {
      reopen(relay, socket);
      advance(relay);
      break;
    }
    if (relay->is_over) break;
    if (failure_is(&failure, "GATEWAY_STOPPED")) {
      if (!relay->is_stopped) stop(relay);
      wait(relay, -1, stopped_pause);
    } else if (relay->is_stopped || now() < deadline) {
      wait(relay, -1, pause);
    } else {
      say("%s", bytes_string(&failure.sentence));
      end(relay, 3);
    }
  }
  bytes_free(&failure.sentence);
}

int relay(struct attacher *attacher, int socket) {
  struct relay relay = {.attacher = attacher, .socket = socket};
  requests_begin(&relay.requests);
  relay.kept_end = &relay.kept;
  output_begin(&relay.to_client, 1);
  lines_reset(&relay.from_gateway, &attacher->rest);
  attacher->wait = wait;
  attacher->waiter = &relay;
  advance(&relay);
  while (!relay.is_over) {
    if (relay.socket < 0) recover(&relay);
    else turn(&relay, -1, -1);
  }
  output_finish(&relay.to_client);
  return relay.exit_code;
}
