#pragma once

#include <cstdint>

#include "error.h"

// Sums and products of sizes that a program names, which may be any integer of JavaScript.
namespace gannet {

/** @throws Error `attribute_invalid` if the sum needs more than 63 bits; `what` names it */
inline int64_t checked_sum(int64_t a, int64_t b, const char* what) {
  int64_t sum = 0;
  if (__builtin_add_overflow(a, b, &sum)) throw Error("attribute_invalid", text(what, " is too large: ", a, " + ", b));
  return sum;
}

/** @throws Error `attribute_invalid` if the product needs more than 63 bits; `what` names it */
inline int64_t checked_product(int64_t a, int64_t b, const char* what) {
  int64_t product = 0;
  if (__builtin_mul_overflow(a, b, &product)) throw Error("attribute_invalid", text(what, " is too large: ", a, " x ", b));
  return product;
}

}  // namespace gannet
