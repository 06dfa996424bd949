#include "serve.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "relay.h"
#include "settings.h"

enum { mode, always_on, profile, client, standalone, servers, http, token, call_timeout, log_level, log_style };

static const struct flag flags[] = {
    [mode] = {"--mode", "mode"},
    [always_on] = {"--always-on", "connector:alias"},
    [profile] = {"--profile", "id[=alias]"},
    [client] = {"--client", "key"},
    [standalone] = {"--standalone", NULL},
    [servers] = {"--servers", "file"},
    [http] = {"--http", "host:port"},
    [token] = {"--token", "none"},
    [call_timeout] = {"--call-timeout", "duration"},
    [log_level] = {"--log", "level"},
    [log_style] = {"--log-style", "style"},
    {NULL, NULL},
};

struct asked {
  const char *mode;
  const char *client;
  /* The flag that wants a gateway of its own, when there was one. */
  const char *own;
  const char *log;
  bool has_timeout;
  struct bytes always_on;
  struct bytes profiles;
};

static const char *const modes[] = {NUCLEUS_MODES, NULL};
static const char *const levels[] = {NUCLEUS_LOG_LEVELS, NULL};
static const char *const styles[] = {NUCLEUS_LOG_STYLES, NULL};
/* Of the original. */
static const char *const spellings[][2] = {
    {"", "auto"}, {"all", "expose-all"}, {"expose_all", "expose-all"}, {"recommend", "hybrid"}, {"recommendation", "hybrid"}};

static bool is_among(const char *const *names, const char *name) {
  for (; *names != NULL; names += 1)
    if (strcmp(*names, name) == 0) return true;
  return false;
}

static void list_of(struct bytes *text, const char *const *names, const char *quote) {
  for (int i = 0; names[i] != NULL; i += 1) {
    if (i > 0) bytes_text(text, ", ");
    bytes_text(text, quote);
    bytes_text(text, names[i]);
    bytes_text(text, quote);
  }
}

static bool read_mode(struct asked *asked, const char *value, struct failure *failure) {
  asked->mode = is_among(modes, value) ? value : NULL;
  for (size_t i = 0; i < sizeof spellings / sizeof spellings[0]; i += 1)
    if (strcmp(spellings[i][0], value) == 0) asked->mode = spellings[i][1];
  if (asked->mode != NULL) return true;
  struct bytes wanted = {0};
  list_of(&wanted, modes, "'");
  failure_set(failure, "USAGE", "unknown --mode \"%s\" (want %s)", value, bytes_string(&wanted));
  bytes_free(&wanted);
  return false;
}

/* Adds an element to a list that is being written. */
static void separate(struct bytes *list) {
  bytes_text(list, list->length == 0 ? "[" : ",");
}

/* `connector:alias` in any case, several separated by commas. */
static bool read_always_on(struct asked *asked, const char *value, struct failure *failure) {
  for (const char *at = value; at != NULL;) {
    const char *comma = strchr(at, ',');
    size_t length = comma == NULL ? strlen(at) : (size_t)(comma - at);
    char *one = part_copy((struct part){at, length});
    for (char *letter = one; *letter != '\0'; letter += 1)
      if (*letter >= 'A' && *letter <= 'Z') *letter = (char)(*letter + 'a' - 'A');
    char *begin = one + strspn(one, " \t");
    size_t kept = strlen(begin);
    while (kept > 0 && (begin[kept - 1] == ' ' || begin[kept - 1] == '\t')) kept -= 1;
    begin[kept] = '\0';
    const char *colon = strchr(begin, ':');
    bool is_fine = colon != NULL && colon != begin && colon[1] != '\0' && strchr(colon + 1, ':') == NULL;
    if (is_fine) {
      separate(&asked->always_on);
      bytes_json(&asked->always_on, begin, kept);
    } else {
      char *given = part_copy((struct part){at, length});
      failure_set(failure, "USAGE", "--always-on wants connector:alias, such as supabase:prod, not \"%s\"", given);
      free(given);
    }
    free(one);
    if (!is_fine) return false;
    at = comma == NULL ? NULL : comma + 1;
  }
  return true;
}

/* `github:work` or `github:work=main`; what the names may be is the gateway's to judge. */
static bool read_profile(struct asked *asked, const char *value, struct failure *failure) {
  size_t connector = strcspn(value, ":=");
  const char *name = value + connector + 1;
  size_t length = value[connector] == ':' ? strcspn(name, ":=") : 0;
  bool has_alias = length > 0 && name[length] == '=' && name[length + 1] != '\0';
  if (connector == 0 || length == 0 || (name[length] != '\0' && !has_alias)) {
    failure_set(failure, "USAGE", "--profile \"%s\" is not of the form connector:name or connector:name=alias", value);
    return false;
  }
  struct part alias = has_alias ? part_of(name + length + 1) : (struct part){name, length};
  separate(&asked->profiles);
  bytes_text(&asked->profiles, "{\"id\":");
  bytes_json(&asked->profiles, value, connector + 1 + length);
  bytes_text(&asked->profiles, ",\"alias\":");
  bytes_json(&asked->profiles, alias.at, alias.length);
  bytes_text(&asked->profiles, "}");
  return true;
}

