#include "products/launch_product.cuh"
#include "reductions/reduce_columns.cuh"

// The host's side of statistics (products/statistics.cuh), and those of products whose reduction is split: the launch that sums the parts of
// the product is then a reduction over the columns of its result, which it writes on the way.
namespace gannet::kernels {

/** Elements of a result as the sums of their parts in ascending order; each is written, and then seen by a statistic. */
template <typename Statistic, Values kStored>
struct PartsSource {
  struct Code {
    void* result;                     // (elements)
    const float* __restrict__ parts;  // (splits, elements)
    int64_t elements;
    int splits;
    /** Whether the result and every part are multiples of 16 bytes. */
    bool aligned;
    StatisticsCode statistics;
  };
  static constexpr int kValues = Statistic::kValues;

  static __device__ __forceinline__ void evaluate(const Code& code, float*, unsigned first, int count, float4 (&values)[kValues]) {
    float4 sums = make_float4(0.f, 0.f, 0.f, 0.f);
#pragma unroll 1
    for (int part = 0; part < code.splits; part++) {
      const float4 four = load_vector(code.parts + part * code.elements, first, count, code.aligned);
      sums.x += four.x, sums.y += four.y, sums.z += four.z, sums.w += four.w;
    }
    store_result<kStored>(code.result, code.statistics.result, first, sums, count, code.aligned);
    Statistic::template evaluate<kStored>(code.statistics, sums, first, count, values);
  }
};

namespace {

/** The reduction with its workspace, which lies behind that of the product. */
ReduceArgs reduction_of(const Statistics& statistics, const ProductConfig& config, float* workspace) {
  ReduceArgs reduction = statistics.reduction;
  reduction.workspace = reinterpret_cast<char*>(workspace) + config.workspace_bytes;
  return reduction;
}

/** What the blocks of a product find: a part for every tile of rows, and for every repetition of the channels along its columns. */
unsigned parts_of(const Statistics& statistics, const ProductConfig& config, int columns) {
  return static_cast<unsigned>(config.row_blocks) * static_cast<unsigned>(columns / statistics.reduction.inner);
}

}  // namespace

bool is_supported(const Statistics& statistics, int columns) {
  const ReduceArgs& reduction = statistics.reduction;
  return reduction.outer == 1 && reduction.inner > 1 && columns % reduction.inner == 0 && TakenStatistics::number_of(statistics) > 0;
}

size_t statistics_workspace_bytes(const Statistics& statistics, const ProductConfig& config, int columns) {
  const ReduceArgs& reduction = statistics.reduction;
  if (config.splits > 1) return reduce_workspace_bytes(reduction);
  return sizeof(float) * parts_of(statistics, config, columns) * fields_of(reduction) * static_cast<unsigned>(reduction.inner);
}

StatisticsCode encode(const Statistics& statistics, Element result, const ProductConfig& config, int columns, float* workspace) {
  const ReduceArgs reduction = reduction_of(statistics, config, workspace);
  const Expression& expression = reduction.expression;
  const unsigned elements = static_cast<unsigned>(reduction.reduced) * static_cast<unsigned>(reduction.inner);
  StatisticsCode code{};
  code.number = TakenStatistics::number_of(statistics);
  code.result = result;
  code.parts = static_cast<float*>(reduction.workspace);
  code.channels = make_divider(static_cast<unsigned>(reduction.inner));
  code.repeats = static_cast<unsigned>(columns / reduction.inner);
  for (int i = 0; i < expression.operand_count; i++) code.operands[i] = make_operand(expression, i, expression.access[i], elements);
  for (int i = 0; i < expression.instruction_count; i++) code.values[i] = expression.instructions[i].value;
  return code;
}

namespace {

/** The first launch of sum_parts. */
template <Values kStored>
void sum_and_reduce(const Resulting& result, float* parts, const ReduceArgs& reduction, const StatisticsCode& code, const Plan& plan,
                    int splits, cudaStream_t stream) {
  const bool aligned = result.elements % 4 == 0 && is_aligned_16(result.data) && is_aligned_16(parts);
  TakenStatistics::visit_on_host(code.number, [&]<typename Statistic>(Statistic) {
    launch_columns<PartsSource<Statistic, kStored>, typename Statistic::Accumulator>(
        {result.data, parts, result.elements, splits, aligned, code}, reduction, plan, kReduceThreads, 0, stream);
  });
}

}  // namespace

void sum_parts(const Resulting& result, float* parts, const Statistics& statistics, const ProductConfig& config, int columns,
               cudaStream_t stream) {
  const ReduceArgs reduction = reduction_of(statistics, config, parts);
  const StatisticsCode code = encode(statistics, result.element, config, columns, parts);
  const Plan plan = plan_of(reduction);
  const auto first = result.values == Values::kMixed ? sum_and_reduce<Values::kMixed> : sum_and_reduce<Values::kFloat32>;
  first(result, parts, reduction, code, plan, config.splits, stream);
  if (plan.splits > 1) combine_parts(reduction, plan.splits, stream);
}

void combine_statistics(const Statistics& statistics, const ProductConfig& config, int columns, float* workspace, cudaStream_t stream) {
  combine_parts(reduction_of(statistics, config, workspace), parts_of(statistics, config, columns), stream);
}

}  // namespace gannet::kernels
