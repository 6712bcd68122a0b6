#include <memory>

#include "cpu/kernel.h"
#include "cpu/few_channels.h"
#include "cpu/memory.h"
#include "cpu/onednn_convolution.h"
#include "cpu/tap_convolution.h"
#include "cpu/winograd.h"

namespace gannet {

namespace {

using dnnl::memory;

Kernel conv2d(const Step& step, Build& build) {
  const Convolution convolution(convolution_geometry(step));
  OneDnn& dnn = build.dnn;
  const auto desc = convolution.forward(dnn);
  const FilterInput filter(step.inputs[1], convolution.plain_filter, desc.weights_desc(), build);
  return {[&dnn, step, desc, filter, primitive = dnnl::convolution_forward(desc)](const Run& run) {
            primitive.execute(dnn.stream, {{DNNL_ARG_SRC, dnn.memory(desc.src_desc(), run.input<float>(step.inputs[0]))},
                                           {DNNL_ARG_WEIGHTS, filter.get(dnn, run)},
                                           {DNNL_ARG_DST, dnn.memory(desc.dst_desc(), run.output<float>(step.output))},
                                           {DNNL_ARG_SCRATCHPAD, dnn.memory(desc.scratchpad_desc(), run.workspace)}});
          },
          desc.scratchpad_desc().get_size()};
}

Kernel conv2d_input_gradient(const Step& step, Build& build) {
  const Convolution convolution(convolution_geometry(step));
  OneDnn& dnn = build.dnn;
  const auto desc = convolution.input_gradient(dnn);
  const FilterInput filter(step.inputs[1], convolution.plain_filter, desc.weights_desc(), build);
  return {[&dnn, step, desc, filter, primitive = dnnl::convolution_backward_data(desc)](const Run& run) {
            primitive.execute(dnn.stream, {{DNNL_ARG_DIFF_DST, dnn.memory(desc.diff_dst_desc(), run.input<float>(step.inputs[0]))},
                                           {DNNL_ARG_WEIGHTS, filter.get(dnn, run)},
                                           {DNNL_ARG_DIFF_SRC, dnn.memory(desc.diff_src_desc(), run.output<float>(step.output))},
                                           {DNNL_ARG_SCRATCHPAD, dnn.memory(desc.scratchpad_desc(), run.workspace)}});
          },
          desc.scratchpad_desc().get_size()};
}

Kernel conv2d_filter_gradient(const Step& step, Build& build) {
  const Convolution convolution(convolution_geometry(step));
  OneDnn& dnn = build.dnn;
  const auto desc = convolution.filter_gradient(dnn);
  const memory::desc produced = desc.diff_weights_desc(), plain = convolution.plain_filter;
  const bool in_place = produced == plain;
  const dnnl::reorder reorder(dnnl::reorder::primitive_desc(dnn.engine, produced, dnn.engine, plain));
  const size_t scratch = round_to_lines(desc.scratchpad_desc().get_size());
  return {[&dnn, step, desc, produced, plain, in_place, reorder, scratch,
           primitive = dnnl::convolution_backward_weights(desc)](const Run& run) {
            float* y = run.output<float>(step.output);
            memory gradient = dnn.memory(produced, in_place ? y : reinterpret_cast<float*>(run.workspace + scratch));
            primitive.execute(dnn.stream, {{DNNL_ARG_SRC, dnn.memory(desc.src_desc(), run.input<float>(step.inputs[0]))},
                                           {DNNL_ARG_DIFF_DST, dnn.memory(desc.diff_dst_desc(), run.input<float>(step.inputs[1]))},
                                           {DNNL_ARG_DIFF_WEIGHTS, gradient},
                                           {DNNL_ARG_SCRATCHPAD, dnn.memory(desc.scratchpad_desc(), run.workspace)}});
            memory target = dnn.memory(plain, y);
            if (!in_place) reorder.execute(dnn.stream, gradient, target);
          },
          scratch + (in_place ? 0 : produced.get_size())};
}

using Special = std::optional<Kernel> (*)(const Step&, Build&);

/** The products by taps or another special case where they suit, oneDNN elsewhere. The shapes alone decide, so that every run
 *  gives the same bits. */
template <KernelFactory onednn, Special... specials>
Kernel fastest(const Step& step, Build& build) {
  for (const Special special : {specials...}) {
    if (std::optional<Kernel> kernel = special(step, build)) return *kernel;
  }
  return onednn(step, build);
}

}  // namespace

void add_convolution_kernels(KernelTable& table) {
  table[Op::kConv2d] = fastest<conv2d, winograd, tap_convolution, few_filters_forward>;
  table[Op::kConv2dInputGradient] = fastest<conv2d_input_gradient, winograd, tap_convolution, few_channels_input_gradient>;
  table[Op::kConv2dFilterGradient] = fastest<conv2d_filter_gradient, winograd, tap_convolution, few_filters_filter_gradient>;
}

}  // namespace gannet
