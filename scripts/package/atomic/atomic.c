// libatomic.so.1 with the one function of it that Node.js 26 imports: docs/decisions/agent-library.md.
//
// It compares the object with `expected`. If they are equal, the object becomes `desired`, else `expected` becomes the object.
// https://gcc.gnu.org/wiki/Atomic/GCCMM/LIbrary has the interface. Whatever order of memory is asked for, the strongest one holds.
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EXPORTED __attribute__((visibility("default")))

// Not by its name: the compiler has a function of this name itself.
EXPORTED bool exchange(size_t size, void *object, void *expected, const void *desired, int success, int failure) __asm__("__atomic_compare_exchange");

// An aligned object of the processor's sizes. The others may be anywhere.
#define EXCHANGE(type) \
  do { \
    type before, after; \
    __builtin_memcpy(&before, expected, sizeof before); \
    __builtin_memcpy(&after, desired, sizeof after); \
    bool same = __atomic_compare_exchange_n((type *)object, &before, after, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST); \
    if (!same) __builtin_memcpy(expected, &before, sizeof before); \
    return same; \
  } while (0)

static char lock;

// Any other object: one at a time.
static bool locked(size_t size, char *object, char *expected, const char *desired) {
  while (__atomic_test_and_set(&lock, __ATOMIC_ACQUIRE)) { }
  bool same = true;
  for (size_t i = 0; i < size; i++) same = same && object[i] == expected[i];
  for (size_t i = 0; i < size; i++) {
    if (same) object[i] = desired[i];
    else expected[i] = object[i];
  }
  __atomic_clear(&lock, __ATOMIC_RELEASE);
  return same;
}

bool exchange(size_t size, void *object, void *expected, const void *desired, int success, int failure) {
  (void)success;
  (void)failure;
  bool aligned = size > 0 && (uintptr_t)object % size == 0;
  if (aligned && size == 8) EXCHANGE(uint64_t);
  if (aligned && size == 4) EXCHANGE(uint32_t);
  if (aligned && size == 2) EXCHANGE(uint16_t);
  if (size == 1) EXCHANGE(uint8_t);
  return locked(size, object, expected, desired);
}
