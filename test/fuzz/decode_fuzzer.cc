// The decoder of programs under libFuzzer: any text is refused with an Error, or it is a program whose every value lies in its storage.
#include <algorithm>
#include <cstdlib>

#include "decode.h"
#include "json.h"
#include "mutate.h"

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
    expect(step.overwritten() > 0 || step.output.storage == gannet::Storage::kArena);
  }
  for (const gannet::Output& output : program.outputs) check(output.slot, program);
}

/** Writes a program back as text where it fits; answers its length. */
size_t write_back(const fuzz::Value& program, uint8_t* data, size_t size, size_t most) {
  const std::string text = fuzz::write(program);
  if (text.size() > most) return size;
  std::copy(text.begin(), text.end(), data);
  return text.size();
}

/** One change in so many is left to libFuzzer, which knows bytes and the dictionary but no structure. */
constexpr unsigned kBlindChanges = 16;

}  // namespace

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t most);

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t most, unsigned seed) {
  if (seed % kBlindChanges == 0) return LLVMFuzzerMutate(data, size, most);
  fuzz::Random random(seed);
  fuzz::Value program = fuzz::parse(data, size);
  fuzz::mutate(program, random);
  return write_back(program, data, size, most);
}

extern "C" size_t LLVMFuzzerCustomCrossOver(const uint8_t* data, size_t size, const uint8_t* other, size_t other_size, uint8_t* out,
                                            size_t most, unsigned seed) {
  fuzz::Random random(seed);
  fuzz::Value program = fuzz::parse(data, size);
  fuzz::cross(program, fuzz::parse(other, other_size), random);
  return write_back(program, out, 0, most);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const fuzz::Value value = fuzz::parse(data, size);
  try {
    check(gannet::decode_program(Napi::Value(nullptr, reinterpret_cast<napi_value>(const_cast<fuzz::Value*>(&value)))));
  } catch (const gannet::Error&) {
  }
  return 0;
}
