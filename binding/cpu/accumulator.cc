#include "cpu/accumulator.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace gannet {

namespace {

/** result[j] = combination of totals[i * columns + j] over i. */
template <typename Combine>
void fold_rows(const float* totals, int64_t count, int64_t columns, double* result, Combine combine) {
  std::copy(totals, totals + columns, result);
  for (int64_t i = columns; i < count; i += columns) {
    for (int64_t j = 0; j < columns; j++) result[j] = combine(result[j], totals[i + j]);
  }
}

/** The sum over each column of a block. */
void sum_columns(const float* totals, int64_t count, int64_t columns, double* result) {
  fold_rows(totals, count, columns, result, [](double a, double b) { return a + b; });
}

/** Totals of a piece: a single column has one, to which what a block comes to is added. */
int64_t places(int64_t count, int64_t columns) { return columns == 1 ? 1 : count; }

/** The sums of several registers, all times a factor. */
class Sums final : public Accumulator {
 public:
  Sums(const VectorKernels& vector, std::vector<int64_t> registers, double factor)
      : Accumulator(vector), registers_(std::move(registers)), factor_(factor) {}

  int64_t results() const override { return static_cast<int64_t>(registers_.size()); }
  int64_t total_floats() const override { return results() * Evaluator::kBlock; }

  void start(float* totals, const Evaluator::Session& session, int64_t count, int64_t columns) const override {
    std::fill_n(totals, total_floats(), 0.0f);
    add(totals, session, count, columns);
  }

  void add(float* totals, const Evaluator::Session& session, int64_t count, int64_t columns) const override {
    for (const int64_t index : registers_) {
      if (columns == 1) *totals += vector_.sum(session.kept(index), count);
      else vector_.add_to(totals, session.kept(index), count);
      totals += Evaluator::kBlock;
    }
  }

  bool finish(float* totals, int64_t count, int64_t columns, int64_t, double* piece, int64_t stride) const override {
    for (int64_t i = 0; i < results(); i++) {
      sum_columns(totals + i * Evaluator::kBlock, places(count, columns), columns, piece + i * stride);
    }
    return true;
  }

  void reduce_row(const Evaluator::Session& session, int64_t at, int64_t count, double* row) const override {
    for (const int64_t index : registers_) *row++ = vector_.sum(session.kept(index) + at, count);
  }

  void merge(double* totals, int64_t, const double* piece, int64_t, int64_t columns, int64_t stride) const override {
    for (int64_t i = 0; i < results(); i++, totals += stride, piece += stride) {
      for (int64_t j = 0; j < columns; j++) totals[j] += piece[j];
    }
  }

  float result(int64_t, double total, int64_t) const override { return static_cast<float>(factor_ * total); }

 private:
  std::vector<int64_t> registers_;
  double factor_;
};

/** The maximum of one register; NaN is the greatest of all. */
class Maximum final : public Accumulator {
 public:
  Maximum(const VectorKernels& vector, int64_t index) : Accumulator(vector), register_(index) {}

  int64_t results() const override { return 1; }
  int64_t total_floats() const override { return Evaluator::kBlock; }

  void start(float* totals, const Evaluator::Session& session, int64_t count, int64_t columns) const override {
    std::fill_n(totals, total_floats(), -std::numeric_limits<float>::infinity());
    add(totals, session, count, columns);
  }

  void add(float* totals, const Evaluator::Session& session, int64_t count, int64_t columns) const override {
    if (columns == 1) *totals = larger(*totals, vector_.max(session.kept(register_), count));
    else vector_.max_to(totals, session.kept(register_), count);
  }

  bool finish(float* totals, int64_t count, int64_t columns, int64_t, double* piece, int64_t) const override {
    fold_rows(totals, places(count, columns), columns, piece, larger<double>);
    return true;
  }

  void reduce_row(const Evaluator::Session& session, int64_t at, int64_t count, double* row) const override {
    *row = vector_.max(session.kept(register_) + at, count);
  }

  void merge(double* totals, int64_t, const double* piece, int64_t, int64_t columns, int64_t) const override {
    for (int64_t i = 0; i < columns; i++) totals[i] = larger(totals[i], piece[i]);
  }

  float result(int64_t, double total, int64_t) const override { return static_cast<float>(total); }

 private:
  template <typename T>
  static T larger(T a, T b) {
    return std::isnan(a) || a > b ? a : b;
  }

  int64_t register_;
};

/** The mean and biased variance of one register, without the cancellation of E[x^2] - E[x]^2: from the numbers of a piece its first
 *  ones are subtracted, those of the block averaged for each column. If they lie too far from the mean, the piece is gone over again
 *  with that. A piece leaves its mean and its sum of squared deviations.
 *  @see Chan, Golub, LeVeque: Updating formulae and a pairwise algorithm for computing sample variances (1979) */
class Moments final : public Accumulator {
 public:
  Moments(const VectorKernels& vector, int64_t index) : Accumulator(vector), register_(index) {}

