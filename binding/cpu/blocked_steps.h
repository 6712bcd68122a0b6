#pragma once

#include <vector>

#include "cpu/divisible.h"
#include "cpu/kernel.h"
#include "program.h"

namespace gannet {

/** Consecutive steps that are run together, a block of samples at a time (cache blocking): what a step leaves of a block is in a cache when
 *  the next one reads it. Only the order of the work differs from that of the steps one by one, so the bits are the same. */
class BlockedSteps {
 public:
  /** Those of a program that pay, in order; no step is in two of them. */
  static std::vector<BlockedSteps> find(const std::vector<Step>& steps, const std::vector<Kernel>& kernels, int threads);

  size_t first() const { return first_; }
  size_t size() const { return members_.size(); }
  size_t workspace_bytes() const { return workspace_bytes_; }

  /** `step_ms`, unless null, receives the milliseconds of each step: the time of all is divided as that of the thread with the first
   *  block is. */
  void run(const Run& run, std::vector<double>* step_ms) const;

 private:
  struct Member {
    std::shared_ptr<const Divisible> step;
    size_t workspace_bytes;
    std::vector<Touched> reads, writes;
  };

  BlockedSteps(size_t first, int64_t count) : first_(first), count_(count) {}

  bool add(const Kernel& kernel, int threads);
  bool conflicts(const Member& later) const;
  bool choose_block(int threads);
  int64_t blocks() const { return (count_ + block_ - 1) / block_; }

  size_t first_;
  /** Samples in all, and of a block. */
  int64_t count_, block_ = 1;
  /** Samples that must stay together. */
  int64_t fewest_ = 1;
  int64_t bytes_ = 0;
  size_t workspace_bytes_ = 0;
  std::vector<Member> members_;
};

}  // namespace gannet
