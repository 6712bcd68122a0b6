#include "cuda/rank_sums.h"

#include <cstring>

#include "error.h"

namespace gannet::cuda {

std::vector<char> make_communicator_id() {
  ncclUniqueId id;
  check_nccl(nccl().get_unique_id(&id), "ncclGetUniqueId");
  return {id.internal, id.internal + sizeof(id.internal)};
}

RankSums::RankSums(const Communicator& communicator) {
  ncclUniqueId id;
  if (communicator.id.size() != sizeof(id.internal)) {
    throw Error("argument_invalid",
                text("a communicator's id has ", sizeof(id.internal), " bytes, but this one has ", communicator.id.size()));
  }
  std::memcpy(id.internal, communicator.id.data(), sizeof(id.internal));
  check_nccl(nccl().comm_init_rank(&communicator_, communicator.ranks, id, communicator.rank), "ncclCommInitRank");
}

RankSums::~RankSums() {
  if (failure_ == ncclSuccess) nccl().comm_destroy(communicator_);
}

void RankSums::queue(const void* sent, void* received, const Slot& slot, cudaStream_t stream, const Event& done) const {
  check_nccl(failure_, "a sum over ranks");
  ready_.record(stream);
  stream_.follow(ready_);
  const ncclDataType_t type = slot.dtype == DType::kInt32 ? ncclInt32 : ncclFloat32;
  const auto count = static_cast<size_t>(slot.size());
  check_nccl(nccl().all_reduce(sent, received, count, type, ncclSum, communicator_, stream_.get()), "ncclAllReduce");
  done.record(stream_.get());
}

void RankSums::expect_success() const {
  check_nccl(failure_, "a sum over ranks");
  ncclResult_t error = ncclSuccess;
  check_nccl(nccl().comm_get_async_error(communicator_, &error), "ncclCommGetAsyncError");
  if (error == ncclSuccess || error == ncclInProgress) return;
  failure_ = error;
  check_nccl(error, "a sum over ranks");
}

}  // namespace gannet::cuda
