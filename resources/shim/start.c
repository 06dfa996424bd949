#include "start.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __APPLE__
#include <mach-o/dyld.h>
#endif

#include "json.h"

extern char **environ;

static const off_t log_limit = 5 * 1024 * 1024;
static const size_t file_limit = 65536;

/* The same choice as src-main/gateway/storage/session-env.ts makes. */
static const char *const session_names[] = {"DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS", "SSH_AUTH_SOCK", NULL};
static const char *const login_names[] = {"DBUS_SESSION_BUS_ADDRESS", "DISPLAY", "WAYLAND_DISPLAY", NULL};
static const char *const own_names[] = {"HOME", "USER", "LOGNAME", "SHELL", "PATH", "LANG", "TZ", "TMPDIR", "NODE_EXTRA_CA_CERTS", "CREDENTIALS_DIRECTORY", NULL};

static bool is_among(const char *const *names, const char *entry, size_t length) {
  for (; *names != NULL; names += 1)
    if (strlen(*names) == length && memcmp(*names, entry, length) == 0) return true;
  return false;
}

/* Ours, and more than where the state lies and what opens the vault: the starter's, and the app will serve others. */
static bool is_setting(const char *entry, size_t length) {
  if (length < 7 || strncasecmp(entry, "NUCLEUS", 7) != 0) return false;
  if (length == 12 && strncasecmp(entry, "NUCLEUS_HOME", 12) == 0) return false;
  return length < 14 || strncasecmp(entry, "NUCLEUS_VAULT_", 14) != 0;
}

static bool is_own(const char *entry, size_t length) {
  if (is_among(own_names, entry, length)) return true;
  return strncmp(entry, "LC_", 3) == 0 || (strncmp(entry, "NUCLEUS", 7) == 0 && !is_setting(entry, length));
}

static const char *variable(const char *name) {
  const char *value = getenv(name);
  return value != NULL && value[0] != '\0' ? value : NULL;
}

/* Keeps the login's variables for apps that are started from outside of it; as one set, for half of an older login
   would not fit the display of this one. */
static void remember_session(const struct state *state) {
  bool is_login = false;
  for (const char *const *name = login_names; *name != NULL; name += 1) is_login = is_login || variable(*name) != NULL;
  if (!is_login) return;
  struct bytes now = {0};
  struct bytes before = {0};
  for (const char *const *name = session_names; *name != NULL; name += 1) {
    const char *value = variable(*name);
    if (value == NULL || strpbrk(value, "\r\n") != NULL) continue;
    bytes_text(&now, *name);
    bytes_text(&now, "=");
    bytes_text(&now, value);
    bytes_text(&now, "\n");
  }
  bool is_known = file_read(state->session_env, file_limit, &before) && before.length == now.length && memcmp(before.at, now.at, now.length) == 0;
  if (!is_known) file_write(state->session_env, &now);
  bytes_free(&now);
  bytes_free(&before);
}

struct environment {
  char **entries;
  size_t count;
};

/* Sets a variable; the entry is kept as it is. */
static void put(struct environment *env, char *entry) {
  size_t length = (size_t)(strchr(entry, '=') - entry);
  for (size_t i = 0; i < env->count; i += 1) {
    if (strncmp(env->entries[i], entry, length + 1) != 0) continue;
    env->entries[i] = entry;
    return;
  }
  char **entries = realloc(env->entries, (env->count + 2) * sizeof *entries);
  if (entries == NULL) return;
  env->entries = entries;
  env->entries[env->count] = entry;
  env->count += 1;
  env->entries[env->count] = NULL;
}

static void put_pair(struct environment *env, const char *name, const char *value) {
  struct bytes entry = {0};
  bytes_text(&entry, name);
  bytes_text(&entry, "=");
  bytes_text(&entry, value);
  put(env, (char *)(void *)bytes_string(&entry));
}

static const char *value_in(const struct environment *env, const char *name) {
  size_t length = strlen(name);
  for (size_t i = 0; i < env->count; i += 1)
    if (strncmp(env->entries[i], name, length) == 0 && env->entries[i][length] == '=') return env->entries[i] + length + 1;
  return NULL;
}

