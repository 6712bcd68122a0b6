#include "cpu/onednn_convolution.h"

namespace gannet {

FilterInput::FilterInput(const Slot& slot, const dnnl::memory::desc& plain, const dnnl::memory::desc& wanted, Build& build)
    : slot_(slot), wanted_(wanted) {
  if (plain == wanted) return;
  OneDnn& dnn = build.dnn;
  const dnnl::reorder reorder(dnnl::reorder::primitive_desc(dnn.engine, plain, dnn.engine, wanted));
  packed_ = build.packed.want(slot, dnn.layout_name(wanted), wanted.get_size(),
                              [&dnn, slot, plain, wanted, reorder](const Run& run, char* target) {
                                dnnl::memory from = dnn.memory(plain, run.input<float>(slot)), to = dnn.memory(wanted, target);
                                reorder.execute(dnn.stream, from, to);
                              });
}

dnnl::memory FilterInput::get(const OneDnn& dnn, const Run& run) const {
  return packed_ ? dnn.memory(wanted_, run.packed + packed_->offset) : dnn.memory(wanted_, run.input<float>(slot_));
}

}  // namespace gannet
