#include "engine.h"

#include <bit>
#include <cstdlib>
#include <cstring>

#include "../launch/launch_error.h"
#include "executor_bridge.h"

namespace gannet::simt {

thread_local Engine* running_engine = nullptr;
thread_local Engine* checking_engine = nullptr;

namespace {

constexpr size_t kSharedGuardBytes = 64 << 10;
constexpr size_t kSharedAlignment = 128;

uint64_t setting(const char* name, uint64_t standard) {
  const char* text = std::getenv(name);
  return text == nullptr || *text == 0 ? standard : std::strtoull(text, nullptr, 10);
}

uint64_t scramble(uint64_t value) {
  value += 0x9e3779b97f4a7c15u;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebu;
  return value ^ (value >> 31);
}

std::string triple(uint3 value) {
  return "(" + std::to_string(value.x) + "," + std::to_string(value.y) + "," + std::to_string(value.z) + ")";
}

/** Stacks that all began at multiples of their size would compete for the same lines of the cache. */
size_t stagger(unsigned rank) {
  constexpr size_t kStep = size_t{13} * 64;
  constexpr size_t kPeriod = 32 << 10;
  return rank * kStep % kPeriod;
}

uint3 position(unsigned linear, dim3 extent) { return {linear % extent.x, linear / extent.x % extent.y, linear / extent.x / extent.y}; }

}  // namespace

Engine& Engine::of_this_thread() {
  static thread_local Engine engine;
  return engine;
}

Engine::Engine()
    : shared_memory_(kMaxSharedBytes + 2 * kSharedGuardBytes),
      shared_(shared_memory_.data() + kSharedGuardBytes),
      shared_shadow_(kMaxSharedBytes / kCellBytes) {
  static_assert(kSharedGuardBytes % kSharedAlignment == 0);
}

uint32_t Engine::random() {
  random_state_ ^= random_state_ << 13;
  random_state_ ^= random_state_ >> 7;
  random_state_ ^= random_state_ << 17;
  return static_cast<uint32_t>(random_state_ >> 32);
}

void Engine::run(const Launch& launch, const std::string& kernel_name) {
  launch_ = &launch;
  kernel_name_ = kernel_name;
  checks_ = setting("GANNET_SIMT_CHECK", 1) != 0;
  knows_writes_ = !executor_present();
  recent_ = nullptr;
  last_written_ = 0;
  self_.launch = ++now_;
  random_state_ = scramble(setting("GANNET_SIMT_SEED", 1) ^ scramble(now_)) | 1;
  failure_.clear();

  const unsigned blocks = launch.grid.x * launch.grid.y * launch.grid.z;
  // The blocks' order is a random rotation of the grid, forwards or backwards.
  const unsigned first = random() % blocks;
  const bool backwards = random() % 2 == 1;
  for (unsigned i = 0; i < blocks; ++i) {
    const auto step = static_cast<unsigned>((uint64_t{first} + i) % blocks);
    run_block(backwards ? blocks - 1 - step : step);
    if (!failure_.empty()) throw kernels::LaunchError(kernel_name_, failure_);
  }
  plant_fault();
  if (checks_) return;
  if (const Allocation* damaged = DeviceMemory::instance().damaged()) {
    throw kernels::LaunchError(kernel_name_, "wrote outside of an allocation of " + std::to_string(damaged->bytes) + " bytes");
  }
}

void Engine::plant_fault() const {
  // A float32 becomes a third to a half larger or smaller, and so does the later one of two bfloat16; zero becomes 1.
  constexpr uint32_t kHighestMantissaBit = 1u << 22;
  constexpr uint32_t kOne = 0x3f800000;
  const char* name = std::getenv("GANNET_SIMT_FAULT");
  if (name == nullptr || *name == 0 || last_written_ == 0 || kernel_name_.find(name) == std::string::npos) return;
  // NOLINTNEXTLINE(performance-no-int-to-ptr): addresses are counted with
  auto& word = *reinterpret_cast<uint32_t*>(last_written_ & ~uintptr_t{3});
  word = word == 0 ? kOne : word ^ kHighestMantissaBit;
}

void Engine::run_block(unsigned linear_index) {
  block_index_ = position(linear_index, launch_->grid);
  self_.now = self_.block = self_.block_barrier = ++now_;
  std::memset(shared_, kPoison, launch_->shared_bytes);
  if (checks_) std::memset(static_cast<void*>(shared_shadow_.data()), 0, (launch_->shared_bytes / kCellBytes + 1) * sizeof(Cell));
  prepare_threads();
  running_engine = this;
  checking_engine = checks_ ? this : nullptr;
  continue_with(*choose(), &host_context_);
  running_engine = checking_engine = nullptr;
}

void Engine::prepare_threads() {
  thread_count_ = launch_->block.x * launch_->block.y * launch_->block.z;
  exited_count_ = barrier_count_ = 0;
  predicate_count_ = 0;
  const unsigned warps = (thread_count_ + kWarpLanes - 1) / kWarpLanes;
  ready_warps_ = warps == kMaxWarps ? ~0u : (1u << warps) - 1;
  for (unsigned i = 0; i < warps; ++i) {
    const unsigned lanes = std::min(thread_count_ - i * kWarpLanes, kWarpLanes);
    warps_[i].lanes = warps_[i].ready = lanes == kWarpLanes ? ~0u : (1u << lanes) - 1;
    warps_[i].barrier = 0;
    warps_[i].pending.clear();
  }
  for (unsigned rank = 0; rank < thread_count_; ++rank) {
    Thread& thread = threads_[rank];
    thread.context = make_context(stacks_.stack(rank), Stacks::usable_bytes() - stagger(rank), fiber_main);
    thread.index = position(rank, launch_->block);
    thread.rank = rank;
    thread.waits_in = nullptr;
    thread.exited = false;
    thread.committed_groups = 0;
    thread.copies.clear();
  }
  last_warp_ = random() % warps;
}

void Engine::fiber_main() {
  Engine& engine = *running_engine;
  engine.launch_->invoke(engine.launch_->kernel, engine.launch_->arguments.data());
  engine.exit_thread();
}

void Engine::exit_thread() {
  current_->exited = true;
  current_warp().ready &= ~(1u << current_->rank % kWarpLanes);
  if (current_warp().ready == 0) ready_warps_ &= ~(1u << current_->rank / kWarpLanes);
  void* abandoned;
  if (++exited_count_ == thread_count_) {
    gannet_switch_context(&abandoned, host_context_);
  }
  Thread* next = choose();
  if (next == nullptr) fail_deadlocked();
  continue_with(*next, &abandoned);
  __builtin_unreachable();
}

void Engine::continue_with(Thread& thread, void** saved) {
  observe_as(thread);
  gannet_switch_context(saved, thread.context);
}

void Engine::observe_as(Thread& thread) {
  current_ = &thread;
  self_.thread = thread.rank;
  self_.warp_barrier = std::max(current_warp().barrier, self_.block_barrier);
}

void Engine::order_warp() { current_warp().barrier = self_.now = self_.warp_barrier = ++now_; }

Thread* Engine::choose() {
  if (ready_warps_ == 0) return nullptr;
  // Mostly the same warp goes on, which is kinder to the cache; now and then another one overtakes it.
  if ((ready_warps_ >> last_warp_ & 1) == 0 || random() % 8 == 0) {
    const int turn = static_cast<int>(random() % kMaxWarps);
    last_warp_ = (std::countr_zero(std::rotr(ready_warps_, turn)) + turn) % kMaxWarps;
  }
  const int turn = static_cast<int>(random() % kWarpLanes);
  const unsigned lane = (std::countr_zero(std::rotr(warps_[last_warp_].ready, turn)) + turn) % kWarpLanes;
  return &threads_[last_warp_ * kWarpLanes + lane];
}

void Engine::wait(const char* operation) {
  Thread& self = *current_;
  self.waits_in = operation;
  Warp& warp = current_warp();
  warp.ready &= ~(1u << self.rank % kWarpLanes);
  if (warp.ready == 0) ready_warps_ &= ~(1u << self.rank / kWarpLanes);
  Thread* next = choose();
  if (next == nullptr) fail_deadlocked();
  continue_with(*next, &self.context);
}

void Engine::release(Warp& warp, unsigned lanes) {
  const auto warp_index = static_cast<unsigned>(&warp - warps_.data());
  for (unsigned rest = lanes; rest != 0; rest &= rest - 1) {
    threads_[warp_index * kWarpLanes + std::countr_zero(rest)].waits_in = nullptr;
  }
  warp.ready |= lanes;
  ready_warps_ |= 1u << warp_index;
}

int Engine::synchronize_block(bool predicate) {
  predicate_count_ += predicate ? 1 : 0;
  if (++barrier_count_ < thread_count_) {
    wait("__syncthreads");
    return predicate_result_;
  }
  barrier_count_ = 0;
  predicate_result_ = predicate_count_;
  predicate_count_ = 0;
  self_.now = self_.block_barrier = self_.warp_barrier = ++now_;
  const unsigned warps = (thread_count_ + kWarpLanes - 1) / kWarpLanes;
  for (unsigned i = 0; i < warps; ++i) release(warps_[i], warps_[i].lanes);
  return predicate_result_;
}

void Engine::synchronize_warp(const char* name, unsigned mask, void* operand, void (*work)(Engine&, const WarpOperation&)) {
  Warp& warp = current_warp();
  const unsigned lane = current_->rank % kWarpLanes;
  const unsigned bit = 1u << lane;
  if ((mask & bit) == 0) fail(std::string(name) + " with a mask that leaves out the calling lane");
  mask &= warp.lanes;
  size_t at = 0;
  while (at < warp.pending.size() && (warp.pending[at].mask & mask) == 0) ++at;
  if (at == warp.pending.size()) {
    warp.pending.push_back({name, mask, 0, {}});
  } else if (warp.pending[at].mask != mask || warp.pending[at].name != name) {
    fail(std::string(name) + " while other lanes of the warp wait in " + warp.pending[at].name + " with mask " +
         std::to_string(warp.pending[at].mask));
  }
  WarpOperation& operation = warp.pending[at];
  operation.operands[lane] = operand;
  operation.arrived |= bit;
  if (operation.arrived != mask) {
    wait(name);
    return;
  }
  const WarpOperation complete = operation;
  warp.pending.erase(warp.pending.begin() + static_cast<std::ptrdiff_t>(at));
  if (work != nullptr) work(*this, complete);
  release(warp, mask & ~bit);
}

void Engine::fail(const std::string& message) {
  failure_ = "block " + triple(block_index_) + ", thread " + triple(current_->index) + ": " + message;
  void* abandoned;
  gannet_switch_context(&abandoned, host_context_);
  __builtin_unreachable();
}

void Engine::fail_deadlocked() {
  failure_ = "block " + triple(block_index_) + ": divergent barrier: " + describe_waiting();
  void* abandoned;
  gannet_switch_context(&abandoned, host_context_);
  __builtin_unreachable();
}

std::string Engine::describe_waiting() const {
  struct Group {
    const char* operation;
    unsigned count;
    const Thread* first;
    const Thread* last;
  };
  std::vector<Group> groups;
  for (unsigned rank = 0; rank < thread_count_; ++rank) {
    const Thread& thread = threads_[rank];
    const char* operation = thread.exited ? "the end of the kernel" : thread.waits_in;
    size_t at = 0;
    while (at < groups.size() && groups[at].operation != operation) ++at;
    if (at == groups.size()) groups.push_back({operation, 0, &thread, nullptr});
    ++groups[at].count;
    groups[at].last = &thread;
  }
  std::string text;
  for (const Group& group : groups) {
    if (!text.empty()) text += "; ";
    text += std::to_string(group.count) + " of " + std::to_string(thread_count_) + " threads, " + triple(group.first->index) + " to " +
            triple(group.last->index) + ", are at " + group.operation;
  }
  return text;
}

}  // namespace gannet::simt
