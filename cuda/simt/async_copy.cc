#include "async_copy.h"

#include <cstring>

#include "engine.h"

namespace gannet::simt {
namespace {

void land(Engine& engine, const Copy& copy) {
  if (copy.source == nullptr) {
    std::memset(copy.target, 0, copy.bytes);
  } else {
    std::memcpy(copy.target, copy.source, copy.bytes);
  }
  if (engine.checks()) engine.end_copy(copy);
}

}  // namespace

void issue_copy(void* shared, const void* global, size_t bytes, bool valid) {
  Engine& engine = *running_engine;
  const auto misaligned = [bytes](const void* pointer) { return reinterpret_cast<uintptr_t>(pointer) % bytes != 0; };
  if (misaligned(shared) || (valid && misaligned(global))) {
    engine.fail("misaligned cp.async: both addresses must be multiples of " + std::to_string(bytes));
  }
  auto* target = static_cast<char*>(shared);
  const auto* source = valid ? static_cast<const char*>(global) : nullptr;
  if (engine.checks()) engine.begin_copy(target, source, bytes, __builtin_return_address(0));
  std::memset(target, kPoison, bytes);
  Thread& thread = engine.current();
  thread.copies.push_back({target, source, bytes, thread.committed_groups});
}

void commit_copies() { ++running_engine->current().committed_groups; }

void await_copies(int pending) {
  Engine& engine = *running_engine;
  Thread& thread = engine.current();
  size_t landed = 0;
  while (landed < thread.copies.size() && thread.copies[landed].group < thread.committed_groups - pending) {
    land(engine, thread.copies[landed++]);
  }
  thread.copies.erase(thread.copies.begin(), thread.copies.begin() + static_cast<std::ptrdiff_t>(landed));
}

}  // namespace gannet::simt
