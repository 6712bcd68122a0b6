#include "cpu/onednn_winograd.h"

#include <algorithm>

#include "cpu/memory.h"
#include "cpu/onednn_convolution.h"
#include "cpu/parallel.h"

namespace gannet {

namespace {

using dnnl::memory;

/** Numbers of an image or result that are worked on at once: transformed, they take several times as much, and shall stay in the cache. */
constexpr int64_t kNumbersAtOnce = 1 << 20;
/** For a filter gradient: its sums over images are transformed back once for all of them. */
constexpr int64_t kNumbersPerSum = 1 << 21;
constexpr int64_t kFewestChannels = 64;
/** Pixels of the batch below which transforming the filter would cost more than it saves. */
constexpr int64_t kFewestPixels = 2048;

/** The most images that divide the batch and hold at most `numbers`. */
int64_t images_at_once(const WindowGeometry& g, int64_t numbers) {
  const int64_t image = std::max(g.h * g.w * g.c, g.p * g.q * g.k);
  int64_t images = std::clamp<int64_t>(numbers / image, 1, g.n);
  while (g.n % images != 0) images--;
  return images;
}

WindowGeometry with_images(WindowGeometry g, int64_t images) {
  g.n = images;
  return g;
}

Convolution convolution_of(const WindowGeometry& g) { return {g, dnnl::algorithm::convolution_winograd, memory::format_tag::any}; }

/** A few images in the order of the algorithm, in the workspace, and the way from or to their own order. */
class Staged {
 public:
  Staged(const OneDnn& dnn, const memory::desc& blocked, size_t& workspace)
      : blocked_(blocked),
        plain_(describe(dimensions(blocked), memory::format_tag::nhwc)),
        enter_(dnnl::reorder::primitive_desc(dnn.engine, plain_, dnn.engine, blocked_)),
        leave_(dnnl::reorder::primitive_desc(dnn.engine, blocked_, dnn.engine, plain_)),
        offset_(workspace) {
    workspace += round_to_lines(blocked.get_size());
  }

  memory get(const OneDnn& dnn, const Run& run) const { return dnn.memory(blocked_, run.workspace + offset_); }

  /** The images with this number, counted in groups. */
  memory load(const OneDnn& dnn, const Run& run, const float* images, int64_t group) const {
    memory from = dnn.memory(plain_, images + group * floats()), to = get(dnn, run);
    enter_.execute(dnn.stream, from, to);
    return to;
  }

  void store(const OneDnn& dnn, const Run& run, float* images, int64_t group) const {
    memory from = get(dnn, run), to = dnn.memory(plain_, images + group * floats());
    leave_.execute(dnn.stream, from, to);
  }

 private:
  int64_t floats() const { return static_cast<int64_t>(plain_.get_size() / sizeof(float)); }

  memory::desc blocked_, plain_;
  dnnl::reorder enter_, leave_;
  size_t offset_;
};

/** Room for what a primitive needs while it runs. */
class Scratch {
 public:
  Scratch(const memory::desc& desc, size_t& workspace) : desc_(desc), offset_(workspace) { workspace += round_to_lines(desc.get_size()); }

  memory get(const OneDnn& dnn, const Run& run) const { return dnn.memory(desc_, run.workspace + offset_); }

