#include <cstring>

#include "cpu/kernel.h"
#include "cpu/parallel.h"

// Similarities of the images of a batch, and their gradient. Vectors run over features, so m is first copied feature by feature into
// planes, one per dimension. The decomposition would write the differences of all pairs, N N B C numbers, several times.
namespace gannet {

namespace {

struct Size {
  int64_t images, features, dimensions;

  explicit Size(const Slot& m) : images(m.shape[0]), features(m.shape[1]), dimensions(m.shape[2]) {}
  int64_t row() const { return features * dimensions; }
  int64_t work() const { return images * images * row(); }
};

/** rows [count,inner] -> columns [inner,count] */
void transpose(float* columns, const float* rows, int64_t count, int64_t inner) {
  for (int64_t i = 0; i < count; i++) {
    for (int64_t k = 0; k < inner; k++) columns[k * count + i] = rows[i * inner + k];
  }
}

/** m [N,B,C] -> planes [N,C,B] */
void to_planes(float* planes, const float* m, const Size& size, int threads) {
  parallel_for(threads, size.images, size.images * size.row(), [&](int, Range range) {
    for (int64_t i = range.begin; i < range.end; i++)
      transpose(planes + i * size.row(), m + i * size.row(), size.features, size.dimensions);
  });
}

/** m [N,B,C] -> [N,B] */
Kernel batch_similarity(const Step& step, Build& build) {
  const Size size(step.inputs[0]);
  return {[step, size, add = build.vector.add_similarity](const Run& run) {
            auto* planes = reinterpret_cast<float*>(run.workspace);
            to_planes(planes, run.input<float>(step.inputs[0]), size, run.threads);
            float* o = run.output<float>(step.output);
            std::memset(o, 0, static_cast<size_t>(step.output.bytes()));
            parallel_for(run.threads, size.images, size.work(), [&](int, Range range) {
              for (int64_t i = range.begin; i < range.end; i++) {
                const float* own = planes + i * size.row();
                for (int64_t j = 0; j < size.images; j++)
                  add(o + i * size.features, own, planes + j * size.row(), size.features, size.dimensions);
              }
            });
          },
          static_cast<size_t>(step.inputs[0].bytes())};
}

/** m [N,B,C], dy [N,B] -> [N,B,C] */
Kernel batch_similarity_gradient(const Step& step, Build& build) {
  const Size size(step.inputs[0]);
  // The planes, and a row for each thread.
  const auto workspace = static_cast<size_t>((size.images + build.threads) * size.row()) * sizeof(float);
  return {[step, size, add = build.vector.add_similarity_gradient](const Run& run) {
            auto* planes = reinterpret_cast<float*>(run.workspace);
            float* sums = planes + size.images * size.row();
            to_planes(planes, run.input<float>(step.inputs[0]), size, run.threads);
            const float* dy = run.input<float>(step.inputs[1]);
            float* dm = run.output<float>(step.output);
            parallel_for(run.threads, size.images, size.work(), [&](int thread, Range range) {
              float* sum = sums + thread * size.row();
              for (int64_t i = range.begin; i < range.end; i++) {
                std::memset(sum, 0, static_cast<size_t>(size.row()) * sizeof(float));
                for (int64_t j = 0; j < size.images; j++) {
                  add(sum, planes + i * size.row(), planes + j * size.row(), dy + i * size.features, dy + j * size.features, size.features,
                      size.dimensions);
                }
                transpose(dm + i * size.row(), sum, size.dimensions, size.features);
              }
            });
          },
          workspace};
}

}  // namespace

void add_similarity_kernels(KernelTable& table) {
  table[Op::kBatchSimilarity] = batch_similarity;
  table[Op::kBatchSimilarityGradient] = batch_similarity_gradient;
}

}  // namespace gannet