/* The environment is the gateway's own: a fixed choice of this one's and the login's. */
static struct environment environment_of(const struct state *state) {
  struct environment env = {0};
  struct bytes kept = {0};
  if (file_read(state->session_env, file_limit, &kept)) {
    char *text = (char *)(void *)bytes_string(&kept);
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
      const char *equals = strchr(line, '=');
      if (equals != NULL && equals[1] != '\0' && is_among(session_names, line, (size_t)(equals - line))) put(&env, line);
    }
  }
  for (char **entry = environ; *entry != NULL; entry += 1) {
    const char *equals = strchr(*entry, '=');
    if (equals == NULL) continue;
    size_t length = (size_t)(equals - *entry);
    if (is_own(*entry, length) || (is_among(session_names, *entry, length) && equals[1] != '\0')) put(&env, *entry);
  }
  struct stat about;
  char path[300];
  if (value_in(&env, "XDG_RUNTIME_DIR") == NULL) {
    snprintf(path, sizeof path, "/run/user/%u", (unsigned)getuid());
    if (stat(path, &about) == 0 && S_ISDIR(about.st_mode) && about.st_uid == getuid()) put_pair(&env, "XDG_RUNTIME_DIR", path);
  }
  const char *runtime = value_in(&env, "XDG_RUNTIME_DIR");
  if (runtime != NULL && value_in(&env, "DBUS_SESSION_BUS_ADDRESS") == NULL) {
    int length = snprintf(path, sizeof path, "unix:path=%s/bus", runtime);
    if (length < (int)sizeof path && stat(path + 10, &about) == 0 && S_ISSOCK(about.st_mode)) put_pair(&env, "DBUS_SESSION_BUS_ADDRESS", path);
  }
  if (variable("NUCLEUS_HOME") != NULL) put_pair(&env, "NUCLEUS_HOME", state->home);
  return env;
}

void environment_json(struct bytes *text) {
  static const char *const seen[] = {"TERM", "NO_COLOR", "BROWSER", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CURRENT_DESKTOP",
                                     /* Where clients have their files. */
                                     "CLAUDE_CONFIG_DIR", "CODEX_HOME", NULL};
  bytes_text(text, "{");
  bool is_first = true;
  for (char **entry = environ; *entry != NULL; entry += 1) {
    const char *equals = strchr(*entry, '=');
    if (equals == NULL) continue;
    size_t length = (size_t)(equals - *entry);
    bool opens_vault = strncasecmp(*entry, "NUCLEUS_VAULT_", 14) == 0;
    bool is_ours = strncmp(*entry, "NUCLEUS", 7) == 0 || is_own(*entry, length);
    if (opens_vault || !(is_ours || is_among(session_names, *entry, length) || is_among(seen, *entry, length))) continue;
    if (!is_first) bytes_text(text, ",");
    is_first = false;
    bytes_json(text, *entry, length);
    bytes_text(text, ":");
    bytes_json(text, equals + 1, strlen(equals + 1));
  }
  bytes_text(text, "}");
}

/* The app this program was packed with, or what NUCLEUS_APP names: in an AppImage, and for tests. */
static char *app_path(struct failure *failure) {
  const char *named = variable("NUCLEUS_APP");
  if (named != NULL) return strdup(named);
  char self[4096];
#ifdef __APPLE__
  static const char app[] = "/../../MacOS/Nucleus";
  uint32_t size = sizeof self;
  ssize_t length = _NSGetExecutablePath(self, &size) == 0 ? (ssize_t)strlen(self) : -1;
#else
  static const char app[] = "/../../nucleus";
  ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
#endif
  if (length > 0) {
    self[length] = '\0';
    char *slash = strrchr(self, '/');
    if (slash != NULL && (size_t)(slash - self) + sizeof app < sizeof self) {
      memcpy(slash, app, sizeof app);
      char *found = realpath(self, NULL);
      if (found != NULL && access(found, X_OK) == 0) return found;
      free(found);
    }
  }
  failure_set(failure, "GATEWAY_UNREACHABLE", "no gateway runs, and the app that would be one is not where this command was installed with it; open Nucleus");
  return NULL;
}

