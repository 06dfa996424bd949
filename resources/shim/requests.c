#include "requests.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"

enum kind { request, notification, response, other };

struct envelope {
  enum kind kind;
  /* Nowhere when there is none that could be answered. */
  struct part id;
  /* Without its quotes. */
  struct part method;
  struct part params;
};

/* Asking these twice changes nothing, so they are asked again instead of failed. */
static const char *const harmless[] = {"ping", "tools/list", "prompts/list", "resources/list", "resources/templates/list", NULL};

static bool is_harmless(struct part method) {
  for (int i = 0; harmless[i] != NULL; i += 1)
    if (part_is(method, harmless[i])) return true;
  return false;
}

/* What two ids mean the same by: the text of a string, the value of a number. */
static struct bytes key_of(struct part id) {
  struct bytes key = {0};
  if (json_is_string(id)) {
    bytes_text(&key, "s");
    json_text(id, &key);
    return key;
  }
  bytes_text(&key, "n");
  size_t digits = strspn(id.at, "0123456789");
  if (digits >= id.length && id.length <= 15 && (id.at[0] != '0' || id.length == 1)) {
    bytes_add(&key, id.at, id.length);
    return key;
  }
  char *text = part_copy(id);
  char number[40];
  snprintf(number, sizeof number, "%.17g", strtod(text, NULL) + 0.0);
  free(text);
  bytes_text(&key, number);
  return key;
}

static bool is_same(const struct bytes *one, const struct bytes *other) {
  return one->length == other->length && memcmp(one->at, other->at, one->length) == 0;
}

/* Reads the envelope, and of a long line no more than it takes: a call is known by its id and method, an answer by its
   id and that a result follows. SDKs write those first. */
static struct envelope read_envelope(struct part line) {
  struct envelope found = {.kind = other};
  bool has_result = false;
  struct members members;
  if (!members_begin(&members, line)) return found;
  while (members_key(&members)) {
    bool is_result = part_is(members.key, "result") || part_is(members.key, "error");
    if (is_result) has_result = true;
    if (is_result && found.id.at != NULL && found.method.at == NULL) break;
    if (part_is(members.key, "params") && found.id.at != NULL && found.method.at != NULL && !is_harmless(found.method)) break;
    if (!members_value(&members)) break;
    struct part value = members.value;
    if (part_is(members.key, "id"))
      found.id = json_is_string(value) || json_is_number(value) ? value : (struct part){NULL, 0};
    else if (part_is(members.key, "method") && json_is_string(value))
      found.method = (struct part){value.at + 1, value.length - 2};
    else if (part_is(members.key, "params"))
      found.params = value;
  }
  if (found.method.at != NULL) found.kind = found.id.at != NULL ? request : notification;
  else if (has_result) found.kind = response;
  return found;
}

void requests_begin(struct requests *requests) {
  *requests = (struct requests){0};
  requests->end = &requests->first;
}

void request_free(struct request *one) {
  free(one->id);
  free(one->method);
  free(one->line);
  bytes_free(&one->key);
  free(one);
}

static void forget(struct requests *requests, const struct bytes *key) {
  for (struct request **at = &requests->first; *at != NULL; at = &(*at)->next) {
    struct request *one = *at;
    if (!is_same(&one->key, key)) continue;
    *at = one->next;
    if (one->next == NULL) requests->end = at;
    request_free(one);
    return;
  }
}

static void open(struct requests *requests, const struct envelope *envelope, struct part line) {
  struct bytes key = key_of(envelope->id);
  forget(requests, &key);
  struct bytes memory = {0};
  bytes_reserve(&memory, sizeof(struct request));
  struct request *one = (struct request *)(void *)memory.at;
  *one = (struct request){.id = part_copy(envelope->id), .key = key};
  if (envelope->method.at != NULL) {
    struct bytes method = {0};
    json_text((struct part){envelope->method.at - 1, envelope->method.length + 2}, &method);
    one->method = part_copy((struct part){bytes_string(&method), method.length});
    bytes_free(&method);
  }
  if (envelope->method.at != NULL && is_harmless(envelope->method)) {
    one->line = part_copy(line);
    one->length = line.length;
  }
  *requests->end = one;
  requests->end = &one->next;
}

