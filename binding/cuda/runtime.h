#pragma once

#include <cstddef>
#include <functional>
#include <utility>

#include "kernels.h"

// Owners of what the CUDA runtime hands out. Every failure is thrown as Error.
namespace gannet::cuda {

/** Throws what a call of the runtime reports: `out_of_memory`, `device_unavailable` or `device_failed`. */
void check(cudaError_t status, const char* call);

/** Has this thread call `watch`, which may throw, again and again while it waits for the GPU: work that never ends is noticed by that. */
void watch_while_waiting(std::function<void()> watch);

/** Device memory, aligned to 256 bytes. */
class DeviceMemory {
 public:
  DeviceMemory() = default;
  /** Uninitialised. */
  explicit DeviceMemory(size_t bytes);
  ~DeviceMemory();
  DeviceMemory(DeviceMemory&& other) noexcept;
  DeviceMemory& operator=(DeviceMemory&& other) noexcept;

  char* data() const { return data_; }
  size_t bytes() const { return bytes_; }

 private:
  char* data_ = nullptr;
  size_t bytes_ = 0;
};

/** Page-locked host memory, which the GPU copies from and to while the processor goes on. */
class PinnedMemory {
 public:
  PinnedMemory() = default;
  explicit PinnedMemory(size_t bytes);
  ~PinnedMemory();
  PinnedMemory(PinnedMemory&& other) noexcept;
  PinnedMemory& operator=(PinnedMemory&& other) noexcept;

  char* data() const { return data_; }

 private:
  char* data_ = nullptr;
};

class Event;

class Stream {
 public:
  Stream();
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  cudaStream_t get() const { return stream_; }
  void synchronize() const;
  /** What comes now on the stream waits for the event. */
  void follow(const Event& event) const;

 private:
  cudaStream_t stream_ = nullptr;
};

class Event {
 public:
  Event();
  ~Event();
  Event(Event&& other) noexcept : event_(std::exchange(other.event_, nullptr)) {}
  Event& operator=(Event&& other) noexcept;

  cudaEvent_t get() const { return event_; }
  void record(const Stream& stream) const { record(stream.get()); }
  void record(cudaStream_t stream) const { check(cudaEventRecord(event_, stream), "cudaEventRecord"); }
  /** Waits until everything before the last `record` has ended; at once if there was none. */
  void wait() const;
  /** Milliseconds from an earlier event; both have passed. */
  double since(const Event& earlier) const;

 private:
  cudaEvent_t event_ = nullptr;
};

/** A recorded sequence of launches and copies, replayed as one. */
class Graph {
 public:
  Graph() = default;
  ~Graph();
  Graph(Graph&& other) noexcept : executable_(std::exchange(other.executable_, nullptr)) {}
  Graph& operator=(Graph&& other) noexcept;

  /** Records what `body` queues on the stream, without running it. */
  template <typename Body>
  static Graph capture(const Stream& stream, Body body) {
    Graph graph;
    check(cudaStreamBeginCapture(stream.get(), cudaStreamCaptureModeThreadLocal), "cudaStreamBeginCapture");
    try {
      body();
    } catch (...) {
      abandon(stream);
      throw;
    }
    graph.finish(stream);
    return graph;
  }

  explicit operator bool() const { return executable_ != nullptr; }
  void launch(const Stream& stream) const { check(cudaGraphLaunch(executable_, stream.get()), "cudaGraphLaunch"); }

 private:
  static void abandon(const Stream& stream);
  void finish(const Stream& stream);

  cudaGraphExec_t executable_ = nullptr;
};

}  // namespace gannet::cuda
