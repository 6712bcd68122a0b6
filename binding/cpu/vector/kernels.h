#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "program.h"

namespace gannet {

/** Philox4x32-10 with the counter (element / 4, step, 0, 0) and the key (seed, stream). */
struct RandomKey {
  uint32_t seed, stream, step;
};

/** Numbers every optimiser shares: w is clipped to [-clip, clip] afterwards. */
struct UpdateArguments {
  float rate, clip;
  float decay, rest;  // rest = 1 - decay
  float epsilon;
};

/** Adam's own: the corrections are 1 / (1 - beta^t). */
struct AdamArguments {
  float rate, clip, epsilon;
  float beta1, rest1, correction1;
  float beta2, rest2, correction2;
};

/** The sums of the differences from a number, and of their squares. */
struct Deviations {
  float sum, squares;
};

/** What a link of a chain does with the result of the one before and with its argument; kSubFrom takes the result from the argument, and
 *  kRelu has none. */
enum class LinkKind { kAdd, kSub, kMul, kSubFrom, kRelu, kLeakyRelu };

/** A link of a chain; its argument is one number for each element, or a single one for all. */
struct Link {
  LinkKind kind;
  bool single;
  const float* argument;
};

/** The tile that matrix products are made of: c [rows,columns] += sum over `count` runs of a^T b, where a [depth,rows] and
 *  b [depth,columns] of each run lie densely. */
template <typename T>
struct Tile {
  int64_t rows, columns;
  void (*multiply_add)(T* c, const T* const* a, const T* const* b, int64_t count, int64_t depth);
};

/** Strips of columns of a matrix product, each as wide as a tile: c [rows, strips * width] = a [rows,depth] b, or c += it. A strip of b is
 *  a dense [depth,width], and strips lie b_strip apart; a row of c lies densely; the numbers of a row of a lie a_depth apart. */
struct StripsProduct {
  float* c;
  int64_t c_row;
  const float* a;
  int64_t a_row, a_depth;
  const float* b;
  int64_t b_strip;
  int64_t rows, depth, strips;
  bool add;
};

/** Winograd's transforms for windows of one size and 4x4 results, along both axes of squares whose pixels (or points) are pointers to n
 *  channels each, row by row. What is written lies in strips as wide as a tile, y_strip apart: their width, where it lies densely. An r x r
 *  window has (3 + r)x(3 + r) points. What is read and what is written do not overlap. See vector/winograd.cc and arXiv:1509.09308. */
struct WinogradTransforms {
  using Transform = void (*)(float* const* y, const float* const* x, int64_t n, int64_t y_strip);
  /** [last row][last column]: with or without the points at infinity, where only the last taps count. */
  struct ByInfinity {
    Transform with[2][2];
  };
  /** Pixels of an image to as many points, and taps to points. */
  ByInfinity image, filter;
  /** Points to 4x4 pixels of a result. */
  Transform result;
  /** For the gradient by the filter: 4x4 pixels of the result's gradient to points, and points to taps. */
  Transform result_gradient, filter_gradient;
};

/** The inner loops of the CPU device, compiled for one instruction set. Results may alias arguments exactly, not partly. */
struct VectorKernels {
  const char* isa;

  /** y[i] = function(a[i], b[i], c[i]) by Function; unused arguments are null. */
  void (*apply[kFunctionCount])(float* y, const float* a, const float* b, const float* c, float value, int64_t n);

  /** y[i] = x[i] after all links, which follow one another. */
  void (*chain)(float* y, const float* x, const Link* links, size_t count, int64_t n);

  float (*sum)(const float* x, int64_t n);
  float (*max)(const float* x, int64_t n);
  void (*add_to)(float* total, const float* x, int64_t n);
  void (*max_to)(float* total, const float* x, int64_t n);
  Deviations (*deviations)(const float* x, float from, int64_t n);
  /** Adds x[i] - from[i] to sum[i], and its square to squares[i]. Nothing overlaps. */
  void (*add_deviations)(float* sum, float* squares, const float* x, const float* from, int64_t n);

  Tile<float> tile;
  Tile<double> tile64;
  void (*multiply_strips)(const StripsProduct& product);
  const WinogradTransforms *winograd_2x2, *winograd_3x3;

  /** How alike two images are in each of n features, whose rows are a and b [dimensions,n]: o[k] += exp(-||a_k - b_k||_1); and the
   *  gradient of a's part in both images' sums: da_ck -= (dy_a[k] + dy_b[k]) exp(-||a_k - b_k||_1) sign(a_ck - b_ck). */
  void (*add_similarity)(float* o, const float* a, const float* b, int64_t n, int64_t dimensions);
  void (*add_similarity_gradient)(float* da, const float* a, const float* b, const float* dy_a, const float* dy_b, int64_t n,
                                  int64_t dimensions);

  /** Elements first .. first + n of a random tensor; `first` is a multiple of 4. Uniform: low + u * span, u in [0, 1). */
  void (*random_uniform)(float* y, int64_t first, int64_t n, RandomKey key, float low, float span);
  void (*random_normal)(float* y, int64_t first, int64_t n, RandomKey key, float mean, float deviation);

  void (*sgd)(float* w, const float* g, const UpdateArguments& a, int64_t n);
  void (*momentum)(float* w, float* velocity, const float* g, const UpdateArguments& a, int64_t n);
  void (*adagrad)(float* w, float* squares, const float* g, const UpdateArguments& a, int64_t n);
  void (*adadelta)(float* w, float* squares, float* deltas, const float* g, const UpdateArguments& a, int64_t n);
  void (*rmsprop)(float* w, float* squares, const float* g, const UpdateArguments& a, int64_t n);
  void (*adam)(float* w, float* m, float* v, const float* g, const AdamArguments& a, int64_t n);
};

/** Whether they are those for AVX-512, for which oneDNN has the most. */
inline bool has_avx512(const VectorKernels& vector) { return std::string_view(vector.isa) == "avx512"; }

/** The kernels for the instruction set of this process. */
const VectorKernels& vector_kernels();

}  // namespace gannet
