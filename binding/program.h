#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// A program as src/graph/program.ts describes it, decoded once from JavaScript.
namespace gannet {

/** kBfloat16 is how a device may keep float32 values of the arena, and the copies that it keeps of variables. */
enum class DType { kFloat32, kInt32, kBfloat16 };

/** Of feeds, variables and outputs, which are never bfloat16. */
inline constexpr int64_t kBytesPerElement = 4;

inline constexpr int64_t bytes_of(DType dtype) { return dtype == DType::kBfloat16 ? 2 : kBytesPerElement; }

/** Every arena slot starts at a multiple of this. */
inline constexpr int64_t kAlignmentBytes = 64;

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

enum class Function {
  kNeg,
  kAbs,
  kSign,
  kStep,
  kExp,
  kLog,
  kSqrt,
  kReciprocal,
  kTanh,
  kSigmoid,
  kSoftplus,
  kRelu,
  kLeakyRelu,
  kElu,
  kAdd,
  kSub,
  kMul,
  kDiv,
  kMaximum,
  kMinimum,
  kGreater,
  kEqual,
  kSelect,
  kConstant,
};
inline constexpr int kFunctionCount = static_cast<int>(Function::kConstant) + 1;

/** What JavaScript calls a scalar function, how many registers it reads, and whether it carries a number. */
struct FunctionInfo {
  std::string_view name;
  Function function;
  int arity;
  bool immediate;
};
const std::array<FunctionInfo, kFunctionCount>& function_table();

enum class Access { kFull, kChannel, kSample, kScalar };

struct Instruction {
  Function function = Function::kConstant;
  std::array<int, 3> args = {0, 0, 0};
  int arity = 0;
  float value = 0;
};

/** Registers are numbered: first the operands, then one result per instruction; the last one is the value. */
struct Expression {
  std::vector<Access> access;
  std::vector<Instruction> instructions;
};

enum class ReduceKind { kSum, kMax };

/** Every attribute any op has; an op's rule says which of them were read and checked. */
struct Attributes {
  Expression expression;
  ReduceKind kind = ReduceKind::kSum;
  std::vector<int64_t> extent;
  /** Registers of the expression. */
  std::vector<int64_t> values;
  std::vector<int64_t> axes, shape, permutation, begin, size, before, after;
  std::vector<int64_t> stride, padding, input_size, filter_size;
  int64_t axis = 0, scale = 1, rows = 0, depth = 0, stream = 0;
  bool transpose_a = false, transpose_b = false;
  double value = 0, factor = 1, low = 0, high = 1, mean = 0, deviation = 1;
  double clip = 0, momentum = 0, epsilon = 0, decay = 0, beta1 = 0, beta2 = 0;
};

struct Step {
  std::string op;
  std::string scope;
  Attributes attributes;
  std::vector<Slot> inputs;
  Slot output;
  /** How many of its first inputs, all variables, it overwrites: 0 but for updates. */
  size_t written = 0;
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
