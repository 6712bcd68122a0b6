#include <algorithm>
#include <memory>
#include <numeric>

#include "cpu/accumulator.h"
#include "cpu/divisible.h"
#include "cpu/evaluator.h"
#include "cpu/kernel.h"
#include "cpu/memory.h"
#include "cpu/parallel.h"

// Reductions of an expression over the middle of [outer, reduced, inner], one or several in a single pass. The space is cut into
// pieces whose size does not depend on the number of threads. Within a piece numbers are added side by side in float, at most a few
// hundred to each partial sum; pieces are merged in double, always in the same order.
namespace gannet {

namespace {

constexpr int64_t kBlock = Evaluator::kBlock;
/** Blocks of one piece of work. */
constexpr int64_t kPieceBlocks = 128;
/** Blocks side by side in a piece, so that long rows are read some pages at a time. */
constexpr int64_t kPieceTiles = 2;

class Reduction final : public Divisible {
 public:
  Reduction(const Step& step, Build& build)
      : step_(step),
        addresses_(step),
        accumulator_(make_accumulator(step, build.vector)),
        results_(accumulator_->results()),
        outer_(step.attributes.extent[0]),
        reduced_(step.attributes.extent[1]),
        inner_(step.attributes.extent[2]),
        evaluator_(build.vector, step.attributes.expression, step.inputs, outer_ * reduced_ * inner_, reduced_registers(step)) {
    columns_ = std::min(inner_, kBlock * kPieceTiles);
    column_pieces_ = (inner_ + columns_ - 1) / columns_;
    rows_per_block_ = std::max(kBlock / columns_, int64_t{1});
    rows_per_piece_ = rows_per_block_ * kPieceBlocks / tiles_of(columns_);
    row_pieces_ = pieces_of(reduced_);
    // [operands' addresses], [thread][scratch of the evaluator, totals of a piece by tiles], then the pieces' results.
    thread_bytes_ = evaluator_.scratch_bytes() + static_cast<size_t>(tiles_of(columns_) * accumulator_->total_floats()) * sizeof(float);
    threads_bytes_ = addresses_.bytes() + thread_bytes_ * static_cast<size_t>(build.threads);
  }

  size_t workspace_bytes() const { return threads_bytes_ + static_cast<size_t>(outer_ * row_pieces_ * results_ * inner_) * sizeof(double); }

  void begin(const Run& run) const override { addresses_.write(run, run.workspace); }

  void run(const Run& run) const override {
    const int64_t elements = outer_ * reduced_ * inner_;
    if (has_short_rows()) {
      const int64_t rows_per_block = kBlock / reduced_;
      parallel_for(run.threads, (outer_ + rows_per_block - 1) / rows_per_block, elements, [&](int thread, Range blocks) {
        reduce_short_rows(run, thread, {blocks.begin * rows_per_block, std::min(outer_, blocks.end * rows_per_block)});
      });
    } else {
      parallel_for(run.threads, outer_ * row_pieces_ * column_pieces_, elements,
                   [&](int thread, Range pieces) { reduce_pieces(run, thread, pieces); });
      parallel_for(run.threads, outer_ * column_pieces_, outer_ * row_pieces_ * results_ * inner_,
                   [&](int, Range range) { merge_pieces(run, range); });
    }
  }

  /** Parts are outer indices, or rows where there is only one outer index; then no piece is cut. */
  int64_t fewest_parts(int64_t count) const override {
    if (outer_ % count == 0) return 1;
    if (outer_ > 1 || reduced_ % count != 0 || has_short_rows()) return 0;
    return rows_per_piece_ / std::gcd(rows_per_piece_, reduced_ / count);
  }

  std::vector<Touched> reads(int64_t count) const override { return touched_operands(step_, outer_ * reduced_ * inner_, count); }

  std::vector<Touched> writes(int64_t count) const override {
    if (outer_ % count != 0) return {{step_.output, false}};
    std::vector<Touched> rows;
    for (int64_t i = 0; i < results_; i++) {
      Slot row = step_.output;
      row.shape = {outer_ * inner_};
      row.offset += i * row.bytes();
      rows.push_back({row, true});
    }
    return rows;
  }

  void run_parts(const Run& run, int thread, Range parts, int64_t count) const override {
    if (outer_ % count != 0) {
      const int64_t rows = reduced_ / count;
      const int64_t first = parts.begin * rows / rows_per_piece_, last = pieces_of(parts.end * rows);
      reduce_pieces(run, thread, {first * column_pieces_, last * column_pieces_});
      return;
    }
    const int64_t part = outer_ / count;
    const Range outer{parts.begin * part, parts.end * part};
    if (has_short_rows()) return reduce_short_rows(run, thread, outer);
    reduce_pieces(run, thread, {outer.begin * row_pieces_ * column_pieces_, outer.end * row_pieces_ * column_pieces_});
    merge_pieces(run, {outer.begin * column_pieces_, outer.end * column_pieces_});
  }

  void finish(const Run& run, int64_t count) const override {
    if (outer_ % count != 0) merge_pieces(run, {0, column_pieces_});
  }

 private:
  /** inner = 1 and several rows fit a block: every row is finished at once. */
  bool has_short_rows() const { return inner_ == 1 && reduced_ <= kBlock; }

