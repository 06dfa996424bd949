#include "command.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base64.h"
#include "json.h"
#include "lines.h"
#include "start.h"
#include "terminal.h"

/* The gateway cuts what it writes into pieces far below this. */
static const size_t line_limit = 1024 * 1024;

struct command {
  int socket;
  /* -1 until it is asked for. */
  int terminal;
  bool wants_input;
  bool wants_keys;
  int exit_code;
  bool is_over;
};

static bool write_all(int file, const char *at, size_t length) {
  size_t done = 0;
  while (done < length) {
    ssize_t taken = write(file, at + done, length - done);
    if (taken > 0) done += (size_t)taken;
    else if (errno == EAGAIN || errno == EWOULDBLOCK) poll(&(struct pollfd){.fd = file, .events = POLLOUT}, 1, -1);
    else if (errno != EINTR) return false;
  }
  return true;
}

static void send_text(struct command *command, struct bytes *line) {
  bytes_text(line, "\n");
  if (!write_all(command->socket, line->at, line->length)) command->is_over = true;
  bytes_free(line);
}

static void write_run(struct bytes *line, struct words words) {
  char *folder = getcwd(NULL, 0);
  char *terminal = terminal_path();
  int columns = terminal_columns();
  bytes_text(line, "{\"run\":{\"argv\":[");
  for (int i = 0; i < words.count; i += 1) {
    if (i > 0) bytes_text(line, ",");
    bytes_json(line, words.at[i], strlen(words.at[i]));
  }
  bytes_text(line, "],\"cwd\":");
  bytes_json(line, folder == NULL ? "/" : folder, folder == NULL ? 1 : strlen(folder));
  bytes_text(line, ",\"env\":");
  environment_json(line);
  bytes_text(line, ",\"tty\":[");
  for (int i = 0; i < 3; i += 1) {
    if (i > 0) bytes_text(line, ",");
    bytes_text(line, isatty(i) ? "true" : "false");
  }
  bytes_text(line, "],\"columns\":");
  if (columns > 0) bytes_number(line, columns);
  else bytes_text(line, "null");
  bytes_text(line, ",\"terminal\":");
  if (terminal != NULL) bytes_json(line, terminal, strlen(terminal));
  else bytes_text(line, "null");
  bytes_text(line, "}}");
  free(terminal);
  free(folder);
}

/* What was read from a stream, or its end, goes to the command. */
static void hand_input(struct command *command, int file, const char *name) {
  char read_into[16 * 1024];
  ssize_t taken = read(file, read_into, sizeof read_into);
  if (taken < 0 && (errno == EINTR || errno == EAGAIN)) return;
  struct bytes line = {0};
  bytes_text(&line, "{\"");
  bytes_text(&line, name);
  bytes_text(&line, "\":");
  if (taken > 0) {
    bytes_text(&line, "\"");
    base64_add(&line, read_into, (size_t)taken);
    bytes_text(&line, "\"}");
  } else {
    bytes_text(&line, "null}");
  }
  if (file == 0) command->wants_input = false;
  else command->wants_keys = false;
  send_text(command, &line);
}

static bool write_piece(int file, struct part value) {
  struct bytes bytes = {0};
  if (json_is_string(value)) base64_read((struct part){value.at + 1, value.length - 2}, &bytes);
  bool is_fine = write_all(file, bytes.at, bytes.length);
  bytes_free(&bytes);
  return is_fine;
}

static void open_terminal(struct command *command) {
  struct bytes line = {0};
  if (command->terminal < 0) command->terminal = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
  bytes_text(&line, command->terminal >= 0 ? "{\"open\":true}" : "{\"open\":false}");
  send_text(command, &line);
}

static void obey(struct command *command, struct part line, struct failure *failure) {
  struct members members;
  if (!members_begin(&members, line)) return;
  while (members_key(&members) && members_value(&members)) {
    struct part key = members.key;
    struct part value = members.value;
    if (part_is(key, "out")) {
      /* A reader that closed its end is done with us; that is no failure. */
      if (!write_piece(1, value)) command->is_over = true;
    } else if (part_is(key, "err")) {
      write_piece(2, value);
    } else if (part_is(key, "tty") && command->terminal >= 0) {
      write_piece(command->terminal, value);
    } else if (part_is(key, "read")) {
      if (part_is(value, "\"tty\"")) command->wants_keys = true;
      else command->wants_input = true;
    } else if (part_is(key, "stop")) {
      if (part_is(value, "\"tty\"")) command->wants_keys = false;
      else command->wants_input = false;
    } else if (part_is(key, "open")) {
      open_terminal(command);
    } else if (part_is(key, "raw")) {
      int file = part_is(value, "\"tty\"") ? command->terminal : 0;
      if (file >= 0) terminal_raw(file, part_is(json_member(line, "on"), "true"));
    } else if (part_is(key, "interrupt")) {
      terminal_interrupt();
    } else if (part_is(key, "error")) {
      struct bytes code = {0};
      struct bytes message = {0};
      if (json_text(json_member(value, "code"), &code) && json_text(json_member(value, "message"), &message)) {
        failure_set(failure, bytes_string(&code), "%s", bytes_string(&message));
        command->exit_code = -1;
        command->is_over = true;
      }
      bytes_free(&code);
      bytes_free(&message);
    } else if (part_is(key, "exit") && !command->is_over) {
      command->exit_code = (int)strtol(value.at, NULL, 10);
      command->is_over = true;
    }
  }
}

static void lost(struct command *command, struct failure *failure) {
  failure_set(failure, "GATEWAY_UNREACHABLE", "the gateway closed while the command ran; whether it took effect is unknown, so look first");
  command->exit_code = -1;
  command->is_over = true;
}

static void carry(struct command *command, struct lines *lines, struct failure *failure) {
  enum { gateway, input, keys };
  struct part line;
  while (!command->is_over) {
    enum found found = lines_next(lines, line_limit, &line);
    if (found == a_line) {
      obey(command, line, failure);
      continue;
    }
    if (found == too_long) return lost(command, failure);
    struct pollfd files[] = {
        [gateway] = {.fd = command->socket, .events = POLLIN},
        [input] = {.fd = command->wants_input ? 0 : -1, .events = POLLIN},
        [keys] = {.fd = command->wants_keys ? command->terminal : -1, .events = POLLIN},
    };
    if (poll(files, 3, -1) < 0) continue;
    if (files[gateway].revents != 0) {
      ssize_t taken = lines_fill(lines, command->socket);
      if (taken == 0 || (taken < 0 && errno != EAGAIN && errno != EINTR)) return lost(command, failure);
    }
    if (files[input].revents != 0) hand_input(command, 0, "in");
    if (files[keys].revents != 0) hand_input(command, command->terminal, "tty");
  }
}

int command(struct attacher *attacher, struct words words, struct failure *failure) {
  attach_begin(&attacher->line, "command");
  bytes_text(&attacher->line, "}\n");
  struct command command = {.socket = attach_or_start(attacher, failure), .terminal = -1};
  if (command.socket < 0) return -1;
  terminal_guard();
  struct bytes run = {0};
  struct lines lines = {0};
  write_run(&run, words);
  send_text(&command, &run);
  lines_reset(&lines, &attacher->rest);
  command.is_over = false;
  carry(&command, &lines, failure);
  terminal_raw(-1, false);
  return command.exit_code;
}
