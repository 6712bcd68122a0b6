#include <limits>
#include <memory>

#include "cpu/evaluator.h"
#include "cpu/kernel.h"
#include "cpu/memory.h"
#include "cpu/parallel.h"

// Reductions of an expression over the middle of [outer, reduced, inner]. The space is cut into pieces whose size does not
// depend on the number of threads. Within a piece numbers are added side by side in float, at most a few hundred to each
// partial sum; pieces are added in double.
namespace gannet {

namespace {

constexpr int64_t kBlock = Evaluator::kBlock;
/** Blocks of one piece of work. */
constexpr int64_t kPieceBlocks = 64;

class Reduction {
 public:
  Reduction(const Step& step, Build& build)
      : step_(step),
        vector_(build.vector),
        sums_(step.attributes.kind == ReduceKind::kSum),
        outer_(step.attributes.extent[0]),
        reduced_(step.attributes.extent[1]),
        inner_(step.attributes.extent[2]),
        evaluator_(build.vector, step.attributes.expression, step.inputs, outer_ * reduced_ * inner_) {
    columns_ = std::min(inner_, kBlock);
    tiles_ = (inner_ + columns_ - 1) / columns_;
    rows_per_block_ = kBlock / columns_;
    const int64_t rows_per_piece = rows_per_block_ * kPieceBlocks;
    row_pieces_ = (reduced_ + rows_per_piece - 1) / rows_per_piece;
    // [thread][scratch of the evaluator, a block of partial results], then the pieces' results.
    thread_bytes_ = evaluator_.scratch_bytes() + kBlock * sizeof(float);
    threads_bytes_ = thread_bytes_ * static_cast<size_t>(build.threads);
  }

  size_t workspace_bytes() const { return threads_bytes_ + static_cast<size_t>(outer_ * row_pieces_ * inner_) * sizeof(double); }

  void run(const Run& run) const {
    std::vector<const float*> data(step_.inputs.size());
    operand_addresses(run, step_.inputs, data);
    if (inner_ == 1 && reduced_ <= kBlock) {
      reduce_short_rows(run, data.data());
    } else {
      reduce_pieces(run, data.data());
      combine_pieces(run);
    }
  }

 private:
  /** inner = 1 and several rows fit a block: every row is finished at once. */
  void reduce_short_rows(const Run& run, const float* const* data) const {
    float* y = run.output<float>(step_.output);
    const int64_t rows_per_block = kBlock / reduced_;
    const int64_t blocks = (outer_ + rows_per_block - 1) / rows_per_block;
    parallel_for(run.threads, blocks, outer_ * reduced_, [&](int thread, Range range) {
      Evaluator::Session session(evaluator_, data, scratch(run, thread));
      for (int64_t block = range.begin; block < range.end; block++) {
        const int64_t first = block * rows_per_block;
        const int64_t rows = std::min(rows_per_block, outer_ - first);
        const float* values = session.evaluate(first * reduced_, rows * reduced_, nullptr);
        for (int64_t row = 0; row < rows; row++) y[first + row] = reduce_row(values + row * reduced_, reduced_);
      }
    });
  }

  /** A piece: rows of one outer index, and a tile of columns; its result goes to pieces[outer][row piece][inner]. */
  void reduce_pieces(const Run& run, const float* const* data) const {
    double* results = pieces(run);
    parallel_for(run.threads, outer_ * row_pieces_ * tiles_, outer_ * reduced_ * inner_, [&](int thread, Range range) {
      Evaluator::Session session(evaluator_, data, scratch(run, thread));
      float* partial = reinterpret_cast<float*>(scratch(run, thread) + evaluator_.scratch_bytes());
      for (int64_t piece = range.begin; piece < range.end; piece++) {
        const int64_t tile = piece % tiles_;
        const int64_t outer_and_rows = piece / tiles_;
        const int64_t column = tile * columns_;
        reduce_piece(session, partial, outer_and_rows / row_pieces_, outer_and_rows % row_pieces_, column,
                     results + outer_and_rows * inner_ + column);
      }
    });
  }

  void reduce_piece(Evaluator::Session& session, float* partial, int64_t outer, int64_t row_piece, int64_t column, double* result) const {
    const int64_t columns = std::min(columns_, inner_ - column);
    const int64_t first = row_piece * rows_per_block_ * kPieceBlocks;
    const int64_t last = std::min(reduced_, first + rows_per_block_ * kPieceBlocks);
    const int64_t width = std::min(rows_per_block_, last - first) * columns;
    std::fill(partial, partial + width, start());
    for (int64_t row = first; row < last; row += rows_per_block_) {
      const int64_t count = std::min(rows_per_block_, last - row) * columns;
      const float* values = session.evaluate((outer * reduced_ + row) * inner_ + column, count, nullptr);
      (sums_ ? vector_.add_to : vector_.max_to)(partial, values, count);
    }
    if (columns == 1) {
      *result = reduce_row(partial, width);
      return;
    }
    std::copy(partial, partial + columns, result);
    for (int64_t i = columns; i < width; i += columns) {
      for (int64_t j = 0; j < columns; j++) result[j] = combined(result[j], partial[i + j]);
    }
  }

  void combine_pieces(const Run& run) const {
    const double* results = pieces(run);
    float* y = run.output<float>(step_.output);
    parallel_for(run.threads, outer_, outer_ * row_pieces_ * inner_, [&](int, Range range) {
      for (int64_t o = range.begin; o < range.end; o++) {
        for (int64_t i = 0; i < inner_; i++) {
          const double* column = results + o * row_pieces_ * inner_ + i;
          double total = column[0];
          for (int64_t piece = 1; piece < row_pieces_; piece++) total = combined(total, column[piece * inner_]);
          y[o * inner_ + i] = static_cast<float>(total);
        }
      }
    });
  }

  float start() const { return sums_ ? 0.0f : -std::numeric_limits<float>::infinity(); }
  float reduce_row(const float* values, int64_t n) const { return (sums_ ? vector_.sum : vector_.max)(values, n); }
  double combined(double a, double b) const { return sums_ ? a + b : a != a || a > b ? a : b; }
  char* scratch(const Run& run, int thread) const { return run.workspace + static_cast<size_t>(thread) * thread_bytes_; }
  double* pieces(const Run& run) const { return reinterpret_cast<double*>(run.workspace + threads_bytes_); }

  Step step_;
  const VectorKernels& vector_;
  bool sums_;
  int64_t outer_, reduced_, inner_;
  Evaluator evaluator_;
  int64_t columns_, tiles_, rows_per_block_, row_pieces_;
  size_t thread_bytes_, threads_bytes_;
};

Kernel reduce(const Step& step, Build& build) {
  const auto reduction = std::make_shared<Reduction>(step, build);
  return {[reduction](const Run& run) { reduction->run(run); }, reduction->workspace_bytes()};
}

}  // namespace

void add_reduce_kernels(KernelTable& table) { table["reduce"] = reduce; }

}  // namespace gannet
