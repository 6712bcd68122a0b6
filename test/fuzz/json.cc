#include "json.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <utility>

namespace fuzz {

namespace {

constexpr int kDeepest = 64;

class Parser {
 public:
  explicit Parser(std::string text) : text_(std::move(text)) {}

  Value value(int depth = 0) {
    Value result;
    const char next = peek();
    if (depth > kDeepest) at_ = text_.size();
    if (at_ == text_.size()) return result;
    if (next == '{' || next == '[') return container(next, depth);
    if (next == '"') return {.type = Value::Type::kString, .string = string()};
    if (word("null")) return {.type = Value::Type::kNull};
    if (word("true")) return {.type = Value::Type::kBoolean, .boolean = true};
    if (word("false")) return {.type = Value::Type::kBoolean};
    return number();
  }

 private:
  char peek() {
    while (at_ < text_.size() && std::strchr(" \n\t\r,:", text_[at_])) at_++;
    return at_ < text_.size() ? text_[at_] : '\0';
  }

  bool word(const char* expected) {
    if (text_.compare(at_, std::strlen(expected), expected) != 0) return false;
    at_ += std::strlen(expected);
    return true;
  }

  std::string string() {
    const size_t end = text_.find('"', ++at_);
    const std::string result = text_.substr(at_, end - at_);
    at_ = end == std::string::npos ? text_.size() : end + 1;
    return result;
  }

  Value number() {
    char* end = nullptr;
    const char* start = text_.c_str() + at_;
    const double parsed = std::strtod(start, &end);
    if (end == start) {
      at_++;
      return {};
    }
    at_ += static_cast<size_t>(end - start);
    return {.type = Value::Type::kNumber, .number = parsed};
  }

  Value container(char open, int depth) {
    Value result;
    result.type = open == '{' ? Value::Type::kObject : Value::Type::kArray;
    at_++;
    for (char next = peek(); next != '\0' && next != '}' && next != ']'; next = peek()) {
      std::string name;
      if (open == '{' && next == '"') name = string();
      result.names.push_back(std::move(name));
      result.entries.push_back(value(depth + 1));
    }
    at_++;
    return result;
  }

  std::string text_;
  size_t at_ = 0;
};

class Writer {
 public:
  std::string text;

  void write(const Value& value) {
    switch (value.type) {
      case Value::Type::kUndefined:
      case Value::Type::kNull: text += "null"; break;
      case Value::Type::kBoolean: text += value.boolean ? "true" : "false"; break;
      case Value::Type::kNumber: write(value.number); break;
      case Value::Type::kString: write(value.string); break;
      case Value::Type::kArray: write_entries(value, '[', ']'); break;
      case Value::Type::kObject: write_entries(value, '{', '}'); break;
    }
  }

 private:
  void write(double number) {
    char digits[32];
    std::snprintf(digits, sizeof digits, "%.17g", number);
    text += digits;
  }

  void write(const std::string& string) {
    text += '"';
    std::copy_if(string.begin(), string.end(), std::back_inserter(text), [](char letter) { return letter != '"'; });
    text += '"';
  }

  void write_entries(const Value& value, char open, char close) {
    text += open;
    for (size_t i = 0; i < value.entries.size(); i++) {
      if (i > 0) text += ',';
      if (value.type == Value::Type::kObject) {
        write(value.names[i]);
        text += ':';
      }
      write(value.entries[i]);
    }
    text += close;
  }
};

}  // namespace

std::string write(const Value& value) {
  Writer writer;
  writer.write(value);
  return writer.text;
}

Value parse(const uint8_t* text, size_t bytes) { return Parser(std::string(reinterpret_cast<const char*>(text), bytes)).value(); }

}  // namespace fuzz
