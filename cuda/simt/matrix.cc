#include "matrix.h"

#include <cmath>
#include <cstring>

#include "engine.h"

namespace gannet::simt {
namespace {

constexpr int kRows = 16;
constexpr int kColumns = 8;

struct Fragments {
  float* d;
  const uint32_t* a;
  const uint32_t* b;
};

struct RowLoad {
  uint32_t* registers;
  const void* row;
};

/** The whole warp's operands, gathered from the lanes. */
template <int Depth>
struct Operands {
  float a[kRows][Depth];
  float b[Depth][kColumns];
};

// The tensor cores ignore the low 13 bits of a TF32 operand.
float from_tf32(uint32_t bits) { return std::bit_cast<float>(bits & 0xffffe000u); }
float from_bf16(uint32_t half) { return std::bit_cast<float>(half << 16); }

uint32_t to_bf16(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  if (std::isnan(value)) return 0x7fffu;
  return (bits + 0x7fffu + (bits >> 16 & 1u)) >> 16;
}

/** Fills two neighbours along the reduction from a register that packs them. */
template <typename Convert>
void unpack(uint32_t bits, Convert convert, float& first, float& second) {
  first = convert(bits & 0xffffu);
  second = convert(bits >> 16);
}

template <typename Convert>
void gather(Operands<8>& operands, const uint32_t* a, const uint32_t* b, int g, ptrdiff_t t, Convert convert) {
  for (ptrdiff_t half = 0; half < 2; ++half) {
    unpack(a[half], convert, operands.a[g + 8 * half][2 * t], operands.a[g + 8 * half][2 * t + 1]);
  }
  unpack(b[0], convert, operands.b[2 * t][g], operands.b[2 * t + 1][g]);
}

template <typename Convert>
void gather(Operands<16>& operands, const uint32_t* a, const uint32_t* b, int g, ptrdiff_t t, Convert convert) {
  for (ptrdiff_t side = 0; side < 2; ++side) {
    const ptrdiff_t k = 8 * side + 2 * t;
    for (ptrdiff_t half = 0; half < 2; ++half) {
      unpack(a[2 * side + half], convert, operands.a[g + 8 * half][k], operands.a[g + 8 * half][k + 1]);
    }
    unpack(b[side], convert, operands.b[k][g], operands.b[k + 1][g]);
  }
}

void gather_tf32(Operands<8>& operands, const uint32_t* a, const uint32_t* b, int g, int t) {
  for (ptrdiff_t side = 0; side < 2; ++side) {
    operands.a[g][t + 4 * side] = from_tf32(a[2 * side]);
    operands.a[g + 8][t + 4 * side] = from_tf32(a[2 * side + 1]);
    operands.b[t + 4 * side][g] = from_tf32(b[side]);
  }
}

/** d += a b; gather(operands, a, b, g, t) spreads one lane's fragments. */
template <int Depth, typename Gather>
void multiply(const WarpOperation& operation, Gather gather) {
  Operands<Depth> operands;
  for (int lane = 0; lane < 32; ++lane) {
    const auto& fragments = *static_cast<const Fragments*>(operation.operands[lane]);
    gather(operands, fragments.a, fragments.b, lane / 4, lane % 4);
  }
  float product[kRows][kColumns] = {};
  for (int row = 0; row < kRows; ++row) {
    for (int k = 0; k < Depth; ++k) {
      for (int column = 0; column < kColumns; ++column) product[row][column] += operands.a[row][k] * operands.b[k][column];
    }
  }
  for (int lane = 0; lane < 32; ++lane) {
    float* d = static_cast<const Fragments*>(operation.operands[lane])->d;
    const int g = lane / 4;
    const int t = lane % 4;
    for (int i = 0; i < 4; ++i) d[i] += product[g + 8 * (i / 2)][2 * t + i % 2];
  }
}

void run_whole_warp(const char* name, void* operand, void (*work)(Engine&, const WarpOperation&)) {
  Engine& engine = *running_engine;
  if (engine.current_warp().lanes != ~0u) engine.fail(std::string(name) + " in a warp of fewer than 32 threads");
  engine.synchronize_warp(name, ~0u, operand, work);
}

void multiply_fragments(const char* name, float* d, const uint32_t* a, const uint32_t* b, void (*work)(Engine&, const WarpOperation&)) {
  Fragments fragments{d, a, b};
  run_whole_warp(name, &fragments, work);
}

/** Element (row, column) of a matrix whose rows the lanes from `first` on brought. */
uint32_t element(const WarpOperation& operation, int first, int row, int column) {
  const auto& load = *static_cast<const RowLoad*>(operation.operands[first + row]);
  uint16_t value;
  std::memcpy(&value, static_cast<const char*>(load.row) + ptrdiff_t{2} * column, sizeof value);
  return value;
}

template <int Count, bool Transposed>
void distribute(Engine& engine, const WarpOperation& operation) {
  for (int lane = 0; lane < 8 * Count; ++lane) {
    const void* row = static_cast<const RowLoad*>(operation.operands[lane])->row;
    const auto address = reinterpret_cast<uintptr_t>(row);
    if (address % 16 != 0) engine.fail("misaligned ldmatrix: the row of lane " + std::to_string(lane) + " is not 16-byte aligned");
    if (engine.checks()) engine.access_as(engine.current().rank / 32 * 32 + lane, address, 16, Access::read, nullptr);
  }
  for (int lane = 0; lane < 32; ++lane) {
    const auto& load = *static_cast<const RowLoad*>(operation.operands[lane]);
    const int g = lane / 4;
    const int t = lane % 4;
    for (int i = 0; i < Count; ++i) {
      const uint32_t low = Transposed ? element(operation, 8 * i, 2 * t, g) : element(operation, 8 * i, g, 2 * t);
      const uint32_t high = Transposed ? element(operation, 8 * i, 2 * t + 1, g) : element(operation, 8 * i, g, 2 * t + 1);
      load.registers[i] = low | high << 16;
    }
  }
}

}  // namespace

uint32_t pack_bf16(float low, float high) { return to_bf16(low) | to_bf16(high) << 16; }

void mma_m16n8k8_tf32(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
  multiply_fragments("mma.m16n8k8.tf32", d, a, b, [](Engine&, const WarpOperation& operation) { multiply<8>(operation, gather_tf32); });
}

void mma_m16n8k16_bf16(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
  multiply_fragments("mma.m16n8k16.bf16", d, a, b, [](Engine&, const WarpOperation& operation) {
    multiply<16>(operation, [](auto&&... arguments) { gather(arguments..., from_bf16); });
  });
}

void load_matrices(uint32_t* r, int count, const void* row, bool transposed) {
  RowLoad load{r, row};
  if (count == 4) {
    run_whole_warp("ldmatrix.x4", &load, transposed ? distribute<4, true> : distribute<4, false>);
  } else {
    run_whole_warp("ldmatrix.x2", &load, transposed ? distribute<2, true> : distribute<2, false>);
  }
}

}  // namespace gannet::simt
