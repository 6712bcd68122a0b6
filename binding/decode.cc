#include "decode.h"

#include <algorithm>
#include <limits>

#include "op_rules.h"

namespace gannet {

namespace {

DType decode_dtype(const Field& field) {
  const std::string name = field.string();
  if (name == "float32") return DType::kFloat32;
  if (name == "int32") return DType::kInt32;
  throw Error("program_invalid", text(field.path(), " must be 'float32' or 'int32', but received '", name, "'"));
}

/** The type of a slot. */
DType decode_stored_type(const Field& field) { return field.string() == "bfloat16" ? DType::kBfloat16 : decode_dtype(field); }

Shape decode_shape(const Field& field) {
  Shape shape = field.integers();
  int64_t total = 1;
  for (const int64_t size : shape) {
    if (size < 1 || __builtin_mul_overflow(total, size, &total) || total >= kTooManyElements) {
      throw Error("shape_mismatch",
                  text(field.path(), " has axes of at least 1 element, fewer than 2^40 in all, but received ", to_string(shape)));
    }
  }
  return shape;
}

Storage decode_storage(const Field& field) {
  const std::string name = field.string();
  if (name == "arena") return Storage::kArena;
  if (name == "feed") return Storage::kFeed;
  if (name == "variable") return Storage::kVariable;
  throw Error("program_invalid", text(field.path(), " must be 'arena', 'feed' or 'variable', but received '", name, "'"));
}

Access decode_access(const Field& field) {
  const std::string name = field.string();
  if (name == "full") return Access::kFull;
  if (name == "channel") return Access::kChannel;
  if (name == "sample") return Access::kSample;
  if (name == "scalar") return Access::kScalar;
  throw Error("program_invalid", text(field.path(), " must be an access, but received '", name, "'"));
}

const FunctionRow& decode_function(const Field& field) {
  const std::string name = field.string();
  for (const FunctionRow& row : kFunctions) {
    if (row.name == name) return row;
  }
  throw Error("program_invalid", text(field.path(), ": no scalar function is called '", name, "'"));
}

Instruction decode_instruction(const Field& field, int64_t registers) {
  const FunctionRow& row = decode_function(field.at("fn"));
  const std::vector<int64_t> args = field.at("args").integers();
  if (static_cast<int>(args.size()) != row.arity) {
    throw Error("program_invalid", text(field.path(), ": ", row.name, " takes ", row.arity, " arguments, but received ", args.size()));
  }
  Instruction instruction{row.function, {0, 0, 0}, row.arity, 0};
  for (size_t i = 0; i < args.size(); i++) {
    if (args[i] < 0 || args[i] >= registers) {
      throw Error("program_invalid", text(field.path(), ": register ", args[i], " has no value yet; ", registers, " have"));
    }
    instruction.args[i] = static_cast<int>(args[i]);
  }
  if (row.immediate) instruction.value = static_cast<float>(field.at("value").number());
  return instruction;
}

Expression decode_expression(const Field& field) {
  constexpr int64_t kMostRegisters = 1024;
  const Field access = field.at("access");
  const Field instructions = field.at("instructions");
  const int64_t operands = access.length();
  const int64_t count = instructions.length();
  if (operands + count == 0 || operands + count > kMostRegisters) {
    throw Error("program_invalid", text(field.path(), " must have 1 to ", kMostRegisters, " registers, but has ", operands + count));
  }
  Expression expression;
  for (int64_t i = 0; i < operands; i++) expression.access.push_back(decode_access(access.at(static_cast<uint32_t>(i))));
  for (int64_t i = 0; i < count; i++) {
    expression.instructions.push_back(decode_instruction(instructions.at(static_cast<uint32_t>(i)), operands + i));
  }
  return expression;
}

ReduceKind decode_kind(const Field& field) {
  const std::string name = field.string();
  if (name == "sum") return ReduceKind::kSum;
  if (name == "max") return ReduceKind::kMax;
  throw Error("program_invalid", text(field.path(), " must be 'sum' or 'max', but received '", name, "'"));
}

/** Any integers of at least `smallest`; `count` of them, or any number if it is 0. */
std::vector<int64_t> decode_list(const Field& field, int64_t smallest, size_t count = 0) {
  std::vector<int64_t> list = field.integers();
  const bool valid =
      (count == 0 || list.size() == count) && std::all_of(list.begin(), list.end(), [&](int64_t n) { return n >= smallest; });
  if (valid) return list;
  throw Error("attribute_invalid", text(field.path(), " must be ", count > 0 ? std::to_string(count) + " " : "", "integers of at least ",
                                        smallest, ", but is ", to_string(list)));
}

int64_t decode_integer(const Field& field, int64_t smallest, int64_t largest = std::numeric_limits<int64_t>::max()) {
  const int64_t value = field.integer();
  if (value >= smallest && value <= largest) return value;
  const bool bounded = largest < std::numeric_limits<int64_t>::max();
  throw Error("attribute_invalid",
              text(field.path(), " must be at least ", smallest, bounded ? text(" and at most ", largest) : "", ", but is ", value));
}

/** The attribute of a field, by the type that it has in Attributes. */
struct DecodeAttribute {
  const Field& field;
  AttributeKind kind;
  Attributes& attributes;

