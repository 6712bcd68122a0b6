#include "cpu/blocked_steps.h"

#include <algorithm>
#include <chrono>
#include <numeric>

#include "cpu/memory.h"

namespace gannet {

namespace {

using Clock = std::chrono::steady_clock;

/** What a block touches: enough to make up for starting on each of its steps, and no more than a second-level cache holds in part. */
constexpr int64_t kBlockBytes = 256 << 10, kMostBlockBytes = 4 << 20;
/** Steps that touch less in all stay in a cache anyway. */
constexpr int64_t kFewestBytes = 512 << 10;

bool same_place(const Slot& a, const Slot& b) { return a.storage == b.storage && a.offset == b.offset && a.bytes() == b.bytes(); }

/** Whether a part of the one step must wait for, or must not come before, another part of the other one. */
bool in_the_way(const Touched& a, const Touched& b) {
  return a.slot.overlaps(b.slot) && !(a.divided && b.divided && same_place(a.slot, b.slot));
}

bool any_in_the_way(const std::vector<Touched>& some, const std::vector<Touched>& others) {
  return std::any_of(some.begin(), some.end(), [&](const Touched& a) {
    return std::any_of(others.begin(), others.end(), [&](const Touched& b) { return in_the_way(a, b); });
  });
}

/** Samples that a step may have: the outermost axis of what it is of. */
int64_t samples_of(const Step& step) {
  if (step.op == Op::kElementwise) return step.output.shape.empty() ? 1 : step.output.shape[0];
  if (step.attributes.extent.empty()) return 1;
  if (step.attributes.extent[0] > 1) return step.attributes.extent[0];
  return step.inputs.empty() || step.inputs[0].shape.empty() ? 1 : step.inputs[0].shape[0];
}

double milliseconds(Clock::time_point start, Clock::time_point end) {
  return std::chrono::duration<double, std::milli>(end - start).count();
}

}  // namespace

std::vector<Touched> touched_operands(const Step& step, int64_t total, int64_t count) {
  std::vector<Touched> touched;
  for (size_t i = 0; i < step.inputs.size(); i++) {
    const int64_t size = step.inputs[i].size();
    const bool by_sample = step.attributes.expression.access[i] == Access::kSample && size % count == 0;
    touched.push_back({step.inputs[i], size == total || (by_sample && size > 1)});
  }
  return touched;
}

std::vector<BlockedSteps> BlockedSteps::find(const std::vector<Step>& steps, const std::vector<Kernel>& kernels, int threads) {
  std::vector<BlockedSteps> found;
  for (size_t first = 0; first < steps.size();) {
    BlockedSteps blocked(first, samples_of(steps[first]));
    size_t end = first;
    if (blocked.count_ > 1) {
      while (end < steps.size() && blocked.add(kernels[end], threads)) end++;
    }
    const bool pays = end - first > 1 && blocked.bytes_ * blocked.count_ >= kFewestBytes;
    first = pays ? end : first + 1;
    if (pays) found.push_back(std::move(blocked));
  }
  return found;
}

/** Takes one more step, unless it cannot be run block by block with the others. */
bool BlockedSteps::add(const Kernel& kernel, int threads) {
  const int64_t fewest = kernel.divisible ? kernel.divisible->fewest_parts(count_) : 0;
  if (fewest == 0) return false;
  Member member{kernel.divisible, round_to_lines(kernel.workspace_bytes), kernel.divisible->reads(count_),
                kernel.divisible->writes(count_)};
  if (conflicts(member)) return false;
  BlockedSteps longer = *this;
  longer.fewest_ = std::lcm(fewest_, fewest);
  longer.workspace_bytes_ += member.workspace_bytes;
  longer.members_.push_back(std::move(member));
  if (!longer.choose_block(threads)) return false;
  *this = std::move(longer);
  return true;
}

bool BlockedSteps::conflicts(const Member& later) const {
  // What is not divided is written when all parts of all steps have run, so it may take the place of what earlier steps read and wrote.
  std::vector<Touched> written = later.writes;
  std::erase_if(written, [](const Touched& touched) { return !touched.divided; });
  return std::any_of(members_.begin(), members_.end(), [&](const Member& earlier) {
    return any_in_the_way(later.reads, earlier.writes) || any_in_the_way(written, earlier.reads) || any_in_the_way(written, earlier.writes);
  });
}

/** How many samples make a block. @returns false if a block would be too large, or there would be too few for the threads */
bool BlockedSteps::choose_block(int threads) {
  std::vector<Slot> counted;
  bytes_ = 0;
  for (const Member& member : members_) {
    for (const std::vector<Touched>* list : {&member.reads, &member.writes}) {
      for (const auto& touched : *list) {
        const Slot& slot = touched.slot;
        if (!touched.divided || std::any_of(counted.begin(), counted.end(), [&](const Slot& other) { return same_place(slot, other); })) {
          continue;
        }
        counted.push_back(slot);
        bytes_ += slot.bytes() / count_;
      }
    }
  }
  if (fewest_ > kMostBlockBytes / std::max(bytes_, int64_t{1})) return false;
  const int64_t fair = std::max(count_ / threads / fewest_, int64_t{1});
  block_ = fewest_ * std::clamp(kBlockBytes / std::max(fewest_ * bytes_, int64_t{1}), int64_t{1}, fair);
  // A quarter of the threads' time may be lost where the blocks do not come out even: it saves more to read memory once.
  const int64_t rounds = (blocks() + threads - 1) / threads;
  return blocks() * 4 >= rounds * threads * 3;
}

void BlockedSteps::run(const Run& run, std::vector<double>* step_ms) const {
  const Clock::time_point start = Clock::now();
  std::vector<Run> runs;
  char* workspace = run.workspace;
  for (const Member& member : members_) {
    runs.push_back(run);
    runs.back().workspace = workspace;
    workspace += member.workspace_bytes;
    member.step->begin(runs.back());
  }
  std::vector<double> of_one_thread(members_.size(), 0.0);
  parallel_for(run.threads, blocks(), bytes_ * count_, [&](int thread, Range range) {
    const bool counts = range.begin == 0;
    for (int64_t block = range.begin; block < range.end; block++) {
      const Range parts{block * block_, std::min(count_, (block + 1) * block_)};
      for (size_t i = 0; i < members_.size(); i++) {
        const Clock::time_point begun = Clock::now();
        members_[i].step->run_parts(runs[i], thread, parts, count_);
        if (counts) of_one_thread[i] += milliseconds(begun, Clock::now());
      }
    }
  });
  for (size_t i = 0; i < members_.size(); i++) members_[i].step->finish(runs[i], count_);
  if (!step_ms) return;
  const double all = milliseconds(start, Clock::now());
  const double counted = std::max(std::accumulate(of_one_thread.begin(), of_one_thread.end(), 0.0), 1e-9);
  for (const double own : of_one_thread) step_ms->push_back(all * own / counted);
}

}  // namespace gannet