 private:
  memory::desc desc_;
  size_t offset_;
};

/** What a primitive that turns images into others, through a filter, calls them. */
struct Arguments {
  int from, to;
};

/** The convolution or its input gradient: `from` and `to` are orders of images, `filter` that of the filter. */
template <typename Primitive>
Kernel through_filter(const Step& step, Build& build, const typename Primitive::primitive_desc& desc, const memory::desc& from_desc,
                      const memory::desc& to_desc, const FilterInput& filter, Arguments arguments) {
  OneDnn& dnn = build.dnn;
  const int64_t groups = step.output.shape[0] / dimensions(to_desc)[0];
  size_t workspace = 0;
  const Staged from(dnn, from_desc, workspace), to(dnn, to_desc, workspace);
  const Scratch scratch(desc.scratchpad_desc(), workspace);
  return {[&dnn, step, groups, from, to, scratch, filter, arguments, primitive = Primitive(desc)](const Run& run) {
            for (int64_t group = 0; group < groups; group++) {
              primitive.execute(dnn.stream, {{arguments.from, from.load(dnn, run, run.input<float>(step.inputs[0]), group)},
                                             {DNNL_ARG_WEIGHTS, filter.get(dnn, run)},
                                             {arguments.to, to.get(dnn, run)},
                                             {DNNL_ARG_SCRATCHPAD, scratch.get(dnn, run)}});
              to.store(dnn, run, run.output<float>(step.output), group);
            }
          },
          workspace};
}

Kernel forward(const Step& step, Build& build, const WindowGeometry& g) {
  const Convolution convolution = convolution_of(with_images(g, images_at_once(g, kNumbersAtOnce)));
  const auto desc = convolution.forward(build.dnn);
  const FilterInput filter(step.inputs[1], convolution.plain_filter, desc.weights_desc(), build);
  return through_filter<dnnl::convolution_forward>(step, build, desc, desc.src_desc(), desc.dst_desc(), filter,
                                                   {DNNL_ARG_SRC, DNNL_ARG_DST});
}

Kernel input_gradient(const Step& step, Build& build, const WindowGeometry& g) {
  const Convolution convolution = convolution_of(with_images(g, images_at_once(g, kNumbersAtOnce)));
  const auto desc = convolution.input_gradient(build.dnn);
  const FilterInput filter(step.inputs[1], convolution.plain_filter, desc.weights_desc(), build);
  return through_filter<dnnl::convolution_backward_data>(step, build, desc, desc.diff_dst_desc(), desc.diff_src_desc(), filter,
                                                         {DNNL_ARG_DIFF_DST, DNNL_ARG_DIFF_SRC});
}

Kernel filter_gradient(const Step& step, Build& build, const WindowGeometry& g) {
  OneDnn& dnn = build.dnn;
  const int64_t images = images_at_once(g, kNumbersPerSum), groups = g.n / images;
  const Convolution convolution = convolution_of(with_images(g, images));
  const auto desc = convolution.filter_gradient(dnn);
  const memory::desc produced = desc.diff_weights_desc(), plain = convolution.plain_filter;
  size_t workspace = 0;
  const Staged image(dnn, desc.src_desc(), workspace), result(dnn, desc.diff_dst_desc(), workspace);
  const Scratch scratch(desc.scratchpad_desc(), workspace), sum(produced, workspace), part(produced, workspace);
  const dnnl::reorder finish(dnnl::reorder::primitive_desc(dnn.engine, produced, dnn.engine, plain));
  const auto add = [&vector = build.vector, count = static_cast<int64_t>(produced.get_size() / sizeof(float))](
                       const Run& run, const memory& to, const memory& from) {
    float* target = static_cast<float*>(to.get_data_handle());
    const float* added = static_cast<const float*>(from.get_data_handle());
    parallel_for(run.threads, count, count,
                 [&](int, Range range) { vector.add_to(target + range.begin, added + range.begin, range.end - range.begin); });
  };
  return {[&dnn, step, groups, image, result, scratch, sum, part, finish, add, plain,
           primitive = dnnl::convolution_backward_weights(desc)](const Run& run) {
            for (int64_t group = 0; group < groups; group++) {
              const Scratch& target = group == 0 ? sum : part;
              primitive.execute(dnn.stream, {{DNNL_ARG_SRC, image.load(dnn, run, run.input<float>(step.inputs[0]), group)},
                                             {DNNL_ARG_DIFF_DST, result.load(dnn, run, run.input<float>(step.inputs[1]), group)},
                                             {DNNL_ARG_DIFF_WEIGHTS, target.get(dnn, run)},
                                             {DNNL_ARG_SCRATCHPAD, scratch.get(dnn, run)}});
              if (group > 0) add(run, sum.get(dnn, run), part.get(dnn, run));
            }
            memory from = sum.get(dnn, run), to = dnn.memory(plain, run.output<float>(step.output));
            finish.execute(dnn.stream, from, to);
          },
          workspace};
}

/** Whether the transforms are few beside the products. */
bool suits(const WindowGeometry& g) {
  const bool dense = g.r == 3 && g.s == 3 && g.stride_h == 1 && g.stride_w == 1;
  return dense && std::min(g.c, g.k) >= kFewestChannels && g.n * g.p * g.q >= kFewestPixels;
}

}  // namespace

std::optional<Kernel> onednn_winograd(const Step& step, Build& build) {
  const WindowGeometry g = convolution_geometry(step);
  if (!suits(g)) return std::nullopt;
  try {
    if (step.op == Op::kConv2d) return forward(step, build, g);
    return step.op == Op::kConv2dInputGradient ? input_gradient(step, build, g) : filter_gradient(step, build, g);
  } catch (const dnnl::error& error) {
    if (error.status == dnnl_unimplemented) return std::nullopt;
    throw;
  }
}

}  // namespace gannet
