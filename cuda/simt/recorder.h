#pragma once

#include <string>
#include <vector>

#include "vector_types.h"

namespace gannet::simt {

/** A launch that was asked for. */
struct LaunchRecord {
  /** The kernel's mangled name. */
  std::string symbol;
  dim3 grid;
  dim3 block;
  size_t shared_bytes;
};

/** While one exists, the launches of its thread are noted instead of run. */
class LaunchRecorder {
 public:
  LaunchRecorder() : outer_(current) { current = this; }
  ~LaunchRecorder() { current = outer_; }
  LaunchRecorder(const LaunchRecorder&) = delete;
  LaunchRecorder& operator=(const LaunchRecorder&) = delete;

  std::vector<LaunchRecord> launches;

  /** That of this thread, or null. */
  static thread_local LaunchRecorder* current;

 private:
  LaunchRecorder* outer_;
};

}  // namespace gannet::simt
