#include "device_functions.h"

#include "engine.h"

namespace gannet::simt {
namespace {

/** What each lane brings to a shuffle or a ballot, and takes from it. */
struct Exchange {
  Shuffle kind;
  uint32_t value;
  int operand;
  int width;
  uint32_t result;
};

/** The lane that `lane` takes its value from, as the PTX ISA defines shfl.sync. */
unsigned source_lane(const Exchange& exchange, unsigned lane) {
  const auto width = static_cast<unsigned>(exchange.width);
  const unsigned segment = lane / width * width;
  const auto operand = static_cast<unsigned>(exchange.operand);
  switch (exchange.kind) {
    case Shuffle::index: return segment + operand % width;
    case Shuffle::up: return lane - segment >= operand ? lane - operand : lane;
    case Shuffle::down: return lane - segment + operand < width ? lane + operand : lane;
    default: {
      const unsigned other = lane ^ operand;
      return other < segment + width ? other : lane;
    }
  }
}

void exchange_values(Engine& engine, const WarpOperation& operation) {
  for (unsigned lane = 0; lane < kWarpLanes; ++lane) {
    if ((operation.mask >> lane & 1) == 0) continue;
    auto& exchange = *static_cast<Exchange*>(operation.operands[lane]);
    const unsigned source = source_lane(exchange, lane);
    if (source >= kWarpLanes || (operation.mask >> source & 1) == 0) {
      engine.fail("a shuffle takes the value of lane " + std::to_string(source) + " for lane " + std::to_string(lane) +
                  ", which is not in its mask");
    }
    exchange.result = static_cast<const Exchange*>(operation.operands[source])->value;
  }
}

void collect_votes(Engine&, const WarpOperation& operation) {
  uint32_t votes = 0;
  for (unsigned lane = 0; lane < kWarpLanes; ++lane) {
    if ((operation.mask >> lane & 1) != 0) votes |= static_cast<Exchange*>(operation.operands[lane])->value << lane;
  }
  for (unsigned lane = 0; lane < kWarpLanes; ++lane) {
    if ((operation.mask >> lane & 1) != 0) static_cast<Exchange*>(operation.operands[lane])->result = votes;
  }
}

}  // namespace

uint3 thread_index() { return running_engine->current().index; }
uint3 block_index() { return running_engine->block_index(); }
dim3 block_extent() { return running_engine->launch().block; }
dim3 grid_extent() { return running_engine->launch().grid; }
void* shared_memory() { return running_engine->shared(); }

void synchronize_block() { running_engine->synchronize_block(false); }
int block_count(bool predicate) { return running_engine->synchronize_block(predicate); }

void synchronize_warp(unsigned mask) {
  running_engine->synchronize_warp("__syncwarp", mask, nullptr, [](Engine& engine, const WarpOperation&) { engine.order_warp(); });
}

uint32_t shuffle(Shuffle kind, unsigned mask, uint32_t value, int operand, int width) {
  Exchange exchange{kind, value, operand, width, 0};
  running_engine->synchronize_warp("__shfl_sync", mask, &exchange, exchange_values);
  return exchange.result;
}

unsigned ballot(unsigned mask, bool predicate) {
  Exchange exchange{Shuffle::index, predicate ? 1u : 0u, 0, 0, 0};
  running_engine->synchronize_warp("__ballot_sync", mask, &exchange, collect_votes);
  return exchange.result;
}

void check_atomic(const void* address, size_t bytes) {
  if (checking_engine == nullptr) return;
  checking_engine->access(reinterpret_cast<uintptr_t>(address), bytes, Access::atomic, __builtin_return_address(0));
}

}  // namespace gannet::simt

namespace {

constexpr double kPi = 3.14159265358979323846;

/** sin(pi value), exact at multiples of 1/2 as on the device. */
double sine_of_pi(double value) {
  double turn = std::fmod(value, 2.0);
  if (turn > 1.0) turn -= 2.0;
  if (turn < -1.0) turn += 2.0;
  if (turn > 0.5) turn = 1.0 - turn;
  if (turn < -0.5) turn = -1.0 - turn;
  return std::sin(kPi * turn);
}

}  // namespace

float sinpif(float value) { return static_cast<float>(sine_of_pi(value)); }
float cospif(float value) { return static_cast<float>(sine_of_pi(0.5 - std::fabs(std::fmod(static_cast<double>(value), 2.0)))); }
void sincospif(float value, float* sine, float* cosine) {
  *sine = sinpif(value);
  *cosine = cospif(value);
}
