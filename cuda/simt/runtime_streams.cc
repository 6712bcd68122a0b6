// Streams, events, and the graphs that are captured of them.

#include <chrono>
#include <set>
#include <utility>

#include "runtime_api.h"
#include "runtime_state.h"
#include "stream.h"

namespace gannet::simt {
namespace {

/** Every stream that exists; a capture that spreads over several ends for all of them. */
std::set<cudaStream_t>& streams() {
  static auto* all = new std::set<cudaStream_t>;
  return *all;
}

/** What this thread has begun to capture in a mode that forbids it to do what could disturb that; null if nothing. */
thread_local std::shared_ptr<Capture> capturing;

double seconds_now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

bool is_captured(cudaStream_t stream) { return stream != nullptr && stream->capture != nullptr; }

void begin(cudaStream_t stream, std::function<void()> work) {
  if (is_captured(stream)) {
    stream->capture->work.push_back(std::move(work));
  } else {
    work();
  }
}

/** Begins what waits on the stream, until it has done so much. */
void catch_up(cudaStream_t stream, size_t until) {
  size_t count = 0;
  for (; count < stream->late.size() && stream->done < until; count++, stream->done++) begin(stream, stream->late[count]);
  stream->late.erase(stream->late.begin(), stream->late.begin() + static_cast<ptrdiff_t>(count));
}

void catch_up(cudaStream_t stream) { catch_up(stream, stream->done + stream->late.size()); }

bool exists(cudaStream_t stream) { return streams().contains(stream); }

/** Does what the event waits for. */
void reach(cudaEvent_t event) {
  if (exists(event->stream)) catch_up(event->stream, event->after);
}

}  // namespace

void enqueue(cudaStream_t stream, std::function<void()> work) {
  if (stream != nullptr && stream->follows) {
    stream->late.push_back(std::move(work));
  } else {
    begin(stream, std::move(work));
  }
}

void finish_late_work() {
  for (cudaStream_t stream : streams()) {
    if (!is_captured(stream)) catch_up(stream);
  }
}

cudaError_t refuse_during_capture() {
  if (capturing == nullptr) return cudaSuccess;
  capturing->spoiled = true;
  return report(cudaErrorStreamCaptureUnsupported);
}

}  // namespace gannet::simt

using gannet::simt::capturing;
using gannet::simt::catch_up;
using gannet::simt::enqueue;
using gannet::simt::is_captured;
using gannet::simt::reach;
using gannet::simt::report;
using gannet::simt::runtime_mutex;

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned) {
  const std::lock_guard lock(runtime_mutex());
  *stream = new CUstream_st;
  gannet::simt::streams().insert(*stream);
  return cudaSuccess;
}
cudaError_t cudaStreamCreate(cudaStream_t* stream) { return cudaStreamCreateWithFlags(stream, cudaStreamDefault); }

cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  const std::lock_guard lock(runtime_mutex());
  if (!gannet::simt::exists(stream)) return report(cudaErrorInvalidResourceHandle);
  catch_up(stream);
  gannet::simt::streams().erase(stream);
  delete stream;
  return cudaSuccess;
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  if (!is_captured(stream)) {
    if (stream != nullptr) catch_up(stream);
    return cudaSuccess;
  }
  stream->capture->spoiled = true;
  return report(cudaErrorStreamCaptureUnsupported);
}
cudaError_t cudaStreamQuery(cudaStream_t stream) { return cudaStreamSynchronize(stream); }

cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned) {
  if (stream == nullptr || !gannet::simt::exists(event->stream) || event->stream == stream) return cudaSuccess;
  if (event->stream->follows) {
    reach(event);
  } else {
    stream->follows = true;
  }
  if (event->capture == nullptr || event->capture == stream->capture) return cudaSuccess;
  catch_up(stream);
  stream->capture = event->capture;
  return cudaSuccess;
}

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode mode) {
  if (stream == nullptr || stream->capture != nullptr) return report(cudaErrorStreamCaptureUnsupported);
  stream->capture = std::make_shared<gannet::simt::Capture>();
  if (mode != cudaStreamCaptureModeRelaxed) capturing = stream->capture;
  return cudaSuccess;
}

cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
  const std::lock_guard lock(runtime_mutex());
  *graph = nullptr;
  if (!is_captured(stream)) return report(cudaErrorStreamCaptureUnmatched);
  const auto capture = stream->capture;
  bool is_joined = true;
  for (cudaStream_t each : gannet::simt::streams()) {
    if (each->capture != capture) continue;
    each->capture = nullptr;
    is_joined &= each->late.empty();
    each->late.clear();
  }
  if (capturing == capture) capturing = nullptr;
  if (!is_joined) return report(cudaErrorStreamCaptureUnjoined);
  if (capture->spoiled) return report(cudaErrorStreamCaptureInvalidated);
  *graph = new CUgraph_st{capture};
  return cudaSuccess;
}

cudaError_t cudaStreamIsCapturing(cudaStream_t stream, cudaStreamCaptureStatus* status) {
  *status = is_captured(stream) ? cudaStreamCaptureStatusActive : cudaStreamCaptureStatusNone;
  return cudaSuccess;
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned) {
  *event = new CUevent_st;
  return cudaSuccess;
}
cudaError_t cudaEventCreate(cudaEvent_t* event) { return cudaEventCreateWithFlags(event, cudaEventDefault); }

cudaError_t cudaEventDestroy(cudaEvent_t event) {
  delete event;
  return cudaSuccess;
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  event->capture = stream == nullptr ? nullptr : stream->capture;
  event->seconds = gannet::simt::seconds_now();
  event->stream = stream;
  event->after = stream == nullptr ? 0 : stream->done + stream->late.size();
  return cudaSuccess;
}
cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  if (event == nullptr) return report(cudaErrorInvalidResourceHandle);
  if (event->capture != nullptr) return report(cudaErrorCapturedEvent);
  reach(event);
  return cudaSuccess;
}
cudaError_t cudaEventQuery(cudaEvent_t event) { return cudaEventSynchronize(event); }

cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t start, cudaEvent_t end) {
  *milliseconds = static_cast<float>((end->seconds - start->seconds) * 1000.0);
  return cudaSuccess;
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t* executable, cudaGraph_t graph, unsigned long long) {
  *executable = new CUgraphExec_st{graph->capture->work};
  return cudaSuccess;
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t stream) {
  for (const auto& work : executable->recording) enqueue(stream, work);
  return cudaSuccess;
}
cudaError_t cudaGraphUpload(cudaGraphExec_t, cudaStream_t) { return cudaSuccess; }

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable) {
  delete executable;
  return cudaSuccess;
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  delete graph;
  return cudaSuccess;
}

cudaError_t cudaGraphGetNodes(cudaGraph_t graph, CUgraphNode_st**, size_t* count) {
  *count = graph->capture->work.size();
  return cudaSuccess;
}
