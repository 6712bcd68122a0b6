#pragma once

#include <memory>
#include <string>

#include "cpu/kernel.h"

namespace gannet {

/** A tensor of four axes in a given order in memory. */
inline dnnl::memory::desc describe(const dnnl::memory::dims& dims, dnnl::memory::format_tag tag) {
  return {dims, dnnl::memory::data_type::f32, tag};
}

/** oneDNN's view of a convolution of images in their own order: logical NCHW and OIHW, in memory NHWC and OHWI. */
class Convolution {
 public:
  using Tag = dnnl::memory::format_tag;

  explicit Convolution(const WindowGeometry& g)
      : plain_filter(describe({g.k, g.c, g.r, g.s}, Tag::ohwi)),
        image_(describe({g.n, g.c, g.h, g.w}, Tag::nhwc)),
        result_(describe({g.n, g.k, g.p, g.q}, Tag::nhwc)),
        filter_(describe({g.k, g.c, g.r, g.s}, Tag::any)),
        strides_{g.stride_h, g.stride_w},
        before_{g.top, g.left},
        after_{g.bottom, g.right} {}

  const dnnl::memory::desc plain_filter;

  dnnl::convolution_forward::primitive_desc forward(const OneDnn& dnn) const {
#if DNNL_VERSION_MAJOR >= 3
    return {dnn.engine, dnnl::prop_kind::forward_training, kDirect, image_, filter_, result_, strides_, before_, after_, user_scratchpad()};
#else
    return {
        {dnnl::prop_kind::forward_training, kDirect, image_, filter_, result_, strides_, before_, after_}, user_scratchpad(), dnn.engine};
#endif
  }

  dnnl::convolution_backward_data::primitive_desc input_gradient(const OneDnn& dnn) const {
    return gradient<dnnl::convolution_backward_data>(dnn);
  }

  dnnl::convolution_backward_weights::primitive_desc filter_gradient(const OneDnn& dnn) const {
    return gradient<dnnl::convolution_backward_weights>(dnn);
  }

 private:
  template <typename Primitive>
  typename Primitive::primitive_desc gradient(const OneDnn& dnn) const {
#if DNNL_VERSION_MAJOR >= 3
    return {dnn.engine, kDirect, image_, filter_, result_, strides_, before_, after_, forward(dnn), user_scratchpad()};
#else
    return {{kDirect, image_, filter_, result_, strides_, before_, after_}, user_scratchpad(), dnn.engine, forward(dnn)};
#endif
  }

  static constexpr dnnl::algorithm kDirect = dnnl::algorithm::convolution_direct;

  dnnl::memory::desc image_, result_, filter_;
  dnnl::memory::dims strides_, before_, after_;
};

/** A filter that is read: packed once into the layout wanted, or used as it is. */
class FilterInput {
 public:
  FilterInput(const Slot& slot, const dnnl::memory::desc& plain, const dnnl::memory::desc& wanted, Build& build);

  dnnl::memory get(const OneDnn& dnn, const Run& run) const;

 private:
  Slot slot_;
  dnnl::memory::desc wanted_;
  std::shared_ptr<PackedFilter> packed_;
};

}  // namespace gannet
