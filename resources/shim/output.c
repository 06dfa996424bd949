#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0
#endif

void output_begin(struct output *output, int file) {
  struct stat about;
  *output = (struct output){.file = file, .way = in_pieces};
  if (fstat(file, &about) != 0) return;
  if (S_ISSOCK(about.st_mode)) output->way = as_socket;
#ifdef __linux__
  /* The same pipe opened anew has flags of its own, so nobody else's writes change. */
  if (S_ISFIFO(about.st_mode)) {
    int own = open(file == 1 ? "/proc/self/fd/1" : "/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    if (own < 0) return;
    if (dup2(own, file) == file) output->way = as_own;
    close(own);
  }
#endif
}

static ssize_t attempt(struct output *output, const char *at, size_t length) {
  if (output->way == as_socket) return send(output->file, at, length, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (output->way == as_own) return write(output->file, at, length);
  /* So much a pipe takes at once when it takes anything. */
  struct pollfd ready = {.fd = output->file, .events = POLLOUT};
  if (poll(&ready, 1, 0) < 1 || (ready.revents & POLLOUT) == 0) {
    errno = (ready.revents & (POLLERR | POLLHUP)) != 0 ? EPIPE : EAGAIN;
    return -1;
  }
  return write(output->file, at, length < PIPE_BUF ? length : PIPE_BUF);
}

static size_t write_now(struct output *output, const char *at, size_t length) {
  size_t done = 0;
  while (done < length && !output->is_gone) {
    ssize_t taken = attempt(output, at + done, length - done);
    if (taken > 0) done += (size_t)taken;
    else if (taken < 0 && errno == EINTR) continue;
    else if (taken < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) break;
    else output->is_gone = true;
  }
  return done;
}

size_t output_waiting(const struct output *output) {
  return output->waiting.length - output->from;
}

void output_flush(struct output *output) {
  if (output_waiting(output) == 0) return;
  output->from += write_now(output, output->waiting.at + output->from, output_waiting(output));
  if (output_waiting(output) > 0 && !output->is_gone) return;
  bytes_drop(&output->waiting, output->waiting.length);
  output->from = 0;
}

void output_write(struct output *output, const char *at, size_t length) {
  output_flush(output);
  size_t done = output_waiting(output) == 0 ? write_now(output, at, length) : 0;
  if (!output->is_gone) bytes_add(&output->waiting, at + done, length - done);
}

void output_finish(struct output *output) {
  while (output_waiting(output) > 0 && !output->is_gone) {
    struct pollfd ready = {.fd = output->file, .events = POLLOUT};
    poll(&ready, 1, -1);
    output_flush(output);
  }
}
