// The functions that the compiler calls for every memory access of code compiled with -fsanitize=thread,alignment. The sanitizers'
// own runtimes are not linked: these take their place and ask the engine about accesses that a kernel makes. Host code that was
// compiled alike comes by too, and is let through.

#include <cstdint>
#include <string>

#include "engine.h"

namespace gannet::simt {
namespace {

inline void check(const void* address, size_t bytes, Access access, const void* code) {
  Engine* engine = checking_engine;
  if (engine != nullptr && !engine->is_own_stack(reinterpret_cast<uintptr_t>(address)))
    engine->access(reinterpret_cast<uintptr_t>(address), bytes, access, code);
}

}  // namespace
}  // namespace gannet::simt

#define GANNET_HOOK extern "C" __attribute__((visibility("hidden"))) void

#define GANNET_ACCESS_HOOK(name, bytes, kind) \
  GANNET_HOOK __tsan_##name(void* address) { gannet::simt::check(address, bytes, gannet::simt::Access::kind, __builtin_return_address(0)); }

#define GANNET_ACCESS_HOOKS(bytes)                         \
  GANNET_ACCESS_HOOK(read##bytes, bytes, read)             \
  GANNET_ACCESS_HOOK(write##bytes, bytes, write)           \
  GANNET_ACCESS_HOOK(unaligned_read##bytes, bytes, read)   \
  GANNET_ACCESS_HOOK(unaligned_write##bytes, bytes, write) \
  GANNET_ACCESS_HOOK(volatile_read##bytes, bytes, read)    \
  GANNET_ACCESS_HOOK(volatile_write##bytes, bytes, write)

GANNET_ACCESS_HOOKS(1)
GANNET_ACCESS_HOOKS(2)
GANNET_ACCESS_HOOKS(4)
GANNET_ACCESS_HOOKS(8)
GANNET_ACCESS_HOOKS(16)

// NOLINTBEGIN(bugprone-reserved-identifier): the names are the compiler's.
GANNET_HOOK __tsan_read_range(void* address, size_t bytes) {
  gannet::simt::check(address, bytes, gannet::simt::Access::read, __builtin_return_address(0));
}
GANNET_HOOK __tsan_write_range(void* address, size_t bytes) {
  gannet::simt::check(address, bytes, gannet::simt::Access::write, __builtin_return_address(0));
}
GANNET_HOOK __tsan_init() {}
GANNET_HOOK __tsan_func_entry(void*) {}
GANNET_HOOK __tsan_func_exit() {}
GANNET_HOOK __tsan_vptr_update(void**, void*) {}
GANNET_HOOK __tsan_vptr_read(void**) {}

/** What the compiler tells about a dereference of a misaligned pointer. */
struct TypeMismatch {
  struct {
    const char* file;
    uint32_t line;
    uint32_t column;
  } place;
  const struct {
    uint16_t kind;
    uint16_t info;
    char name[1];
  } * type;
  unsigned char log_of_alignment;
  unsigned char check_kind;
};

GANNET_HOOK __ubsan_handle_type_mismatch_v1(TypeMismatch* mismatch, uintptr_t address) {
  gannet::simt::Engine* engine = gannet::simt::running_engine;
  if (engine == nullptr) return;
  const size_t alignment = size_t{1} << mismatch->log_of_alignment;
  engine->fail("misaligned access at " + std::string(mismatch->place.file) + ":" + std::to_string(mismatch->place.line) +
               ": the address of a " + mismatch->type->name + " is " + std::to_string(address % alignment) + " bytes past a multiple of " +
               std::to_string(alignment));
}
GANNET_HOOK __ubsan_handle_type_mismatch_v1_abort(TypeMismatch* mismatch, uintptr_t address) {
  __ubsan_handle_type_mismatch_v1(mismatch, address);
}
// NOLINTEND(bugprone-reserved-identifier)
