#include "context.h"

#include <cstdint>
#include <new>
#include <sys/mman.h>

namespace gannet::simt {

#if defined(__x86_64__)

// Only what a callee must preserve. Rounding modes are left alone by kernels, so their registers are too.
asm(R"(
  .text
  .globl gannet_switch_context
  .hidden gannet_switch_context
  .type gannet_switch_context, @function
gannet_switch_context:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
  .size gannet_switch_context, .-gannet_switch_context
)");

void* make_context(char* stack, size_t bytes, void (*entry)()) {
  constexpr int kSavedRegisters = 6;
  // NOLINTNEXTLINE(performance-no-int-to-ptr): the top of a stack is aligned
  auto* top = reinterpret_cast<uintptr_t*>(reinterpret_cast<uintptr_t>(stack + bytes) & ~uintptr_t{15});
  *--top = 0;  // where entry would return to: a debugger's end of the stack
  *--top = reinterpret_cast<uintptr_t>(entry);
  for (int i = 0; i < kSavedRegisters; ++i) *--top = 0;
  return top;
}

#elif defined(__aarch64__)

asm(R"(
  .text
  .globl gannet_switch_context
  .hidden gannet_switch_context
  .type gannet_switch_context, %function
gannet_switch_context:
  sub sp, sp, #160
  stp x19, x20, [sp, #0]
  stp x21, x22, [sp, #16]
  stp x23, x24, [sp, #32]
  stp x25, x26, [sp, #48]
  stp x27, x28, [sp, #64]
  stp x29, x30, [sp, #80]
  stp d8, d9, [sp, #96]
  stp d10, d11, [sp, #112]
  stp d12, d13, [sp, #128]
  stp d14, d15, [sp, #144]
  mov x9, sp
  str x9, [x0]
  mov sp, x1
  ldp x19, x20, [sp, #0]
  ldp x21, x22, [sp, #16]
  ldp x23, x24, [sp, #32]
  ldp x25, x26, [sp, #48]
  ldp x27, x28, [sp, #64]
  ldp x29, x30, [sp, #80]
  ldp d8, d9, [sp, #96]
  ldp d10, d11, [sp, #112]
  ldp d12, d13, [sp, #128]
  ldp d14, d15, [sp, #144]
  add sp, sp, #160
  ret
  .size gannet_switch_context, .-gannet_switch_context
)");

void* make_context(char* stack, size_t bytes, void (*entry)()) {
  constexpr int kSavedWords = 20;
  constexpr int kReturnAddress = 11;
  // NOLINTNEXTLINE(performance-no-int-to-ptr): the top of a stack is aligned
  auto* top = reinterpret_cast<uintptr_t*>(reinterpret_cast<uintptr_t>(stack + bytes) & ~uintptr_t{15});
  top -= kSavedWords;
  for (int i = 0; i < kSavedWords; ++i) top[i] = 0;
  top[kReturnAddress] = reinterpret_cast<uintptr_t>(entry);
  return top;
}

#else
#error "the simulator switches contexts on x86-64 and aarch64 only"
#endif

Stacks::Stacks(size_t count) : count_(count) {
  void* memory = mmap(nullptr, count * kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  base_ = static_cast<char*>(memory);
  for (size_t i = 0; i < count; ++i) mprotect(base_ + i * kBytes, kGuardBytes, PROT_NONE);
}

Stacks::~Stacks() { munmap(base_, count_ * kBytes); }

}  // namespace gannet::simt
