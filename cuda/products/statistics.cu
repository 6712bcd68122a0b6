#include "products/launch_product.cuh"
#include "reductions/reduce_columns.cuh"

// The host's side of statistics (statistics.cuh), and statistics of products whose reduction is split. There the launch that adds up the
// product's partial sums is a reduction over the columns of the result, and it writes the result as well.
namespace gannet::kernels {

/** A source of reduce_columns_kernel. It adds up the partial sums of each element in ascending order, writes the element, and gives what
 *  the statistic accumulates of it. */
template <typename Statistic, Values kStored>
struct PartialsSource {
  struct Code {
    void* result;                        // (elements)
    const float* __restrict__ partials;  // (splits, elements)
    int64_t elements;
    int splits;
    /** Whether the result and the partial sums of every split begin at multiples of 16 bytes. */
    bool aligned;
    StatisticsCode statistics;
  };
  static constexpr int kValues = Statistic::kValues;

  static __device__ __forceinline__ void evaluate(const Code& code, float*, unsigned first, int count, float4 (&values)[kValues]) {
    float4 sums = make_float4(0.f, 0.f, 0.f, 0.f);
#pragma unroll 1
    for (int partial = 0; partial < code.splits; partial++) {
      const float4 four = load_vector(code.partials + partial * code.elements, first, count, code.aligned);
      sums.x += four.x, sums.y += four.y, sums.z += four.z, sums.w += four.w;
    }
    store_result<kStored>(code.result, code.statistics.result, first, sums, count, code.aligned);
    Statistic::template evaluate<kStored>(code.statistics, sums, first, count, values);
  }
};

namespace {

/** The reduction with its workspace, which lies behind the product's own. */
ReduceArgs reduction_of(const Statistics& statistics, const ProductConfig& config, float* workspace) {
  ReduceArgs reduction = statistics.reduction;
  reduction.workspace = reinterpret_cast<char*>(workspace) + config.workspace_bytes;
  return reduction;
}

/** How many partial results the blocks write: one for each tile of rows and each repetition of the channels along the columns. */
unsigned partials_of(const Statistics& statistics, const ProductConfig& config, int columns) {
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
  return sizeof(float) * partials_of(statistics, config, columns) * fields_of(reduction) * static_cast<unsigned>(reduction.inner);
}

StatisticsCode encode(const Statistics& statistics, Element result, const ProductConfig& config, int columns, float* workspace) {
  const ReduceArgs reduction = reduction_of(statistics, config, workspace);
  const unsigned elements = static_cast<unsigned>(reduction.reduced) * static_cast<unsigned>(reduction.inner);
  StatisticsCode code{};
  code.number = TakenStatistics::number_of(statistics);
  code.result = result;
  code.partials = static_cast<float*>(reduction.workspace);
  code.channels = make_divider(static_cast<unsigned>(reduction.inner));
  code.repeats = static_cast<unsigned>(columns / reduction.inner);
  encode(reduction.expression, elements, code.operands, code.values);
  return code;
}

namespace {

/** The first launch of sum_partials. */
template <Values kStored>
void sum_and_reduce(const Resulting& result, float* partials, const ReduceArgs& reduction, const StatisticsCode& code, const Plan& plan,
                    int splits, cudaStream_t stream) {
  const bool aligned = result.elements % 4 == 0 && is_aligned_16(result.data) && is_aligned_16(partials);
  TakenStatistics::visit_on_host(code.number, [&]<typename Statistic>(Statistic) {
    launch_columns<PartialsSource<Statistic, kStored>, typename Statistic::Accumulator>(
        {result.data, partials, result.elements, splits, aligned, code}, reduction, plan, kReduceThreads, 0, stream);
  });
}

}  // namespace

void sum_partials(const Resulting& result, float* partials, const Statistics& statistics, const ProductConfig& config, int columns,
                  cudaStream_t stream) {
  const ReduceArgs reduction = reduction_of(statistics, config, partials);
  const StatisticsCode code = encode(statistics, result.element, config, columns, partials);
  const Plan plan = plan_of(reduction);
  const auto first = result.values == Values::kMixed ? sum_and_reduce<Values::kMixed> : sum_and_reduce<Values::kFloat32>;
  first(result, partials, reduction, code, plan, config.splits, stream);
  if (plan.splits > 1) combine_partials(reduction, plan.splits, stream);
}

void combine_statistics(const Statistics& statistics, const ProductConfig& config, int columns, float* workspace, cudaStream_t stream) {
  combine_partials(reduction_of(statistics, config, workspace), partials_of(statistics, config, columns), stream);
}

}  // namespace gannet::kernels
