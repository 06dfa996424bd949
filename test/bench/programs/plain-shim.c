/* The least a shim can be: connects to the socket named in its first argument and copies bytes both ways. */
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int copy(int from, int to) {
  static char piece[65536];
  ssize_t taken = read(from, piece, sizeof piece);
  for (ssize_t done = 0; done < taken;) {
    ssize_t written = write(to, piece + done, (size_t)(taken - done));
    if (written <= 0) return 0;
    done += written;
  }
  return taken > 0;
}

int main(int count, char **words) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (count < 2 || strlen(words[1]) >= sizeof address.sun_path) return 2;
  strcpy(address.sun_path, words[1]);
  int gateway = socket(AF_UNIX, SOCK_STREAM, 0);
  if (connect(gateway, (struct sockaddr *)&address, sizeof address) != 0) return 1;
  struct pollfd ends[] = {{0, POLLIN, 0}, {gateway, POLLIN, 0}};
  for (;;) {
    if (poll(ends, 2, -1) < 0) continue;
    if (ends[0].revents != 0 && !copy(0, gateway)) {
      shutdown(gateway, SHUT_WR);
      ends[0].fd = -1;
    }
    if (ends[1].revents != 0 && !copy(gateway, 1)) return 0;
  }
}
