#include "decode.h"

#include <map>

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

const FunctionInfo& decode_function(const Field& field) {
  const std::string name = field.string();
  for (const FunctionInfo& info : function_table()) {
    if (info.name == name) return info;
  }
  throw Error("program_invalid", text(field.path(), ": no scalar function is called '", name, "'"));
}

Instruction decode_instruction(const Field& field, int64_t registers) {
  const FunctionInfo& info = decode_function(field.at("fn"));
  const std::vector<int64_t> args = field.at("args").integers();
  if (static_cast<int>(args.size()) != info.arity) {
    throw Error("program_invalid", text(field.path(), ": ", info.name, " takes ", info.arity, " arguments, but received ", args.size()));
  }
  Instruction instruction{info.function, {0, 0, 0}, info.arity, 0};
  for (size_t i = 0; i < args.size(); i++) {
    if (args[i] < 0 || args[i] >= registers) {
      throw Error("program_invalid", text(field.path(), ": register ", args[i], " has no value yet; ", registers, " have"));
    }
    instruction.args[i] = static_cast<int>(args[i]);
  }
  if (info.immediate) instruction.value = static_cast<float>(field.at("value").number());
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

using DecodeAttribute = void (*)(const Field&, Attributes&);

template <auto member>
void number(const Field& field, Attributes& attributes) {
  attributes.*member = field.number();
}
template <auto member>
void integer(const Field& field, Attributes& attributes) {
  attributes.*member = field.integer();
}
template <auto member>
void integers(const Field& field, Attributes& attributes) {
  attributes.*member = field.integers();
}
template <auto member>
void boolean(const Field& field, Attributes& attributes) {
  attributes.*member = field.boolean();
}

const std::map<std::string_view, DecodeAttribute>& attribute_decoders() {
  using A = Attributes;
  static const std::map<std::string_view, DecodeAttribute> decoders = {
      {"expression", [](const Field& field, A& attributes) { attributes.expression = decode_expression(field); }},
      {"kind", [](const Field& field, A& attributes) { attributes.kind = decode_kind(field); }},
      {"shape", [](const Field& field, A& attributes) { attributes.shape = decode_shape(field); }},
      {"extent", integers<&A::extent>},
      {"values", integers<&A::values>},
      {"factor", number<&A::factor>},
      {"axes", integers<&A::axes>},
      {"permutation", integers<&A::permutation>},
      {"begin", integers<&A::begin>},
      {"size", integers<&A::size>},
      {"before", integers<&A::before>},
      {"after", integers<&A::after>},
      {"stride", integers<&A::stride>},
      {"padding", integers<&A::padding>},
      {"inputSize", integers<&A::input_size>},
      {"filterSize", integers<&A::filter_size>},
      {"axis", integer<&A::axis>},
      {"scale", integer<&A::scale>},
      {"rows", integer<&A::rows>},
      {"depth", integer<&A::depth>},
      {"stream", integer<&A::stream>},
      {"transposeA", boolean<&A::transpose_a>},
      {"transposeB", boolean<&A::transpose_b>},
      {"value", number<&A::value>},
      {"low", number<&A::low>},
      {"high", number<&A::high>},
      {"mean", number<&A::mean>},
      {"deviation", number<&A::deviation>},
      {"clip", number<&A::clip>},
      {"momentum", number<&A::momentum>},
      {"epsilon", number<&A::epsilon>},
      {"decay", number<&A::decay>},
      {"beta1", number<&A::beta1>},
      {"beta2", number<&A::beta2>},
  };
  return decoders;
}

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

Attributes decode_attributes(const Field& field, const OpRule& rule) {
  Attributes attributes;
  for (const std::string_view name : rule.attributes) {
    const Field attribute = field.at(std::string(name).c_str());
    if (!attribute.present()) throw Error("attribute_missing", text(attribute.path(), " is missing"));
    attribute_decoders().at(name)(attribute, attributes);
  }
  return attributes;
}

Step decode_step(const Field& field, const Program& program) {
  Step step;
  step.op = field.at("op").string();
  step.scope = field.at("scope").string();
  try {
    const OpRule& rule = rule_of(step.op);
    step.written = rule.written;
    step.attributes = decode_attributes(field.at("attributes"), rule);
    const Field inputs = field.at("inputs");
    const uint32_t count = inputs.length();
    for (uint32_t i = 0; i < count; i++) step.inputs.push_back(decode_slot(inputs.at(i), program));
    step.output = decode_slot(field.at("output"), program);
    check_step(step, rule);
  } catch (const Error& error) {
    throw error.blamed_on(step.op, step.scope);
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