static bool read_choice(const char *value, int flag, const char *const *choices, struct failure *failure) {
  if (is_among(choices, value)) return true;
  struct bytes allowed = {0};
  list_of(&allowed, choices, "");
  failure_set(failure, "USAGE", "option '%s <%s>' argument '%s' is invalid. Allowed choices are %s.", flags[flag].name, flags[flag].value,
              value, bytes_string(&allowed));
  bytes_free(&allowed);
  return false;
}

static bool read_token(const char *value, struct failure *failure) {
  if (strcmp(value, "none") == 0) return true;
  failure_set(failure, "USAGE",
              "a token does not belong in a command line, where every program can read it: make one with nucleus clients add NAME; --token "
              "takes only none");
  return false;
}

static bool read_flag(struct asked *asked, int flag, const char *value, struct failure *failure) {
  switch (flag) {
    case mode: return read_mode(asked, value, failure);
    case always_on: return read_always_on(asked, value, failure);
    case profile: return read_profile(asked, value, failure);
    case client: asked->client = value; return true;
    case token: asked->own = flags[flag].name; return read_token(value, failure);
    case call_timeout: asked->has_timeout = true; return true;
    case log_level: asked->log = flags[flag].name; return read_choice(value, flag, levels, failure);
    case log_style:
      if (asked->log == NULL) asked->log = flags[flag].name;
      return read_choice(value, flag, styles, failure);
    default: asked->own = flags[flag].name; return true;
  }
}

static bool read_words(struct asked *asked, struct words words, struct globals *globals, struct failure *failure) {
  const char *value;
  bool is_fine;
  while (words.count > 0) {
    if (global_take(&words, globals, failure, &is_fine)) {
      if (!is_fine) return false;
      continue;
    }
    int flag = flag_take(&words, flags, &value, failure);
    if (flag < 0 || !read_flag(asked, flag, value, failure)) return false;
  }
  if (asked->own == NULL) return true;
  failure_set(failure, "USAGE",
              "%s wants a gateway of its own, and the gateway of this nucleus is the app, which serves HTTP as [http] in config.toml says; a "
              "copy of Nucleus that runs on Node can be one",
              asked->own);
  return false;
}

/* The list that was written, closed, as a member. */
static void add_list(struct bytes *line, const char *name, struct bytes *list, bool *is_first) {
  if (list->length == 0) return;
  bytes_text(line, *is_first ? "" : ",");
  bytes_text(line, name);
  bytes_add(line, list->at, list->length);
  bytes_text(line, "]");
  *is_first = false;
}

static void write_line(struct bytes *line, struct asked *asked) {
  char *folder = getcwd(NULL, 0);
  attach_begin(line, "client");
  if (folder != NULL) {
    bytes_text(line, ",\"cwd\":");
    bytes_json(line, folder, strlen(folder));
  }
  if (asked->client != NULL) {
    bytes_text(line, ",\"client\":");
    bytes_json(line, asked->client, strlen(asked->client));
  }
  bool is_first = asked->mode == NULL;
  bytes_text(line, ",\"view\":{");
  if (asked->mode != NULL) {
    bytes_text(line, "\"mode\":");
    bytes_json(line, asked->mode, strlen(asked->mode));
  }
  add_list(line, "\"alwaysOn\":", &asked->always_on, &is_first);
  add_list(line, "\"profiles\":", &asked->profiles, &is_first);
  bytes_text(line, "}}\n");
  free(folder);
}

int serve(struct attacher *attacher, struct words words, struct globals *globals, struct failure *failure) {
  struct asked asked = {0};
  if (!read_words(&asked, words, globals, failure)) return -1;
  if (globals->config != NULL && access(globals->config, F_OK) != 0) {
    failure_set(failure, "CONFIG_INVALID", "--config names %s, which does not exist", globals->config);
    return -1;
  }
  if (asked.has_timeout) say("note: --call-timeout is ignored; [upstream] call_timeout in config.toml says it");
  if (asked.always_on.length > 0 && asked.mode != NULL && strcmp(asked.mode, "hybrid") != 0 && strcmp(asked.mode, "auto") != 0)
    say("warning: --always-on is for mode hybrid; in mode %s it changes nothing", asked.mode);
  write_line(&attacher->line, &asked);
  int socket = attach_or_start(attacher, failure);
  if (socket < 0) return -1;
  if (globals->config != NULL) say("note: --config is ignored; the running gateway has read its own");
  if (asked.log != NULL) say("note: %s is ignored; the running gateway logs as it was told", asked.log);
  say_notes(attacher);
  say("attached to gateway pid=%lld socket=%s", attacher->endpoint.pid, bytes_string(&attacher->endpoint.socket));
  return relay(attacher, socket);
}
