#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "runtime_api.h"

namespace gannet::simt {

/** Work in the order it was given, which is an order that the streams' events allow. */
using Recording = std::vector<std::function<void()>>;

/** What is put on a captured stream, and on those that its events lead to. */
struct Capture {
  Recording work;
  /** Something was asked for meanwhile that CUDA forbids: no graph will come of it. */
  bool spoiled = false;
};

/** Does the work now, or records it if the stream is captured. */
void enqueue(cudaStream_t stream, std::function<void()> work);

}  // namespace gannet::simt

struct CUstream_st {
  std::shared_ptr<gannet::simt::Capture> capture;  // null while not captured
};
struct CUevent_st {
  std::shared_ptr<gannet::simt::Capture> capture;  // of the stream where it was last recorded
  double seconds = 0;
};
struct CUgraph_st {
  std::shared_ptr<gannet::simt::Capture> capture;
};
struct CUgraphExec_st {
  gannet::simt::Recording recording;
};
