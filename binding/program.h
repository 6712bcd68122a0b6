#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "generated/ops.h"

// A program as src/graph/program.ts describes it, decoded once from JavaScript.
namespace gannet {

/** kBfloat16 is how a device may keep float32 values of the arena, and the copies that it keeps of variables. */
enum class DType { kFloat32, kInt32, kBfloat16 };

/** Of feeds, variables and outputs, which are never bfloat16. */
inline constexpr int64_t kBytesPerElement = 4;

inline constexpr int64_t bytes_of(DType dtype) { return dtype == DType::kBfloat16 ? 2 : kBytesPerElement; }

using Shape = std::vector<int64_t>;

/** A tensor has fewer elements, so that its bytes and sums of a few of them fit 63 bits. */
inline constexpr int64_t kTooManyElements = int64_t{1} << 40;

/** Of a decoded shape. */
int64_t elements(const Shape& shape);
std::string to_string(const Shape& shape);
const char* to_string(DType dtype);

enum class Storage { kArena, kFeed, kVariable };

/** Where a value lives: at a byte offset of the arena, or in the feed or variable with the index `offset`. A variable of float32 that is
 *  read as bfloat16 stands for a rounded copy, which a device keeps up to date. */
struct Slot {
  Storage storage = Storage::kArena;
  int64_t offset = 0;
  Shape shape;
  DType dtype = DType::kFloat32;

  int64_t size() const { return elements(shape); }
  int64_t bytes() const { return size() * bytes_of(dtype); }
  /** Whether writing one changes the other. */
  bool overlaps(const Slot& other) const;
};

/** What the table of ops says of one. */
inline constexpr const auto& row_of(Op op) { return kOps[static_cast<size_t>(op)]; }
/** What JavaScript calls an op. */
inline std::string name_of(Op op) { return std::string(row_of(op).name); }

struct Step {
  Op op = Op::kConstant;
  std::string scope;
  Attributes attributes;
  std::vector<Slot> inputs;
  Slot output;

  /** How many of its first inputs, all variables, it overwrites: 0 but for updates. */
  size_t overwritten() const { return row_of(op).overwritten; }
};

/** The name and type of a feed, variable or output. */
struct Binding {
  std::string name;
  Shape shape;
  DType dtype = DType::kFloat32;

  int64_t bytes() const { return elements(shape) * kBytesPerElement; }
};

struct Output {
  std::string name;
  Slot slot;
};

struct Program {
  std::string name;
  int64_t arena_bytes = 0;
  std::vector<Binding> feeds;
  std::vector<Binding> variables;
  std::vector<Output> outputs;
  std::vector<Step> steps;
};

}  // namespace gannet
