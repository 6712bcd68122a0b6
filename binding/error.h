#pragma once

#include <exception>
#include <sstream>
#include <string>
#include <utility>

namespace gannet {

/** A failure that reaches JavaScript as an Error with the properties `code`, `op` and `scope`. */
class Error : public std::exception {
 public:
  Error(std::string code, std::string message) : code_(std::move(code)), message_(std::move(message)) {}

  const char* what() const noexcept override { return message_.c_str(); }
  const std::string& code() const { return code_; }
  const std::string& op() const { return op_; }
  const std::string& scope() const { return scope_; }

  /** The same error, blamed on an op. The innermost blame stays. */
  Error blamed_on(const std::string& op, const std::string& scope) const;

 private:
  std::string code_;
  std::string message_;
  std::string op_;
  std::string scope_;
};

/** The exception being handled, whatever its type: allocation failures get the code `out_of_memory`, strangers `device_failed`. */
Error current_error();

/** Joins parts into one string. */
template <typename... Parts>
std::string text(const Parts&... parts) {
  std::ostringstream stream;
  (stream << ... << parts);
  return stream.str();
}

}  // namespace gannet
