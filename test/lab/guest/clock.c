// A clock of their own for the agent, Envoy and `date` of one VM: the kernel has one real-time clock for all machines of a lab. Loaded by
// /etc/ld.so.preload of the VM; /var/lib/lab-clock holds the difference in seconds as 64 bits, and may change at any time.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile const int64_t *difference;

__attribute__((constructor)) static void begin(void) {
  const char *name = program_invocation_short_name;
  if (strcmp(name, "meshx") != 0 && strcmp(name, "envoy") != 0 && strcmp(name, "date") != 0) return;
  int file = open("/var/lib/lab-clock", O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  void *page = mmap(0, sizeof *difference, PROT_READ, MAP_SHARED, file, 0);
  if (page != MAP_FAILED) difference = page;
  close(file);
}

static int64_t added(void) { return difference ? *difference : 0; }

int clock_gettime(clockid_t clock, struct timespec *now) {
  int failed = (int)syscall(SYS_clock_gettime, clock, now);
  if (!failed && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) now->tv_sec += added();
  return failed;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
  int failed = (int)syscall(SYS_gettimeofday, now, zone);
  if (!failed && now) now->tv_sec += added();
  return failed;
}

time_t time(time_t *at) {
  struct timespec now;
  syscall(SYS_clock_gettime, CLOCK_REALTIME, &now);
  now.tv_sec += added();
  if (at) *at = now.tv_sec;
  return now.tv_sec;
}
