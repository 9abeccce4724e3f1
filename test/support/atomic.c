// Calls the library of scripts/package/atomic: exits with 0, or prints what is wrong.
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

bool exchange(size_t size, void *object, void *expected, const void *desired, int success, int failure) __asm__("__atomic_compare_exchange");

enum { THREADS = 4, ROUNDS = 20000, MOST = 24 };

static int failed(const char *what, size_t size, size_t offset) {
  printf("%s: %zu bytes at %zu\n", what, size, offset);
  return 1;
}

// One call each: the object and its neighbours, after equality and after a difference in its last byte.
static int one_by_one(size_t size, size_t offset) {
  _Alignas(16) unsigned char object[2 * MOST], before[2 * MOST], expected[MOST], desired[MOST];
  for (size_t i = 0; i < sizeof object; i++) object[i] = before[i] = i + 1;
  memcpy(expected, object + offset, size);
  memset(desired, 200, sizeof desired);
  if (!exchange(size, object + offset, expected, desired, 5, 5)) return failed("equal, but not exchanged", size, offset);
  memcpy(before + offset, desired, size);
  if (memcmp(object, before, sizeof object)) return failed("exchanged into something else", size, offset);
  expected[size - 1] = 7;
  for (size_t i = 0; i + 1 < size; i++) expected[i] = 200;
  memset(desired, 9, sizeof desired);
  if (exchange(size, object + offset, expected, desired, 2, 0)) return failed("different, but exchanged", size, offset);
  if (memcmp(object, before, sizeof object)) return failed("different, and changed", size, offset);
  if (memcmp(expected, before + offset, size)) return failed("expected is not what was found", size, offset);
  return 0;
}

struct counting { size_t size; unsigned char *object; };

// Adds 1 to all bytes of the object at once, as numbers of one byte with a carry.
static void *count(void *given) {
  struct counting *of = given;
  for (int i = 0; i < ROUNDS; i++) {
    unsigned char expected[MOST] = { 0 }, desired[MOST];
    do {
      memcpy(desired, expected, of->size);
      for (size_t at = 0; at < of->size && ++desired[at] == 0; at++) { }
    } while (!exchange(of->size, of->object, expected, desired, 5, 5));
  }
  return NULL;
}

static int together(size_t size, size_t offset) {
  _Alignas(16) unsigned char object[2 * MOST] = { 0 };
  struct counting of = { size, object + offset };
  pthread_t threads[THREADS];
  for (int i = 0; i < THREADS; i++) pthread_create(&threads[i], NULL, count, &of);
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  uint64_t counted = 0, wanted = THREADS * ROUNDS;
  memcpy(&counted, object + offset, size < 8 ? size : 8);
  if (size < 8) wanted &= ((uint64_t)1 << 8 * size) - 1;
  return counted == wanted ? 0 : failed("an addition was lost", size, offset);
}

int main(void) {
  const size_t sizes[] = { 1, 2, 3, 4, 5, 8, 12, 16, 24 };
  int wrong = 0;
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
    for (size_t offset = 0; offset <= 8; offset += 4) {
      wrong += one_by_one(sizes[i], offset) + one_by_one(sizes[i], offset + 1);
      wrong += together(sizes[i], offset);
    }
  return wrong > 0;
}
