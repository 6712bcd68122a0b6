#include <cmath>
#include <cstring>
#include <limits>

#include "cpu/kernel.h"
#include "cpu/parallel.h"
#include "error.h"

namespace gannet {

namespace {

void check_indices(const int32_t* indices, int64_t count, int64_t rows) {
  for (int64_t i = 0; i < count; i++) {
    if (indices[i] >= 0 && indices[i] < rows) continue;
    throw Error("index_out_of_range", text("index ", i, " is ", indices[i], ", but must be from 0 to ", rows - 1));
  }
}

/** table [V,D], indices [...] -> [...,D] */
Kernel gather(const Step& step, Build&) {
  return {[step](const Run& run) {
    const float* rows = run.input<float>(step.inputs[0]);
    const int32_t* indices = run.input<int32_t>(step.inputs[1]);
    float* y = run.output<float>(step.output);
    const int64_t count = step.inputs[1].size(), depth = step.inputs[0].shape[1];
    check_indices(indices, count, step.inputs[0].shape[0]);
    parallel_for(run.threads, count, count * depth, [&](int, Range range) {
      for (int64_t i = range.begin; i < range.end; i++) {
        std::memcpy(y + i * depth, rows + indices[i] * depth, static_cast<size_t>(depth) * sizeof(float));
      }
    });
  }};
}

/** indices [...], dy [...,D] -> [V,D]. In the order of the indices, so that the sums do not depend on threads. */
Kernel scatter_add(const Step& step, Build& build) {
  return {[step, add_to = build.vector.add_to](const Run& run) {
    const int32_t* indices = run.input<int32_t>(step.inputs[0]);
    const float* dy = run.input<float>(step.inputs[1]);
    float* rows = run.output<float>(step.output);
    const int64_t count = step.inputs[0].size(), depth = step.output.shape[1];
    check_indices(indices, count, step.output.shape[0]);
    std::memset(rows, 0, static_cast<size_t>(step.output.bytes()));
    for (int64_t i = 0; i < count; i++) add_to(rows + indices[i] * depth, dy + i * depth, depth);
  }};
}

/** variable [V,...], indices [N], rows [N,...]: row indices[i] of the variable becomes rows[i]. */
Kernel assign_rows(const Step& step, Build&) {
  return {[step](const Run& run) {
    const int32_t* indices = run.input<int32_t>(step.inputs[1]);
    const char* rows = run.input<char>(step.inputs[2]);
    char* variable = run.output<char>(step.output);
    const int64_t count = step.inputs[1].size(), places = step.output.shape[0], bytes = step.output.bytes() / places;
    check_indices(indices, count, places);
    for (int64_t i = 0; i < count; i++) std::memcpy(variable + indices[i] * bytes, rows + i * bytes, static_cast<size_t>(bytes));
  }};
}

/** x [...] -> int32 [...]: the whole part of each number, as far as int32 goes; NaN is 0 */
Kernel truncate(const Step& step, Build&) {
  return {[step](const Run& run) {
    const float* x = run.input<float>(step.inputs[0]);
    int32_t* y = run.output<int32_t>(step.output);
    using Limits = std::numeric_limits<int32_t>;
    for (int64_t i = 0; i < step.output.size(); i++) {
      const float value = std::isnan(x[i]) ? 0.0f : x[i];
      y[i] = value >= 0x1p31f ? Limits::max() : value < -0x1p31f ? Limits::min() : static_cast<int32_t>(value);
    }
  }};
}

/** indices [...] -> [...,depth] */
Kernel one_hot(const Step& step, Build&) {
  return {[step](const Run& run) {
    const int32_t* indices = run.input<int32_t>(step.inputs[0]);
    float* y = run.output<float>(step.output);
    const int64_t count = step.inputs[0].size(), depth = step.attributes.depth;
    check_indices(indices, count, depth);
    std::memset(y, 0, static_cast<size_t>(step.output.bytes()));
    for (int64_t i = 0; i < count; i++) y[i * depth + indices[i]] = 1.0f;
  }};
}

}  // namespace

void add_gather_kernels(KernelTable& table) {
  table[Op::kGather] = gather;
  table[Op::kScatterAdd] = scatter_add;
  table[Op::kAssignRows] = assign_rows;
  table[Op::kTruncate] = truncate;
  table[Op::kOneHot] = one_hot;
}

}  // namespace gannet
