#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "runtime_api.h"

namespace gannet::simt {

/** Work in an order that the streams' events allow. */
using Recording = std::vector<std::function<void()>>;

/** What is put on a captured stream, and on those that its events lead to. */
struct Capture {
  Recording work;
  /** Something was asked for meanwhile that CUDA forbids: no graph will come of it. */
  bool spoiled = false;
};

/** Does the work now, or records it if the stream is captured, or does either later if the stream follows another. */
void enqueue(cudaStream_t stream, std::function<void()> work);

/** Does all that waits on streams that are not captured. */
void finish_late_work();

}  // namespace gannet::simt

struct CUstream_st {
  std::shared_ptr<gannet::simt::Capture> capture;  // null while not captured
  /** Whether it has waited for another stream: its work is then done as late as CUDA may do it, when something waits for it, so that
   *  whoever forgets to wait finds nothing. */
  bool follows = false;
  /** What it has not done yet, and how much it has. */
  gannet::simt::Recording late;
  size_t done = 0;
};
struct CUevent_st {
  std::shared_ptr<gannet::simt::Capture> capture;  // of the stream where it was last recorded
  double seconds = 0;
  cudaStream_t stream = nullptr;
  /** How much the stream has done when the event passes. */
  size_t after = 0;
};
struct CUgraph_st {
  std::shared_ptr<gannet::simt::Capture> capture;
};
struct CUgraphExec_st {
  gannet::simt::Recording recording;
};