static int open_log(const struct state *state, off_t *from) {
  struct stat about;
  if (stat(state->log, &about) == 0 && about.st_size > log_limit) {
    struct bytes older = {0};
    bytes_text(&older, state->log);
    bytes_text(&older, ".1");
    rename(state->log, bytes_string(&older));
    bytes_free(&older);
  }
  int log = open(state->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  *from = log >= 0 && fstat(log, &about) == 0 ? about.st_size : 0;
  return log;
}

/* Own session, own environment, own log, none of our pipes: closing the client must not touch it. */
static void become_app(const struct state *state, char *app, char **env, int log) {
  char hidden[] = "--hidden";
  char *const argv[] = {app, hidden, NULL};
  int nothing = open("/dev/null", O_RDONLY);
  setsid();
  umask(077);
  signal(SIGPIPE, SIG_DFL);
  if (nothing < 0 || dup2(nothing, 0) < 0 || dup2(log, 1) < 0 || dup2(log, 2) < 0 || chdir(state->home) != 0) _exit(126);
  long last = sysconf(_SC_OPEN_MAX);
  for (int file = 3; file < (last > 0 && last < 4096 ? last : 4096); file += 1) close(file);
  execve(app, argv, env);
  _exit(127);
}

bool app_start(const struct state *state, struct started *started, struct failure *failure) {
  *started = (struct started){.turn = -1};
  if (!folder_ensure(state->home, failure) || !folder_ensure(state->run, failure) || !folder_ensure(state->logs, failure)) return false;
  remember_session(state);
  started->turn = open(state->starting, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (started->turn >= 0 && flock(started->turn, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    close(started->turn);
    started->turn = -1;
    return true;
  }
  char *app = app_path(failure);
  /* How it ended is wanted, if it does. */
  signal(SIGCHLD, SIG_DFL);
  if (app == NULL) return app_settled(started), false;
  struct environment env = environment_of(state);
  int log = open_log(state, &started->log_from);
  started->pid = fork();
  if (started->pid == 0) become_app(state, app, env.entries, log);
  if (started->pid < 0) failure_set(failure, "GATEWAY_UNREACHABLE", "the app %s cannot be started (%s)", app, strerror(errno));
  if (log >= 0) close(log);
  free(app);
  free(env.entries);
  if (started->pid > 0) return true;
  app_settled(started);
  return false;
}

/* The gateway's own last word, when it left one. */
static bool read_last_word(struct part line, struct failure *failure) {
  struct part error = json_member(line, "error");
  struct bytes code = {0};
  struct bytes message = {0};
  bool is_said = json_text(json_member(error, "code"), &code) && json_text(json_member(error, "message"), &message);
  if (is_said) failure_set(failure, bytes_string(&code), "%s", bytes_string(&message));
  bytes_free(&code);
  bytes_free(&message);
  return is_said;
}

bool app_failed(const struct state *state, struct started *started, struct failure *failure) {
  int status;
  if (started->pid <= 0 || waitpid(started->pid, &status, WNOHANG) != started->pid) return false;
  started->pid = 0;
  /* It found another one running, which is about to listen. */
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return false;
  struct bytes said = {0};
  struct bytes all = {0};
  if (file_read(state->log, (size_t)log_limit * 2, &all) && (off_t)all.length > started->log_from) {
    bytes_drop(&all, (size_t)started->log_from);
    while (all.length > 0 && all.at[all.length - 1] == '\n') all.length -= 1;
    size_t from = all.length;
    for (int lines = 0; from > 0 && (all.at[from - 1] != '\n' || ++lines < 5); from -= 1) continue;
    const char *last = all.at + all.length;
    while (last > all.at && last[-1] != '\n') last -= 1;
    if (read_last_word((struct part){last, (size_t)(all.at + all.length - last)}, failure)) {
      bytes_free(&all);
      return true;
    }
    if (all.length > from) bytes_text(&said, ":\n  ");
    bytes_add(&said, all.at + from, all.length - from);
  }
  char how[40];
  if (WIFSIGNALED(status)) snprintf(how, sizeof how, "signal %d", WTERMSIG(status));
  else snprintf(how, sizeof how, "exit code %d", WEXITSTATUS(status));
  failure_set(failure, "GATEWAY_UNREACHABLE", "the gateway ended at once (%s); its log is %s%s", how, state->log, bytes_string(&said));
  bytes_free(&said);
  bytes_free(&all);
  return true;
}

void app_settled(struct started *started) {
  /* From now on the system buries it, whenever it ends. */
  signal(SIGCHLD, SIG_IGN);
  if (started->pid > 0) waitpid(started->pid, NULL, WNOHANG);
  if (started->turn >= 0) close(started->turn);
  started->turn = -1;
}
