#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

// JavaScript values for fuzzing, read from JSON.
namespace fuzz {

struct Value {
  enum class Type { kUndefined, kNull, kBoolean, kNumber, kString, kArray, kObject };
  Type type = Type::kUndefined;
  bool boolean = false;
  double number = 0;
  std::string string;
  /** Entries of an array, or properties of an object, whose names are in `names`. */
  std::vector<Value> entries;
  std::vector<std::string> names;
};

/** Reads what it can: where the text breaks off or makes no sense, values are undefined. */
Value parse(const uint8_t* text, size_t bytes);

/** The value as text, from which `parse` reads the same; quotes in strings are left out. */
std::string write(const Value& value);

}  // namespace fuzz
