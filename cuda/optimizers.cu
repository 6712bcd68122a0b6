#include <cmath>

#include "expressions/operand.h"
#include "kernels.h"
#include "launch/launch.h"

// One update of many tensors of weights in one launch. A block works on 1024 neighbouring weights of one tensor, four per thread, in
// 16-byte accesses if the tensor is aligned. A block finds its tensor by the number of the tensor's first block. Every number is read and
// written once: 28 bytes per weight for Adam, and 2 more if products read the weights as bfloat16. Kernels read rates and counts from
// device memory, so that a recorded launch can be replayed.
namespace gannet::kernels {

namespace {

constexpr unsigned kThreads = 256;

}  // namespace

/** The tensors of one launch; tensor i has the blocks from first_block[i] on. */
struct TensorList {
  struct Entry {
    float* w;
    float* slots[2];
    const float* gradient;
    void* copy;
    unsigned count;
    unsigned first_block;
    bool aligned;
  };
  Entry entries[kMaxOptimizerTensors];
  int count;
};

/** The numbers of an update. Those that an optimiser does not use are 0. */
struct Settings {
  const float* rate;
  const float* step;
  float decay, rest;  // rest = 1 - decay
  float beta1, rest1, log_beta1;
  float beta2, rest2, log_beta2;
  float epsilon, clip;
};

/** The numbers of this step, which a thread reads or computes first. */
struct Rates {
  float rate, correction1, correction2;
};

/** w, s and t are a weight and its slots, all in place. */
template <Optimizer kOptimizer>
__device__ __forceinline__ void update(float& w, float& s, float& t, float g, const Settings& a, const Rates& rates) {
  float change = 0.0f;
  if constexpr (kOptimizer == Optimizer::kSgd) change = rates.rate * g;
  if constexpr (kOptimizer == Optimizer::kMomentum) {
    s = a.decay * s + g;
    change = rates.rate * s;
  }
  if constexpr (kOptimizer == Optimizer::kAdagrad) {
    s += g * g;
    change = rates.rate * g / (sqrtf(s) + a.epsilon);
  }
  if constexpr (kOptimizer == Optimizer::kAdadelta) {
    s = a.decay * s + a.rest * (g * g);
    const float delta = sqrtf((t + a.epsilon) / (s + a.epsilon)) * g;
    t = a.decay * t + a.rest * (delta * delta);
    change = rates.rate * delta;
  }
  if constexpr (kOptimizer == Optimizer::kRmsprop) {
    s = a.decay * s + a.rest * (g * g);
    change = rates.rate * g / (sqrtf(s) + a.epsilon);
  }
  if constexpr (kOptimizer == Optimizer::kAdam) {
    s = a.beta1 * s + a.rest1 * g;
    t = a.beta2 * t + a.rest2 * (g * g);
    change = rates.rate * (s * rates.correction1) / (sqrtf(t * rates.correction2) + a.epsilon);
  }
  w -= change;
  // NaN passes both comparisons.
  w = w > a.clip ? a.clip : w < -a.clip ? -a.clip : w;
}

__host__ __device__ constexpr int slots_of(Optimizer optimizer) {
  return optimizer == Optimizer::kSgd ? 0 : optimizer == Optimizer::kAdadelta || optimizer == Optimizer::kAdam ? 2 : 1;
}

/** 1 / (1 - beta^step); exact where beta^step is near 1. */
__device__ __forceinline__ float correction(float log_beta, float step) { return -1.0f / expm1f(step * log_beta); }

template <Optimizer kOptimizer>
__global__ void optimizer_kernel(TensorList tensors, Settings settings) {
  int i = 0;
  while (i + 1 < tensors.count && tensors.entries[i + 1].first_block <= blockIdx.x) i++;
  const TensorList::Entry& tensor = tensors.entries[i];
  const unsigned first = 4 * ((blockIdx.x - tensor.first_block) * blockDim.x + threadIdx.x);
  if (first >= tensor.count) return;
  const int count = min(4u, tensor.count - first);
  Rates rates{*settings.rate, 0.0f, 0.0f};
  if constexpr (kOptimizer == Optimizer::kAdam) {
    rates.correction1 = correction(settings.log_beta1, *settings.step);
    rates.correction2 = correction(settings.log_beta2, *settings.step);
  }
  constexpr int kSlots = slots_of(kOptimizer);
  const float4 g = load_vector(tensor.gradient, first, count, tensor.aligned);
  float4 w = load_vector(tensor.w, first, count, tensor.aligned);
  float4 s = g, t = g;
  if constexpr (kSlots > 0) s = load_vector(tensor.slots[0], first, count, tensor.aligned);
  if constexpr (kSlots > 1) t = load_vector(tensor.slots[1], first, count, tensor.aligned);
  update<kOptimizer>(w.x, s.x, t.x, g.x, settings, rates);
  update<kOptimizer>(w.y, s.y, t.y, g.y, settings, rates);
  update<kOptimizer>(w.z, s.z, t.z, g.z, settings, rates);
  update<kOptimizer>(w.w, s.w, t.w, g.w, settings, rates);
  store_vector(tensor.w, first, w, count, tensor.aligned);
  if (tensor.copy != nullptr) store_mixed(tensor.copy, Element::kBfloat16, first, w, count, tensor.aligned);
  if constexpr (kSlots > 0) store_vector(tensor.slots[0], first, s, count, tensor.aligned);
  if constexpr (kSlots > 1) store_vector(tensor.slots[1], first, t, count, tensor.aligned);
}

namespace {

TensorList list_of(const OptimizerArgs& args, unsigned& blocks) {
  TensorList list{};
  list.count = args.tensor_count;
  blocks = 0;
  for (int i = 0; i < args.tensor_count; i++) {
    const OptimizerTensor& tensor = args.tensors[i];
    bool aligned = is_aligned_16(tensor.w) && is_aligned_16(tensor.gradient) && is_aligned_16(tensor.copy);
    for (int slot = 0; slot < slots_of(args.optimizer); slot++) aligned = aligned && is_aligned_16(tensor.slots[slot]);
    list.entries[i] = {.w = tensor.w,
                       .slots = {tensor.slots[0], tensor.slots[1]},
                       .gradient = tensor.gradient,
                       .copy = tensor.copy,
                       .count = static_cast<unsigned>(tensor.count),
                       .first_block = blocks,
                       .aligned = aligned};
    blocks += ceil_div(static_cast<unsigned>(tensor.count), 4 * kThreads);
  }
  return list;
}

Settings settings_of(const OptimizerArgs& args) {
  const auto number = [](double value) { return static_cast<float>(value); };
  return {.rate = args.learning_rate,
          .step = args.step,
          .decay = number(args.decay),
          .rest = number(1 - args.decay),
          .beta1 = number(args.beta1),
          .rest1 = number(1 - args.beta1),
          .log_beta1 = number(std::log(args.beta1)),
          .beta2 = number(args.beta2),
          .rest2 = number(1 - args.beta2),
          .log_beta2 = number(std::log(args.beta2)),
          .epsilon = args.epsilon,
          .clip = args.clip};
}

template <Optimizer kOptimizer>
void update_all(const OptimizerArgs& args, cudaStream_t stream) {
  unsigned blocks;
  const TensorList list = list_of(args, blocks);
  launch(optimizer_kernel<kOptimizer>, dim3(blocks), dim3(kThreads), 0, stream, list, settings_of(args));
}

}  // namespace

void optimizer_update(const OptimizerArgs& args, cudaStream_t stream) {
  switch (args.optimizer) {
    case Optimizer::kSgd: return update_all<Optimizer::kSgd>(args, stream);
    case Optimizer::kMomentum: return update_all<Optimizer::kMomentum>(args, stream);
    case Optimizer::kAdagrad: return update_all<Optimizer::kAdagrad>(args, stream);
    case Optimizer::kAdadelta: return update_all<Optimizer::kAdadelta>(args, stream);
    case Optimizer::kRmsprop: return update_all<Optimizer::kRmsprop>(args, stream);
    case Optimizer::kAdam: return update_all<Optimizer::kAdam>(args, stream);
  }
}

}  // namespace gannet::kernels