  void reduce_short_rows(const Run& run, int thread, Range rows) const {
    Evaluator::Session session(evaluator_, OperandAddresses::in(run.workspace), scratch(run, thread));
    const int64_t rows_per_block = kBlock / reduced_;
    for (int64_t first = rows.begin; first < rows.end; first += rows_per_block) {
      const int64_t count = std::min(rows_per_block, rows.end - first);
      session.evaluate(first * reduced_, count * reduced_, nullptr);
      for (int64_t row = 0; row < count; row++) {
        double* totals = pieces(run) + (first + row) * results_;
        accumulator_->reduce_row(session, row * reduced_, reduced_, totals);
        store(run, totals, first + row, {0, 1});
      }
    }
  }

  /** A piece: rows of one outer index, and some columns; its results go to pieces[outer][row piece][result][inner]. */
  void reduce_pieces(const Run& run, int thread, Range range) const {
    Evaluator::Session session(evaluator_, OperandAddresses::in(run.workspace), scratch(run, thread));
    float* totals = reinterpret_cast<float*>(scratch(run, thread) + evaluator_.scratch_bytes());
    for (int64_t piece = range.begin; piece < range.end; piece++) {
      const int64_t outer_and_rows = piece / column_pieces_;
      reduce_piece(session, totals, outer_and_rows / row_pieces_, rows_of(outer_and_rows % row_pieces_), columns_of(piece % column_pieces_),
                   pieces(run) + outer_and_rows * results_ * inner_);
    }
  }

  void reduce_piece(Evaluator::Session& session, float* totals, int64_t outer, Range rows, Range columns, double* piece) const {
    add_rows(session, totals, outer, rows, columns, true);
    for (int64_t first = columns.begin; first < columns.end; first += kBlock, totals += accumulator_->total_floats()) {
      const Range tile{first, std::min(columns.end, first + kBlock)};
      if (finish(totals, rows, tile, piece)) continue;
      add_rows(session, totals, outer, rows, tile, false);
      finish(totals, rows, tile, piece);
    }
  }

  /** Adds rows to the totals of the tiles that the columns consist of; `start` says that those are new. */
  void add_rows(Evaluator::Session& session, float* totals, int64_t outer, Range rows, Range columns, bool start) const {
    for (int64_t row = rows.begin; row < rows.end; row += rows_per_block_) {
      const int64_t height = std::min(rows_per_block_, rows.end - row);
      float* of_tile = totals;
      for (int64_t first = columns.begin; first < columns.end; first += kBlock, of_tile += accumulator_->total_floats()) {
        const int64_t width = std::min(kBlock, columns.end - first);
        session.evaluate((outer * reduced_ + row) * inner_ + first, height * width, nullptr);
        if (start && row == rows.begin) accumulator_->start(of_tile, session, height * width, width);
        else accumulator_->add(of_tile, session, height * width, width);
      }
    }
  }

  bool finish(float* totals, Range rows, Range tile, double* piece) const {
    const int64_t height = rows.end - rows.begin, width = tile.end - tile.begin;
    return accumulator_->finish(totals, std::min(rows_per_block_, height) * width, width, height, piece + tile.begin, inner_);
  }

  /** Merges the pieces of some columns of some outer indices. */
  void merge_pieces(const Run& run, Range range) const {
    for (int64_t item = range.begin; item < range.end; item++) {
      const int64_t outer = item / column_pieces_;
      const Range columns = columns_of(item % column_pieces_);
      double* totals = pieces(run) + outer * row_pieces_ * results_ * inner_;
      for (int64_t i = 1; i < row_pieces_; i++) {
        const Range rows = rows_of(i);
        const double* piece = totals + i * results_ * inner_;
        accumulator_->merge(totals + columns.begin, rows.begin, piece + columns.begin, rows.end - rows.begin, columns.end - columns.begin,
                            inner_);
      }
      store(run, totals, outer, columns);
    }
  }

  /** totals [result][inner] of one outer index -> y [result][outer][inner]. */
  void store(const Run& run, const double* totals, int64_t outer, Range columns) const {
    float* y = run.output<float>(step_.output) + outer * inner_;
    for (int64_t i = 0; i < results_; i++) {
      for (int64_t j = columns.begin; j < columns.end; j++) {
        y[i * outer_ * inner_ + j] = accumulator_->result(i, totals[i * inner_ + j], reduced_);
      }
    }
  }

  static int64_t tiles_of(int64_t columns) { return (columns + kBlock - 1) / kBlock; }
  int64_t pieces_of(int64_t rows) const { return (rows + rows_per_piece_ - 1) / rows_per_piece_; }
  Range rows_of(int64_t piece) const { return {piece * rows_per_piece_, std::min(reduced_, (piece + 1) * rows_per_piece_)}; }
  Range columns_of(int64_t piece) const { return {piece * columns_, std::min(inner_, (piece + 1) * columns_)}; }
  char* scratch(const Run& run, int thread) const {
    return run.workspace + addresses_.bytes() + static_cast<size_t>(thread) * thread_bytes_;
  }
  double* pieces(const Run& run) const { return reinterpret_cast<double*>(run.workspace + threads_bytes_); }

  Step step_;
  OperandAddresses addresses_;
  std::unique_ptr<Accumulator> accumulator_;
  int64_t results_;
  int64_t outer_, reduced_, inner_;
  Evaluator evaluator_;
  int64_t columns_, column_pieces_, rows_per_block_, rows_per_piece_, row_pieces_;
  size_t thread_bytes_, threads_bytes_;
};

Kernel reduce(const Step& step, Build& build) {
  const auto reduction = std::make_shared<Reduction>(step, build);
  return kernel_of(reduction, reduction->workspace_bytes());
}

}  // namespace

void add_reduce_kernels(KernelTable& table) { table[Op::kReduce] = table[Op::kReduceSums] = table[Op::kReduceMoments] = reduce; }

}  // namespace gannet
