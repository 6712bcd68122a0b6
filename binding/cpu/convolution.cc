#include <memory>

#include "cpu/kernel.h"
#include "cpu/few_channels.h"
#include "cpu/memory.h"
#include "cpu/tap_convolution.h"

namespace gannet {

namespace {

using dnnl::memory;
using Tag = memory::format_tag;

memory::desc describe(const memory::dims& dims, Tag tag) { return {dims, memory::data_type::f32, tag}; }

/** oneDNN's view of a convolution: logical NCHW and OIHW, whatever the order in memory. */
struct Convolution {
  memory::desc image, result;
  memory::desc plain_filter, free_filter;
  memory::dims strides, before, after;

  explicit Convolution(const WindowGeometry& g)
      : image(describe({g.n, g.c, g.h, g.w}, Tag::nhwc)),
        result(describe({g.n, g.k, g.p, g.q}, Tag::nhwc)),
        plain_filter(describe({g.k, g.c, g.r, g.s}, Tag::ohwi)),
        free_filter(describe({g.k, g.c, g.r, g.s}, Tag::any)),
        strides{g.stride_h, g.stride_w},
        before{g.top, g.left},
        after{g.bottom, g.right} {}

  dnnl::convolution_forward::primitive_desc forward(const OneDnn& dnn) const {
    return {{dnnl::prop_kind::forward_training, dnnl::algorithm::convolution_direct, image, free_filter, result, strides, before, after},
            user_scratchpad(), dnn.engine};
  }

  dnnl::convolution_backward_data::primitive_desc input_gradient(const OneDnn& dnn) const {
    return {{dnnl::algorithm::convolution_direct, image, free_filter, result, strides, before, after}, user_scratchpad(), dnn.engine, forward(dnn)};
  }

  dnnl::convolution_backward_weights::primitive_desc filter_gradient(const OneDnn& dnn) const {
    return {{dnnl::algorithm::convolution_direct, image, free_filter, result, strides, before, after}, user_scratchpad(), dnn.engine, forward(dnn)};
  }
};

std::string layout_name(const memory::desc& desc) { return {reinterpret_cast<const char*>(&desc.data), sizeof(desc.data)}; }

/** A filter that is read: packed once into the layout wanted, or used as it is. */
class FilterInput {
 public:
  FilterInput(const Slot& slot, const memory::desc& plain, const memory::desc& wanted, Build& build) : slot_(slot), wanted_(wanted) {
    if (plain == wanted) return;
    OneDnn& dnn = build.dnn;
    const dnnl::reorder reorder(dnnl::reorder::primitive_desc(dnn.engine, plain, dnn.engine, wanted));
    packed_ = build.packed.want(slot, layout_name(wanted), wanted.get_size(), [&dnn, slot, plain, wanted, reorder](const Run& run, char* target) {
      memory from = dnn.memory(plain, run.input<float>(slot)), to = dnn.memory(wanted, target);
      reorder.execute(dnn.stream, from, to);
    });
  }

  memory get(const OneDnn& dnn, const Run& run) const {
    return packed_ ? dnn.memory(wanted_, run.packed + packed_->offset) : dnn.memory(wanted_, run.input<float>(slot_));
  }

 private:
  Slot slot_;
  memory::desc wanted_;
  std::shared_ptr<PackedFilter> packed_;
};

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
  const bool direct = produced == plain;
  const dnnl::reorder reorder(dnnl::reorder::primitive_desc(dnn.engine, produced, dnn.engine, plain));
  const size_t scratch = round_to_lines(desc.scratchpad_desc().get_size());
  return {[&dnn, step, desc, produced, plain, direct, reorder, scratch, primitive = dnnl::convolution_backward_weights(desc)](const Run& run) {
            float* y = run.output<float>(step.output);
            memory gradient = dnn.memory(produced, direct ? y : reinterpret_cast<float*>(run.workspace + scratch));
            primitive.execute(dnn.stream, {{DNNL_ARG_SRC, dnn.memory(desc.src_desc(), run.input<float>(step.inputs[0]))},
                                           {DNNL_ARG_DIFF_DST, dnn.memory(desc.diff_dst_desc(), run.input<float>(step.inputs[1]))},
                                           {DNNL_ARG_DIFF_WEIGHTS, gradient},
                                           {DNNL_ARG_SCRATCHPAD, dnn.memory(desc.scratchpad_desc(), run.workspace)}});
            memory target = dnn.memory(plain, y);
            if (!direct) reorder.execute(dnn.stream, gradient, target);
          },
          scratch + (direct ? 0 : produced.get_size())};
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
  table["conv2d"] = fastest<conv2d, tap_convolution>;
  table["conv2dInputGradient"] = fastest<conv2d_input_gradient, tap_convolution, few_channels_input_gradient>;
  table["conv2dFilterGradient"] = fastest<conv2d_filter_gradient, tap_convolution>;
}

}  // namespace gannet