  int64_t results() const override { return 2; }
  int64_t total_floats() const override { return 3 * Evaluator::kBlock; }

  void start(float* totals, const Evaluator::Session& session, int64_t count, int64_t columns) const override {
    double means[Evaluator::kBlock];
    if (columns == 1) *means = vector_.sum(session.kept(register_), count);
    else sum_columns(session.kept(register_), count, columns, means);
    for (int64_t j = 0; j < columns; j++) means[j] *= static_cast<double>(columns) / static_cast<double>(count);
    subtract(totals, means, places(count, columns), columns);
    add(totals, session, count, columns);
  }

  void add(float* totals, const Evaluator::Session& session, int64_t count, int64_t columns) const override {
    const float* values = session.kept(register_);
    float *sums = totals + Evaluator::kBlock, *squares = totals + 2 * Evaluator::kBlock;
    if (columns == 1) {
      const Deviations of_block = vector_.deviations(values, *totals, count);
      *sums += of_block.sum;
      *squares += of_block.squares;
    } else {
      vector_.add_deviations(sums, squares, values, totals, count);
    }
  }

  bool finish(float* totals, int64_t count, int64_t columns, int64_t rows, double* piece, int64_t stride) const override {
    double* mean = piece;
    double* squares = piece + stride;
    count = places(count, columns);
    sum_columns(totals + Evaluator::kBlock, count, columns, mean);
    sum_columns(totals + 2 * Evaluator::kBlock, count, columns, squares);
    bool accurate = true;
    for (int64_t j = 0; j < columns; j++) {
      const double shift = mean[j] / static_cast<double>(rows), about_mean = at_least_zero(squares[j] - mean[j] * shift);
      if (squares[j] > kMostCancelled * about_mean) accurate = false;
      squares[j] = about_mean;
      mean[j] = static_cast<double>(totals[j]) + shift;
    }
    if (!accurate) subtract(totals, mean, count, columns);
    return accurate;
  }

  void reduce_row(const Evaluator::Session& session, int64_t at, int64_t count, double* row) const override {
    const float* values = session.kept(register_) + at;
    const float mean = vector_.sum(values, count) / static_cast<float>(count);
    // What is left of the sum is the rounding of the mean.
    const Deviations left = vector_.deviations(values, mean, count);
    const double shift = static_cast<double>(left.sum) / static_cast<double>(count);
    row[0] = static_cast<double>(mean) + shift;
    row[1] = at_least_zero(static_cast<double>(left.squares) - static_cast<double>(left.sum) * shift);
  }

  void merge(double* totals, int64_t rows, const double* piece, int64_t piece_rows, int64_t columns, int64_t stride) const override {
    const double share = static_cast<double>(piece_rows) / static_cast<double>(rows + piece_rows);
    const double weight = static_cast<double>(rows) * share;
    double* squares = totals + stride;
    for (int64_t j = 0; j < columns; j++) {
      const double between = piece[j] - totals[j];
      totals[j] += between * share;
      squares[j] += piece[stride + j] + between * between * weight;
    }
  }

  float result(int64_t i, double total, int64_t rows) const override {
    return static_cast<float>(i == 0 ? total : total / static_cast<double>(rows));
  }

 private:
  /** How many times as large as the sum of squares about the mean that about another number may be: it costs as many units of the last
   *  place. */
  static constexpr double kMostCancelled = 32;

  /** Makes totals of `count` places ready for differences from `from`, one for each column. */
  static void subtract(float* totals, const double* from, int64_t count, int64_t columns) {
    for (int64_t i = 0; i < count; i++) totals[i] = static_cast<float>(from[i % columns]);
    std::fill_n(totals + Evaluator::kBlock, count, 0.0f);
    std::fill_n(totals + 2 * Evaluator::kBlock, count, 0.0f);
  }

  /** Only rounding is below; NaN stays. */
  static double at_least_zero(double squares) { return squares < 0 ? 0 : squares; }

  int64_t register_;
};

}  // namespace

std::vector<int64_t> reduced_registers(const Step& step) {
  if (step.op == Op::kReduceSums) return step.attributes.values;
  const Expression& expression = step.attributes.expression;
  return {static_cast<int64_t>(expression.access.size() + expression.instructions.size()) - 1};
}

std::unique_ptr<Accumulator> make_accumulator(const Step& step, const VectorKernels& vector) {
  std::vector<int64_t> registers = reduced_registers(step);
  if (step.op == Op::kReduceMoments) return std::make_unique<Moments>(vector, registers.front());
  if (step.op == Op::kReduceSums) return std::make_unique<Sums>(vector, std::move(registers), step.attributes.factor);
  if (step.attributes.kind == ReduceKind::kSum) return std::make_unique<Sums>(vector, std::move(registers), 1.0);
  return std::make_unique<Maximum>(vector, registers.front());
}

}  // namespace gannet
