// The decoder of programs under libFuzzer: any text is refused with an Error, or it is a program whose every value lies in its storage.
#include <cstdlib>

#include "decode.h"
#include "json.h"

namespace {

void expect(bool condition) {
  if (!condition) std::abort();
}

/** Bytes in arithmetic that cannot overflow here. */
__int128 bytes_of(const gannet::Slot& slot) {
  __int128 bytes = gannet::bytes_of(slot.dtype);
  for (const int64_t size : slot.shape) {
    expect(size > 0);
    bytes *= size;
  }
  return bytes;
}

void check(const gannet::Slot& slot, const gannet::Program& program) {
  expect(slot.offset >= 0 && bytes_of(slot) == slot.bytes());
  if (slot.storage == gannet::Storage::kArena) {
    expect(slot.offset + bytes_of(slot) <= program.arena_bytes);
  } else {
    const auto& bindings = slot.storage == gannet::Storage::kFeed ? program.feeds : program.variables;
    expect(static_cast<size_t>(slot.offset) < bindings.size());
    expect(bytes_of(slot) == bindings[static_cast<size_t>(slot.offset)].bytes());
  }
}

void check(const gannet::Program& program) {
  for (const gannet::Step& step : program.steps) {
    for (const gannet::Slot& input : step.inputs) check(input, program);
    check(step.output, program);
    expect(step.written > 0 || step.output.storage == gannet::Storage::kArena);
  }
  for (const gannet::Output& output : program.outputs) check(output.slot, program);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const fuzz::Value value = fuzz::parse(data, size);
  try {
    check(gannet::decode_program(Napi::Value(nullptr, reinterpret_cast<napi_value>(const_cast<fuzz::Value*>(&value)))));
  } catch (const gannet::Error&) {
  }
  return 0;
}
