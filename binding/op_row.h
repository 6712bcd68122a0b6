#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <variant>
#include <vector>

#include "expression.h"

// The rows of the table of ops (generated/ops.h). src/tensor/signature.ts explains what they say of shapes.
namespace gannet {

struct Attributes;

/** kNumber: float32, which the arena may keep as bfloat16. kAny: the type of every other kAny of the op. */
enum class ElementRule { kFloat32, kInt32, kNumber, kAny };

/** An input or the result of an op. */
struct OperandRow {
  std::string_view name = {};
  ElementRule type = ElementRule::kFloat32;
  /** Without axes it may have any shape. */
  bool has_axes = false;
  /** Separated by commas. */
  std::string_view axes = {};
};

/** What an attribute holds: AttributeTypes of src/tensor/operators.ts. */
enum class AttributeKind {
  kFlag,
  kNumber,
  kNatural,
  kPositive,
  kWord,
  kNaturals,
  kPositives,
  kPair,
  kSides,
  kExtent,
  kShape,
  kExpression,
  kReduction,
};

using AttributeMember = std::variant<bool Attributes::*, double Attributes::*, int64_t Attributes::*, std::vector<int64_t> Attributes::*,
                                     Expression Attributes::*, ReduceKind Attributes::*>;

struct AttributeRow {
  std::string_view name = {};
  AttributeKind kind = AttributeKind::kNumber;
  AttributeMember member = {};
};

template <size_t most_inputs, size_t most_attributes>
struct OpRow {
  std::string_view name = {};
  std::array<OperandRow, most_inputs> inputs = {};
  size_t input_count = 0, fewest_inputs = 0;
  /** Whether a step has any number of the op's one input. */
  bool repeated = false;
  OperandRow result = {};
  std::array<AttributeRow, most_attributes> attributes = {};
  size_t attribute_count = 0;
  /** How many of its first inputs, all variables, it overwrites. */
  size_t overwritten = 0;
};

}  // namespace gannet
