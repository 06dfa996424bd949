#include "terminal.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

static int changed = -1;
static struct termios former;

static void restore(void) {
  if (changed >= 0) tcsetattr(changed, TCSADRAIN, &former);
  changed = -1;
}

void terminal_raw(int file, bool is_raw) {
  restore();
  if (!is_raw || tcgetattr(file, &former) != 0) return;
  struct termios raw = former;
  cfmakeraw(&raw);
  /* Words that come meanwhile, ours or another program's, still begin at the left. */
  raw.c_oflag |= OPOST | ONLCR;
  changed = file;
  tcsetattr(file, TCSADRAIN, &raw);
}

static void end_by(int signal_number) {
  restore();
  signal(signal_number, SIG_DFL);
  raise(signal_number);
}

void terminal_guard(void) {
  static const int ends[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
  /* What whoever started us ignores, as nohup does, stays ignored. */
  for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i += 1)
    if (signal(ends[i], end_by) == SIG_IGN) signal(ends[i], SIG_IGN);
}

void terminal_interrupt(void) {
  end_by(SIGINT);
}

char *terminal_path(void) {
#ifdef __linux__
  /* By the device number of the controlling terminal (proc(5), /proc/pid/stat, tty_nr): ttyname says /dev/tty. */
  FILE *file = fopen("/proc/self/stat", "r");
  char text[1024] = "";
  if (file == NULL) return NULL;
  size_t length = fread(text, 1, sizeof text - 1, file);
  fclose(file);
  text[length] = '\0';
  /* The name in brackets may hold anything, so what counts begins behind the last one. */
  const char *behind = strrchr(text, ')');
  int device = 0;
  if (behind == NULL || sscanf(behind, ") %*c %*d %*d %*d %d", &device) != 1) return NULL;
  unsigned major = ((unsigned)device >> 8) & 0xfff;
  unsigned minor = ((unsigned)device & 0xff) | (((unsigned)device >> 12) & 0xfff00);
  char path[40];
  if (major >= 136 && major <= 143) snprintf(path, sizeof path, "/dev/pts/%u", (major - 136) * 256 + minor);
  else if (major == 4 && minor > 0 && minor < 64) snprintf(path, sizeof path, "/dev/tty%u", minor);
  else return NULL;
  return strdup(path);
#else
  int file = open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC);
  if (file < 0) return NULL;
  close(file);
  for (int stream = 0; stream < 3; stream += 1) {
    const char *name = isatty(stream) ? ttyname(stream) : NULL;
    if (name != NULL) return strdup(name);
  }
  return NULL;
#endif
}

int terminal_columns(void) {
  static const int streams[] = {1, 2, 0};
  struct winsize size;
  for (int i = 0; i < 3; i += 1)
    if (ioctl(streams[i], TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 0;
}
