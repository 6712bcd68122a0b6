#pragma once

#include <memory>
#include <vector>

#include "cpu/kernel.h"
#include "cpu/parallel.h"

namespace gannet {

/** What a step reads or writes. Of a divided one, part i of the step touches the i-th of as many equal parts and nothing else. */
struct Touched {
  Slot slot;
  bool divided;
};

/** A step that can also be run in parts of equal size along its outermost axis, such as a sample each, for steps that pass their results
 *  to one another while those are in a cache. Every part computes the same bits as the whole step does. */
class Divisible {
 public:
  virtual ~Divisible() = default;

  /** Every run of the step begins here, on one thread. */
  virtual void begin(const Run& run) const = 0;
  /** The whole step, on all threads; it may throw Error. */
  virtual void run(const Run& run) const = 0;

  /** Whether the step consists of `count` equal parts: how many of them must be run together, or 0 if it does not. */
  virtual int64_t fewest_parts(int64_t count) const = 0;
  virtual std::vector<Touched> reads(int64_t count) const = 0;
  virtual std::vector<Touched> writes(int64_t count) const = 0;
  /** Runs some of `count` parts on one thread: multiples of fewest_parts(count), but for the last ones. */
  virtual void run_parts(const Run& run, int thread, Range parts, int64_t count) const = 0;
  /** What can only be done once all parts have run. */
  virtual void finish(const Run&, int64_t) const {}
};

inline Kernel kernel_of(const std::shared_ptr<const Divisible>& divisible, size_t workspace_bytes) {
  return {[divisible](const Run& run) {
            divisible->begin(run);
            divisible->run(run);
          },
          workspace_bytes, divisible};
}

/** What a step reads whose inputs are the operands of its expression, over a space of `total` elements in `count` parts. */
std::vector<Touched> touched_operands(const Step& step, int64_t total, int64_t count);

}  // namespace gannet
