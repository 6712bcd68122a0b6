#pragma once

// What the test program's cases are made of. A case is one function; it prints its result, and the program prints the error that
// it throws.

#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include "launch/launch.h"

namespace gannet::kernels {

struct Case {
  const char* name;
  void (*run)();
};

/** The cases of each file. */
std::vector<Case> fault_cases();
std::vector<Case> sound_cases();
std::vector<Case> matrix_cases();
std::vector<Case> runtime_cases();

/** Device memory that is freed with it. */
template <typename T>
class Buffer {
 public:
  explicit Buffer(size_t count) : count_(count) { cudaMalloc(reinterpret_cast<void**>(&data_), count * sizeof(T)); }
  explicit Buffer(const std::vector<T>& values) : Buffer(values.size()) {
    cudaMemcpy(data_, values.data(), count_ * sizeof(T), cudaMemcpyHostToDevice);
  }
  ~Buffer() { cudaFree(data_); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  T* data() const { return data_; }
  std::vector<T> read() const {
    std::vector<T> values(count_);
    cudaMemcpy(values.data(), data_, count_ * sizeof(T), cudaMemcpyDeviceToHost);
    return values;
  }

 private:
  size_t count_;
  T* data_ = nullptr;
};

/** 0, 1, 2, ... */
inline std::vector<float> counting(size_t count) {
  std::vector<float> values(count);
  for (size_t i = 0; i < count; ++i) values[i] = static_cast<float>(i);
  return values;
}

inline void print(const std::vector<float>& values) {
  for (float value : values) std::printf("%.17g\n", value);
}

}  // namespace gannet::kernels
