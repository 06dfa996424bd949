#include "state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "json.h"

static const size_t endpoint_limit = 65536;

static char *join(const char *folder, const char *name) {
  struct bytes path = {0};
  bytes_text(&path, folder);
  bytes_text(&path, "/");
  bytes_text(&path, name);
  return (char *)(void *)bytes_string(&path);
}

/* Absolute, because the gateway we start works in another folder. */
static char *absolute(const char *path) {
  if (path[0] == '/') return strdup(path);
  char *folder = getcwd(NULL, 0);
  char *whole = join(folder == NULL ? "" : folder, path);
  free(folder);
  return whole;
}

bool state_find(struct state *state, struct failure *failure) {
  const char *given = getenv("NUCLEUS_HOME");
  const char *user = getenv("HOME");
  if (given != NULL && given[0] != '\0') {
    state->home = absolute(given);
  } else if (user != NULL && user[0] != '\0') {
    char *folder = absolute(user);
    state->home = join(folder, ".nucleusmcp");
    free(folder);
  } else {
    failure_set(failure, "STATE_UNUSABLE",
                "neither NUCLEUS_HOME nor HOME is set; set NUCLEUS_HOME to the folder Nucleus may keep its state in");
    return false;
  }
  /* As Node's path.resolve has it. */
  size_t length = strlen(state->home);
  while (length > 1 && state->home[length - 1] == '/') state->home[--length] = '\0';
  state->run = join(state->home, "run");
  state->endpoint = join(state->run, "endpoint.json");
  state->stopped = join(state->run, "stopped");
  state->session_env = join(state->run, "session.env");
  state->starting = join(state->run, "starting");
  state->logs = join(state->home, "logs");
  state->log = join(state->logs, "gateway.log");
  return true;
}

bool state_is_stopped(const struct state *state) {
  return access(state->stopped, F_OK) == 0;
}

bool file_read(const char *path, size_t limit, struct bytes *content) {
  /* Opening a FIFO for reading waits for a writer without O_NONBLOCK. */
  int file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (file < 0) return false;
  struct stat about;
  bool is_fine = fstat(file, &about) == 0 && S_ISREG(about.st_mode);
  content->length = 0;
  while (is_fine && content->length <= limit) {
    bytes_reserve(content, 4096);
    ssize_t taken = read(file, content->at + content->length, 4096);
    if (taken < 0 && errno == EINTR) continue;
    if (taken < 0) is_fine = false;
    if (taken <= 0) break;
    content->length += (size_t)taken;
  }
  close(file);
  return is_fine && content->length <= limit;
}

bool file_write(const char *path, const struct bytes *content) {
  struct bytes temporary = {0};
  bytes_text(&temporary, path);
  bytes_text(&temporary, ".");
  bytes_number(&temporary, getpid());
  bytes_text(&temporary, ".tmp");
  const char *name = bytes_string(&temporary);
  int file = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) {
    bytes_free(&temporary);
    return false;
  }
  bool is_fine = content->length == 0 || write(file, content->at, content->length) == (ssize_t)content->length;
  is_fine = fsync(file) == 0 && is_fine;
  close(file);
  is_fine = is_fine && rename(name, path) == 0;
  if (!is_fine) unlink(name);
  bytes_free(&temporary);
  return is_fine;
}

bool endpoint_read(const struct state *state, struct endpoint *endpoint) {
  struct bytes text = {0};
  bool is_fine = file_read(state->endpoint, endpoint_limit, &text);
  if (is_fine) {
    struct part object = {text.at, text.length};
    struct part pid = json_member(object, "pid");
    endpoint->socket.length = 0;
    is_fine = json_is_number(pid) && json_is_string(json_member(object, "version")) && json_is_number(json_member(object, "startedAt")) &&
              json_text(json_member(object, "socket"), &endpoint->socket) && endpoint->socket.length > 0;
    if (is_fine) endpoint->pid = strtoll(pid.at, NULL, 10);
    is_fine = is_fine && endpoint->pid > 0;
  }
  bytes_free(&text);
  return is_fine;
}

static bool not_ours(struct failure *failure, const char *path, const char *why, const char *fix, const char *folder) {
  failure_set(failure, "STATE_UNUSABLE",
              "%s, where the gateway should listen, %s, so something else could answer in its place; nothing was sent. To mend it, %s %s%s", path,
              why, fix, folder, strcmp(fix, "remove") == 0 ? " (what is not yours, an administrator can)" : "");
  return false;
}

bool endpoint_check(const char *socket, struct failure *failure) {
  char *folder = strdup(socket);
  char *slash = folder == NULL ? NULL : strrchr(folder, '/');
  if (slash != NULL) *(slash == folder ? slash + 1 : slash) = '\0';
  struct stat about;
  char why[80];
  bool is_fine = true;
  /* What we may not look at we could not connect to either. */
  if (slash == NULL || lstat(folder, &about) != 0) goto done;
  snprintf(why, sizeof why, "belongs to another user (uid %u)", (unsigned)about.st_uid);
  if (!S_ISDIR(about.st_mode)) is_fine = not_ours(failure, folder, "is not a folder", "remove", folder);
  else if (about.st_uid != getuid()) is_fine = not_ours(failure, folder, why, "remove", folder);
  else if ((about.st_mode & 077) != 0) is_fine = not_ours(failure, folder, "is open to other users", "run chmod 700", folder);
  else if (lstat(socket, &about) == 0 && about.st_uid != getuid()) {
    snprintf(why, sizeof why, "belongs to another user (uid %u)", (unsigned)about.st_uid);
    is_fine = not_ours(failure, socket, why, "remove", folder);
  }
done:
  free(folder);
  return is_fine;
}

bool folder_ensure(const char *path, struct failure *failure) {
  char *copy = strdup(path);
  for (char *at = copy + 1; *at != '\0'; at += 1) {
    if (*at != '/') continue;
    *at = '\0';
    mkdir(copy, 0700);
    *at = '/';
  }
  free(copy);
  struct stat about;
  const char *fix = NULL;
  if (mkdir(path, 0700) != 0 && errno != EEXIST) fix = strerror(errno);
  else if (stat(path, &about) != 0) fix = strerror(errno);
  else if (!S_ISDIR(about.st_mode)) fix = "it is not a folder";
  else if (about.st_uid != getuid()) fix = "it belongs to another user";
  if (fix != NULL) {
    failure_set(failure, "STATE_UNUSABLE", "%s cannot be used (%s); check the path, its owner and its mode", path, fix);
    return false;
  }
  if ((about.st_mode & 077) != 0) chmod(path, 0700);
  return true;
}
