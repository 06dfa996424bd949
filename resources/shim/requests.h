/* What a client asked and was not answered yet, and how it opened its session: all a shim must know of MCP. The same as
   src-main/cli/open-requests.ts. */
#ifndef NUCLEUS_REQUESTS_H
#define NUCLEUS_REQUESTS_H

#include "bytes.h"

struct request {
  struct request *next;
  /* As the client wrote it. */
  char *id;
  /* What two spellings of one id have in common. */
  struct bytes key;
  /* NULL: it has none that can be read. */
  char *method;
  /* The request itself, when it may be asked again; else NULL. Without its newline. */
  char *line;
  size_t length;
};

struct requests {
  struct request *first;
  struct request **end;
  struct bytes initialize;
  struct bytes initialize_key;
  struct bytes initialize_id;
  struct bytes initialized;
  struct bytes swallowed;
  bool is_initialized;
};

void requests_begin(struct requests *requests);
/* A line of the client. */
void requests_sent(struct requests *requests, struct part line);
/* A line of the gateway; answers whether the client should see it. */
bool requests_received(struct requests *requests, struct part line);
/* Says that the session is opened again: the answer to the kept line is swallowed, or awaited by the client. */
void requests_reopen(struct requests *requests);
/* Takes everything out that is open, but for the opening itself. The caller frees it. */
struct request *requests_take(struct requests *requests);
void request_free(struct request *request);

/* The id of a line that is a request, as it is written there; nowhere when it is none. */
struct part request_id(struct part line);
/* The same of a line of which only both ends are known. */
struct part request_id_of_ends(struct part head, struct part tail);

#endif
