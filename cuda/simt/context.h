#pragma once

#include <cstddef>

namespace gannet::simt {

/** Saves the running context in *saved and continues the one that was saved as `next`; returns when somebody continues *saved. */
extern "C" void gannet_switch_context(void** saved, void* next);

/** A context that starts `entry` on the stack of `bytes` from `stack` when it is first continued; `entry` must not return. */
void* make_context(char* stack, size_t bytes, void (*entry)());

/** Stacks of equal size in one reserved range, each above a page that must not be touched. Memory is used as it is written. */
class Stacks {
 public:
  static constexpr size_t kBytes = size_t{256} * 1024;

  explicit Stacks(size_t count);
  ~Stacks();
  Stacks(const Stacks&) = delete;
  Stacks& operator=(const Stacks&) = delete;

  /** The lowest usable byte of a stack, and how many there are. */
  char* stack(size_t index) const { return base_ + index * kBytes + kGuardBytes; }
  static constexpr size_t usable_bytes() { return kBytes - kGuardBytes; }

  bool contains(size_t address) const { return address - reinterpret_cast<size_t>(base_) < count_ * kBytes; }

 private:
  static constexpr size_t kGuardBytes = 4096;
  size_t count_;
  char* base_;
};

}  // namespace gannet::simt
