#pragma once

#include <vector>

#include "cuda/nccl.h"
#include "cuda/runtime.h"
#include "device.h"
#include "program.h"

namespace gannet::cuda {

/** What a communicator's ranks are told, made by one of them. @throws Error `nccl_unavailable`, `nccl_failed` */
std::vector<char> make_communicator_id();

/** Sums of a device's numbers over all ranks, on a stream of their own, so that they are under way while the device computes what does
 *  not need them. */
class RankSums {
 public:
  /** Waits for all ranks. @throws Error `nccl_unavailable`, `nccl_failed` */
  explicit RankSums(const Communicator& communicator);
  ~RankSums();
  RankSums(const RankSums&) = delete;
  RankSums& operator=(const RankSums&) = delete;

  /** Begins a sum of what the work on `stream` so far has left in `sent`. `done` passes when it has ended. */
  void queue(const void* sent, void* received, const Slot& slot, cudaStream_t stream, const Event& done) const;

  /** Whether no sum so far has failed. @throws Error `nccl_failed` if one has; the process is to end then, since what it waits for may never
   *  come. The communicator is left as it is: to abort it would wait for the graphs that have recorded it. */
  void expect_success() const;

 private:
  ncclComm_t communicator_ = nullptr;
  Stream stream_;
  Event ready_;
  /** What has failed. */
  mutable ncclResult_t failure_ = ncclSuccess;
};

}  // namespace gannet::cuda
