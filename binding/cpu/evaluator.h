#pragma once

#include <vector>

#include "cpu/loops.h"
#include "cpu/memory.h"
#include "cpu/parallel.h"
#include "cpu/vector/kernels.h"
#include "program.h"

namespace gannet {

/** A fused expression made ready. It is evaluated in blocks: each instruction, or chain of them, is one vector loop over a
 *  block, and the registers of a block stay in the first-level cache. */
class Evaluator {
 public:
  /** The most elements of one block: a dozen registers of that size fit the first-level cache. */
  static constexpr int64_t kBlock = 512;

  /** `operands` are read over a space of `total` elements. The registers `kept` can be read behind an evaluation. */
  Evaluator(const VectorKernels& vector, const Expression& expression, const std::vector<Slot>& operands, int64_t total,
            const std::vector<int64_t>& kept = {});

  size_t operand_count() const { return operands_.size(); }

  /** Bytes of scratch memory that one thread needs, a multiple of 64. */
  size_t scratch_bytes() const;

  /** The evaluation of one thread. */
  class Session {
   public:
    /** `data` holds the operands' addresses, `scratch` scratch_bytes() of memory; both must outlive the session. */
    Session(const Evaluator& evaluator, const float* const* data, char* scratch);

    /** Elements begin .. begin + count, count <= kBlock; into `target` unless it is null. Returns where the values lie, until the
     *  next call. */
    const float* evaluate(int64_t begin, int64_t count, float* target);

    /** A kept register of the last evaluation. */
    const float* kept(int64_t index) const { return registers_[index].numbers; }

   private:
    Register read_operand(size_t index, int64_t begin, int64_t count);
    const float* read_channel(size_t index, int64_t begin, int64_t count);
    Register read_sample(size_t index, int64_t begin, int64_t count);

    const Evaluator& evaluator_;
    const float* const* data_;
    Register* registers_;
    /** The elements of the sample that fills the whole of an operand's buffer; none of another operand. */
    Range* filled_;
    float* buffers_;
  };

 private:
  struct Operand {
    Access access;
    int64_t size;
    /** Elements that each of its numbers is for, where those are samples'. */
    int64_t length;
    /** Where its copies lie among the buffers, in floats. */
    int64_t buffer;
  };
  /** A loop whose result lies at `buffer` among the buffers. */
  struct Slotted {
    Loop loop;
    int64_t buffer;
  };

  void place_operands(const std::vector<Slot>& operands);
  void place_results(const std::vector<Loop>& loops, const std::vector<int64_t>& kept);
  void fill(float* y, float value, int64_t count) const;

  const VectorKernels& vector_;
  int64_t total_;
  size_t registers_;
  std::vector<Operand> operands_;
  std::vector<Slotted> loops_;
  int64_t buffer_floats_ = 0;
};

/** The addresses of the operands of a step whose inputs are an expression's, which lie in its scratch memory during a run. */
class OperandAddresses {
 public:
  explicit OperandAddresses(const Step& step) : inputs_(step.inputs) {}

  size_t bytes() const { return round_to_lines(inputs_.size() * sizeof(float*)); }

  template <typename Run>
  void write(const Run& run, char* scratch) const {
    for (size_t i = 0; i < inputs_.size(); i++) reinterpret_cast<const float**>(scratch)[i] = run.template input<float>(inputs_[i]);
  }

  static const float* const* in(const char* scratch) { return reinterpret_cast<const float* const*>(scratch); }

 private:
  std::vector<Slot> inputs_;
};

}  // namespace gannet
