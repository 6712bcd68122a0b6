// How the engine judges each access to memory.

#include <cstring>
#include <dlfcn.h>

#include "engine.h"

namespace gannet::simt {
namespace {

const char* verb(Access access) {
  switch (access) {
    case Access::read: return "reads";
    case Access::write: return "writes";
    default: return "atomically changes";
  }
}

/** Where in the compiled code, for addr2line. */
std::string describe_code(const void* code) {
  Dl_info info;
  if (code == nullptr || dladdr(code, &info) == 0 || info.dli_fname == nullptr) return "";
  const char* slash = std::strrchr(info.dli_fname, '/');
  char offset[32];
  std::snprintf(offset, sizeof offset, "+0x%zx", static_cast<const char*>(code) - static_cast<const char*>(info.dli_fbase));
  return std::string(" [") + (slash == nullptr ? info.dli_fname : slash + 1) + offset + "]";
}

std::string describe(Finding finding) {
  switch (finding) {
    case Finding::uninitialised: return "which nothing has written: uninitialised read";
    case Finding::copy_in_flight: return "to which an asynchronous copy is under way that nobody waited for";
    case Finding::forbidden: return "which lie between two buffers: out of range";
    case Finding::race_with_write: return "which were written since the last barrier: data race with thread ";
    case Finding::race_with_read: return "which were read since the last barrier: data race with thread ";
    case Finding::race_with_other_block: return "which another block of the same launch accesses: data race between blocks";
    case Finding::none: break;
  }
  return "";
}

std::string range_text(uintptr_t address, uintptr_t begin, size_t bytes) {
  const auto offset = static_cast<std::ptrdiff_t>(address - begin);
  return "byte " + std::to_string(offset) + " of " + std::to_string(bytes);
}

}  // namespace

void Engine::access(uintptr_t address, size_t bytes, Access access, const void* code) {
  if (is_own_stack(address)) return;
  if (access_shared(address, bytes, access, code) || access_global(address, bytes, access, code)) return;
  const char* place = stacks_.contains(address) ? "the local memory of another thread" : "memory that is not the device's";
  fail(std::string(verb(access)) + " " + std::to_string(bytes) + " bytes in " + place + ": out of range" + describe_code(code));
}

void Engine::access_as(unsigned rank, uintptr_t address, size_t bytes, Access kind, const void* code) {
  Thread* const self = current_;
  observe_as(threads_[rank]);
  access(address, bytes, kind, code);
  observe_as(*self);
}

bool Engine::access_shared(uintptr_t address, size_t bytes, Access access, const void* code) {
  const auto base = reinterpret_cast<uintptr_t>(shared_);
  const size_t size = launch_->shared_bytes;
  if (address - base >= size || bytes > size - (address - base)) {
    const auto region = reinterpret_cast<uintptr_t>(shared_memory_.data());
    if (address - region >= shared_memory_.bytes()) return false;
    fail(std::string(verb(access)) + " " + std::to_string(bytes) + " bytes at " + range_text(address, base, size) +
         " of shared memory: out of range" + describe_code(code));
  }
  each_word(shared_shadow_.data(), base, address, bytes, [&](Cell& cell, unsigned mask) {
    const Verdict verdict = judge(cell, mask, access, self_, true);
    if (verdict.finding != Finding::none) fail_access(verdict, "shared memory", address - base, bytes, access, code);
    return true;
  });
  return true;
}

bool Engine::access_global(uintptr_t address, size_t bytes, Access access, const void* code) {
  if (recent_ == nullptr || address < recent_->begin() || address >= recent_->end()) {
    recent_ = DeviceMemory::instance().find(address);
    if (recent_ == nullptr) return false;
  }
  const uintptr_t base = recent_->begin();
  if (address < base || address + bytes > recent_->end()) {
    fail(std::string(verb(access)) + " " + std::to_string(bytes) + " bytes at " + range_text(address, base, recent_->bytes) +
         " of an allocation: out of range" + describe_code(code));
  }
  if (access == Access::write) last_written_ = address;
  each_word(recent_->cell(base), base, address, bytes, [&](Cell& cell, unsigned mask) {
    const Verdict verdict = judge(cell, mask, access, self_, knows_writes_);
    if (verdict.finding != Finding::none) fail_access(verdict, "an allocation", address - base, bytes, access, code);
    return true;
  });
  return true;
}

void Engine::fail_access(Verdict verdict, const std::string& place, uintptr_t offset, size_t bytes, Access access, const void* code) {
  std::string reason = describe(verdict.finding);
  if (verdict.finding == Finding::race_with_read || verdict.finding == Finding::race_with_write) {
    const uint3 other = threads_[verdict.other_thread].index;
    reason += "(" + std::to_string(other.x) + "," + std::to_string(other.y) + "," + std::to_string(other.z) + ")";
  }
  fail(std::string(verb(access)) + " " + std::to_string(bytes) + " bytes at byte " + std::to_string(offset) + " of " + place + ", " +
       reason + describe_code(code));
}

void Engine::begin_copy(char* target, const char* source, size_t bytes, const void* code) {
  const auto address = reinterpret_cast<uintptr_t>(target);
  const auto base = reinterpret_cast<uintptr_t>(shared_);
  if (address - base >= launch_->shared_bytes || bytes > launch_->shared_bytes - (address - base)) {
    fail("copies " + std::to_string(bytes) + " bytes to " + range_text(address, base, launch_->shared_bytes) +
         " of shared memory: out of range" + describe_code(code));
  }
  if (source != nullptr && !access_global(reinterpret_cast<uintptr_t>(source), bytes, Access::read, code)) {
    fail("copies " + std::to_string(bytes) + " bytes from memory that is not the device's: out of range" + describe_code(code));
  }
  each_word(shared_shadow_.data(), base, address, bytes, [&](Cell& cell, unsigned mask) {
    const Verdict verdict = simt::begin_copy(cell, mask, self_);
    if (verdict.finding != Finding::none) fail_access(verdict, "shared memory", address - base, bytes, Access::write, code);
    return true;
  });
}

void Engine::end_copy(const Copy& copy) {
  const auto base = reinterpret_cast<uintptr_t>(shared_);
  each_word(shared_shadow_.data(), base, reinterpret_cast<uintptr_t>(copy.target), copy.bytes, [&](Cell& cell, unsigned mask) {
    simt::end_copy(cell, mask, self_);
    return true;
  });
}

}  // namespace gannet::simt
