#include "error.h"

#include <new>

namespace gannet {

Error Error::blamed_on(const std::string& op, const std::string& scope) const {
  if (!op_.empty()) return *this;
  const std::string where = scope.empty() ? op : scope + ": " + op;
  Error blamed(code_, where + ": " + message_);
  blamed.op_ = op;
  blamed.scope_ = scope;
  return blamed;
}

Error current_error() {
  try {
    throw;
  } catch (const Error& error) {
    return error;
  } catch (const std::bad_alloc&) {
    return Error("out_of_memory", "the memory asked for could not be had; use a smaller batch or model, or close other programs");
  } catch (const std::exception& error) {
    return Error("device_failed", error.what());
  } catch (...) {
    return Error("device_failed", "an unknown C++ exception was thrown");
  }
}

}  // namespace gannet