static void keep(struct bytes *place, struct part part) {
  bytes_free(place);
  bytes_add(place, part.at, part.length);
}

void requests_sent(struct requests *requests, struct part line) {
  struct envelope envelope = read_envelope(line);
  if (envelope.kind == notification) {
    if (part_is(envelope.method, "notifications/initialized")) keep(&requests->initialized, line);
    /* A cancelled request gets no answer. */
    if (part_is(envelope.method, "notifications/cancelled")) {
      struct part id = json_member(envelope.params, "requestId");
      if (!json_is_string(id) && !json_is_number(id)) return;
      struct bytes key = key_of(id);
      forget(requests, &key);
      bytes_free(&key);
    }
    return;
  }
  /* What has an id and is no answer is answered, if only with what is wrong. */
  if (envelope.kind == response || envelope.id.at == NULL) return;
  if (part_is(envelope.method, "initialize")) {
    keep(&requests->initialize, line);
    keep(&requests->initialize_id, envelope.id);
    bytes_free(&requests->initialize_key);
    requests->initialize_key = key_of(envelope.id);
  }
  open(requests, &envelope, line);
}

bool requests_received(struct requests *requests, struct part line) {
  struct envelope envelope = read_envelope(line);
  if (envelope.kind != response || envelope.id.at == NULL) return true;
  struct bytes key = key_of(envelope.id);
  bool is_seen = true;
  if (requests->swallowed.length > 0 && is_same(&key, &requests->swallowed)) {
    bytes_free(&requests->swallowed);
    is_seen = false;
  } else {
    if (requests->initialize.length > 0 && is_same(&key, &requests->initialize_key)) requests->is_initialized = true;
    forget(requests, &key);
  }
  bytes_free(&key);
  return is_seen;
}

void requests_reopen(struct requests *requests) {
  bytes_free(&requests->swallowed);
  if (requests->initialize.length == 0) return;
  /* A client that never got its answer gets this one. */
  if (requests->is_initialized) {
    bytes_add(&requests->swallowed, requests->initialize_key.at, requests->initialize_key.length);
    return;
  }
  struct part line = {requests->initialize.at, requests->initialize.length};
  struct envelope envelope = read_envelope(line);
  open(requests, &envelope, line);
}

struct request *requests_take(struct requests *requests) {
  struct request *first = NULL;
  struct request **end = &first;
  for (struct request *one = requests->first, *next; one != NULL; one = next) {
    next = one->next;
    one->next = NULL;
    if (one->method != NULL && strcmp(one->method, "initialize") == 0) {
      request_free(one);
      continue;
    }
    *end = one;
    end = &one->next;
  }
  requests->first = NULL;
  requests->end = &requests->first;
  return first;
}

struct part request_id(struct part line) {
  struct envelope envelope = read_envelope(line);
  return envelope.kind == request ? envelope.id : (struct part){NULL, 0};
}

/* The id before the brace that ends a line. */
static struct part tail_id(struct part tail) {
  struct part none = {NULL, 0};
  if (tail.length < 8 || tail.at[tail.length - 1] != '}') return none;
  const char *end = tail.at + tail.length - 1;
  for (const char *at = end - 6; at >= tail.at; at -= 1) {
    if (memcmp(at, ",\"id\":", 6) != 0) continue;
    const char *value = at + 6;
    while (value < end && *value == ' ') value += 1;
    struct part id = {value, (size_t)(end - value)};
    if (json_is_number(id) && strspn(value, "0123456789") >= id.length) return id;
    bool is_plain = json_is_string(id) && id.length > 2 && memchr(value, '\\', id.length) == NULL && memchr(value + 1, '"', id.length - 2) == NULL;
    return is_plain ? id : none;
  }
  return none;
}

struct part request_id_of_ends(struct part head, struct part tail) {
  struct part id = request_id(head);
  return id.at != NULL ? id : tail_id(tail);
}
