#pragma once

// Runs the blocks of a launch one after another, each thread of a block on a fiber of its own, in an order drawn from
// GANNET_SIMT_SEED; and checks what the threads do.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "context.h"
#include "launch.h"
#include "memory.h"
#include "shadow.h"
#include "vector_types.h"

namespace gannet::simt {

constexpr unsigned kMaxThreads = 1024;
constexpr unsigned kWarpLanes = 32;
constexpr unsigned kMaxWarps = kMaxThreads / kWarpLanes;
constexpr size_t kMaxSharedBytes = size_t{227} * 1024;

/** A cp.async on its way. */
struct Copy {
  char* target;
  const char* source;  // null: zeros
  size_t bytes;
  int group;
};

/** One CUDA thread. */
struct Thread {
  void* context = nullptr;
  uint3 index{};
  unsigned rank = 0;
  const char* waits_in = nullptr;  // the operation it waits in; null while it can run
  bool exited = false;
  int committed_groups = 0;
  std::vector<Copy> copies;  // in the order of issue
};

/** What the lanes of `mask` do together; the last one to arrive does the work for all. */
struct WarpOperation {
  const char* name;
  unsigned mask;
  unsigned arrived = 0;
  std::array<void*, kWarpLanes> operands{};
};

struct Warp {
  unsigned lanes = 0;  // those that exist
  unsigned ready = 0;  // those that can run
  Time barrier = 0;
  std::vector<WarpOperation> pending;
};

class Engine {
 public:
  /** The one of this operating-system thread. */
  static Engine& of_this_thread();

  /** Runs all blocks. @throws kernels::LaunchError */
  void run(const Launch& launch, const std::string& kernel_name);

  // For the running fiber.
  Thread& current() { return *current_; }
  Warp& current_warp() { return warps_[current_->rank / kWarpLanes]; }
  uint3 block_index() const { return block_index_; }
  const Launch& launch() const { return *launch_; }
  char* shared() const { return shared_; }

  /** Waits for every thread of the block; gives how many passed true. */
  int synchronize_block(bool predicate);
  /** Waits for the lanes of `mask`, each with its operand. The last to come calls work(operation, context) for all, with the
   *  operands of the lanes that came. `name` is the operation's, the same pointer for all lanes. */
  void synchronize_warp(const char* name, unsigned mask, void* operand, void (*work)(Engine&, const WarpOperation&));
  /** Orders the memory accesses of the lanes of the current warp before this from those after. */
  void order_warp();

  /** Judges an access of the running thread, or of `rank` on its behalf. Ends the launch if it is not allowed. */
  void access(uintptr_t address, size_t bytes, Access access, const void* code);
  void access_as(unsigned rank, uintptr_t address, size_t bytes, Access access, const void* code);
  void begin_copy(char* target, const char* source, size_t bytes, const void* code);
  void end_copy(const Copy& copy);

  /** Ends the launch with this error of the running thread. Nothing on the fibers' stacks is destroyed. */
  [[noreturn]] void fail(const std::string& message);
  bool checks() const { return checks_; }
  bool is_own_stack(uintptr_t address) const {
    return address - reinterpret_cast<uintptr_t>(stacks_.stack(current_->rank)) < Stacks::usable_bytes();
  }

 private:
  Engine();

  void run_block(unsigned linear_index);
  /** Spoils what the launch wrote last into global memory, if GANNET_SIMT_FAULT is part of the kernel's name: what a broken GPU may do,
   *  for tests of what finds it. */
  void plant_fault() const;
  void prepare_threads();
  static void fiber_main();
  [[noreturn]] void exit_thread();
  /** Lets another thread run until this one is ready again. */
  void wait(const char* operation);
  /** The next thread to run; null if none is ready. */
  Thread* choose();
  void continue_with(Thread& thread, void** saved);
  void observe_as(Thread& thread);
  void release(Warp& warp, unsigned lanes);
  [[noreturn]] void fail_deadlocked();
  std::string describe_waiting() const;
  uint32_t random();

  bool access_shared(uintptr_t address, size_t bytes, Access access, const void* code);
  bool access_global(uintptr_t address, size_t bytes, Access access, const void* code);
  [[noreturn]] void fail_access(Verdict verdict, const std::string& place, uintptr_t address, size_t bytes, Access access,
                                const void* code);

  Stacks stacks_{kMaxThreads};
  std::vector<Thread> threads_{kMaxThreads};
  std::vector<Warp> warps_{kMaxWarps};
  Reserved shared_memory_;
  char* shared_;
  std::vector<Cell> shared_shadow_;

  const Launch* launch_ = nullptr;
  std::string kernel_name_;
  uint3 block_index_{};
  unsigned thread_count_ = 0;
  unsigned exited_count_ = 0;
  unsigned barrier_count_ = 0;
  int predicate_count_ = 0;
  int predicate_result_ = 0;
  unsigned ready_warps_ = 0;
  unsigned last_warp_ = 0;
  Thread* current_ = nullptr;
  void* host_context_ = nullptr;
  std::string failure_;
  bool checks_ = false;
  bool knows_writes_ = true;  // false where an executor may have written global memory
  uint64_t random_state_ = 1;

  inline static Time now_ = 0;  // one clock, because the shadow of global memory outlives engines
  Observer self_;               // the current thread
  Allocation* recent_ = nullptr;
  uintptr_t last_written_ = 0;  // 0 while the launch has written nothing
};

/** The engine whose fiber runs on this operating-system thread; null in host code. */
extern thread_local Engine* running_engine __attribute__((tls_model("initial-exec")));
/** The same while accesses are checked. */
extern thread_local Engine* checking_engine __attribute__((tls_model("initial-exec")));

}  // namespace gannet::simt