  void operator()(bool Attributes::*member) const { attributes.*member = field.boolean(); }
  void operator()(double Attributes::*member) const { attributes.*member = field.number(); }
  void operator()(Expression Attributes::*member) const { attributes.*member = decode_expression(field); }
  void operator()(ReduceKind Attributes::*member) const { attributes.*member = decode_kind(field); }

  void operator()(int64_t Attributes::*member) const {
    const bool word = kind == AttributeKind::kWord;
    attributes.*member = word ? decode_integer(field, 0, std::numeric_limits<uint32_t>::max())
                              : decode_integer(field, kind == AttributeKind::kPositive ? 1 : 0);
  }

  void operator()(std::vector<int64_t> Attributes::*member) const {
    switch (kind) {
      case AttributeKind::kShape: attributes.*member = decode_shape(field); break;
      case AttributeKind::kPair: attributes.*member = decode_list(field, 1, 2); break;
      case AttributeKind::kSides: attributes.*member = decode_list(field, 0, 4); break;
      case AttributeKind::kExtent: attributes.*member = decode_list(field, 1, 3); break;
      case AttributeKind::kPositives: attributes.*member = decode_list(field, 1); break;
      default: attributes.*member = decode_list(field, 0);
    }
  }
};

Binding decode_binding(const Field& field) {
  return {field.at("name").string(), decode_shape(field.at("shape")), decode_dtype(field.at("dtype"))};
}

std::vector<Binding> decode_bindings(const Field& field) {
  std::vector<Binding> bindings;
  const uint32_t count = field.length();
  for (uint32_t i = 0; i < count; i++) bindings.push_back(decode_binding(field.at(i)));
  return bindings;
}

void check_arena_slot(const Slot& slot, const Program& program, const std::string& path) {
  // No difference of the three overflows: integers of JavaScript have 53 bits, and bytes() is below 2^42.
  if (slot.offset < 0 || slot.offset % kAlignmentBytes != 0 || slot.offset > program.arena_bytes - slot.bytes()) {
    throw Error("slot_out_of_range", text(path, ": ", slot.bytes(), " bytes at offset ", slot.offset, " must start at a multiple of ",
                                          kAlignmentBytes, " and lie within the arena of ", program.arena_bytes, " bytes"));
  }
}

void check_bound_slot(const Slot& slot, const std::vector<Binding>& bindings, const char* what, const std::string& path) {
  if (slot.offset < 0 || slot.offset >= static_cast<int64_t>(bindings.size())) {
    throw Error("slot_out_of_range",
                text(path, ": the program has ", bindings.size(), " ", what, "s, but slot ", slot.offset, " was named"));
  }
  const Binding& binding = bindings[slot.offset];
  const bool is_copy = slot.storage == Storage::kVariable && slot.dtype == DType::kBfloat16 && binding.dtype == DType::kFloat32;
  if (elements(binding.shape) != slot.size() || (binding.dtype != slot.dtype && !is_copy)) {
    throw Error("slot_out_of_range", text(path, ": ", what, " '", binding.name, "' is ", to_string(binding.dtype), to_string(binding.shape),
                                          ", but the slot is ", to_string(slot.dtype), to_string(slot.shape)));
  }
}

Slot decode_slot(const Field& field, const Program& program) {
  Slot slot{decode_storage(field.at("storage")), field.at("offset").integer(), decode_shape(field.at("shape")),
            decode_stored_type(field.at("dtype"))};
  switch (slot.storage) {
    case Storage::kArena: check_arena_slot(slot, program, field.path()); break;
    case Storage::kFeed: check_bound_slot(slot, program.feeds, "feed", field.path()); break;
    case Storage::kVariable: check_bound_slot(slot, program.variables, "variable", field.path()); break;
  }
  return slot;
}

Attributes decode_attributes(const Field& field, Op op) {
  const auto& row = row_of(op);
  Attributes attributes;
  for (size_t i = 0; i < row.attribute_count; i++) {
    const AttributeRow& attribute = row.attributes[i];
    const Field value = field.at(std::string(attribute.name).c_str());
    if (!value.present()) throw Error("attribute_missing", text(value.path(), " is missing"));
    std::visit(DecodeAttribute{value, attribute.kind, attributes}, attribute.member);
  }
  return attributes;
}

/** @throws Error `op_unknown` */
Op op_called(const std::string& name) {
  for (size_t i = 0; i < kOps.size(); i++) {
    if (kOps[i].name == name) return static_cast<Op>(i);
  }
  throw Error("op_unknown", text("no device executes the op '", name, "'; it should have been fused or lowered"));
}

Step decode_step(const Field& field, const Program& program) {
  const std::string name = field.at("op").string();
  Step step;
  step.scope = field.at("scope").string();
  try {
    step.op = op_called(name);
    step.attributes = decode_attributes(field.at("attributes"), step.op);
    const Field inputs = field.at("inputs");
    const uint32_t count = inputs.length();
    for (uint32_t i = 0; i < count; i++) step.inputs.push_back(decode_slot(inputs.at(i), program));
    step.output = decode_slot(field.at("output"), program);
    check_step(step);
  } catch (const Error& error) {
    throw error.blamed_on(name, step.scope);
  }
  return step;
}

}  // namespace

Program decode_program(Napi::Value value) {
  const Field field(value, "program", "program_invalid");
  Program program;
  program.name = field.at("name").string();
  program.arena_bytes = field.at("arenaBytes").integer();
  if (program.arena_bytes < 0) throw Error("program_invalid", "program.arenaBytes must not be negative");
  program.feeds = decode_bindings(field.at("feeds"));
  program.variables = decode_bindings(field.at("variables"));
  const Field steps = field.at("steps");
  const uint32_t step_count = steps.length();
  for (uint32_t i = 0; i < step_count; i++) program.steps.push_back(decode_step(steps.at(i), program));
  const Field outputs = field.at("outputs");
  const uint32_t output_count = outputs.length();
  for (uint32_t i = 0; i < output_count; i++) {
    const Field output = outputs.at(i);
    program.outputs.push_back({output.at("name").string(), decode_slot(output.at("slot"), program)});
    if (program.outputs.back().slot.dtype == DType::kBfloat16) {
      throw Error("program_invalid", text(output.path(), " must be 'float32' or 'int32', but is kept as bfloat16"));
    }
  }
  return program;
}

}  // namespace gannet
