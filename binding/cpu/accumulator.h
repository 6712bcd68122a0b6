#pragma once

#include <memory>

#include "cpu/evaluator.h"
#include "program.h"

namespace gannet {

/** What a reduction carries from block to block and from piece to piece. A block is some rows of `columns` numbers each. Within a
 *  piece, float totals lie side by side, one for each place in a block, or a single one where there is one column; what becomes of a piece
 *  are doubles, results() for each column. */
class Accumulator {
 public:
  explicit Accumulator(const VectorKernels& vector) : vector_(vector) {}
  virtual ~Accumulator() = default;

  /** Numbers that come of one column. */
  virtual int64_t results() const = 0;
  /** Floats of the totals of a piece. */
  virtual int64_t total_floats() const = 0;

  /** Starts the totals of a piece with its first block, the one evaluated last: `count` numbers. */
  virtual void start(float* totals, const Evaluator::Session& session, int64_t count, int64_t columns) const = 0;
  /** Adds the block that was evaluated last; none is longer than the first. */
  virtual void add(float* totals, const Evaluator::Session& session, int64_t count, int64_t columns) const = 0;
  /** The piece of `count` places in a block and `rows` rows: result i of column j goes to piece[i * stride + j].
   *  @returns false if too many digits were lost; the totals are then ready for all blocks to be added once more */
  virtual bool finish(float* totals, int64_t count, int64_t columns, int64_t rows, double* piece, int64_t stride) const = 0;

  /** One row of `count` numbers, from `at` on in the block that was evaluated last; result i goes to row[i]. */
  virtual void reduce_row(const Evaluator::Session& session, int64_t at, int64_t count, double* row) const = 0;

  /** Merges `columns` of a piece of `piece_rows` rows into totals of `rows` rows; the results of both are `stride` apart. */
  virtual void merge(double* totals, int64_t rows, const double* piece, int64_t piece_rows, int64_t columns, int64_t stride) const = 0;
  /** What result i is once the total of all `rows` rows is known. */
  virtual float result(int64_t i, double total, int64_t rows) const = 0;

 protected:
  const VectorKernels& vector_;
};

/** The registers whose values the reduction of a step takes. */
std::vector<int64_t> reduced_registers(const Step& step);

/** The accumulator of `reduce`, `reduceSums` or `reduceMoments`. */
std::unique_ptr<Accumulator> make_accumulator(const Step& step, const VectorKernels& vector);

}  // namespace gannet
