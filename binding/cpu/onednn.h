#pragma once

#include <dnnl.hpp>
#include <string>
#include <vector>

#include "cpu/instruction_set.h"
#include "op_rules.h"

namespace gannet {

/** oneDNN's state of one device: everything runs in order on the device's thread. Primitives are created with the number of
 *  threads that OpenMP has there. */
struct OneDnn {
  dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream{engine};

  dnnl::memory memory(const dnnl::memory::desc& desc, const void* data) const {
    return dnnl::memory(desc, engine, const_cast<void*>(data));
  }

  /** The same name for equal layouts, and for those only, as long as the device is open. */
  std::string layout_name(const dnnl::memory::desc& desc);

 private:
  std::vector<dnnl::memory::desc> layouts_;
};

/** The dimensions of a layout. */
inline dnnl::memory::dims dimensions(const dnnl::memory::desc& desc) {
#if DNNL_VERSION_MAJOR >= 3
  return desc.get_dims();
#else
  return desc.dims();
#endif
}

/** Scratch memory comes from the device's workspace. */
dnnl::primitive_attr user_scratchpad();

/** Keeps oneDNN to an instruction set, unless one of its own environment variables says what it may use. It must not have been used
 *  before: it then goes on as it is, as does one that was built without this choice. */
void limit_onednn(InstructionSet most);

/** Version and the instruction set that it really uses, for listing the device. */
std::string onednn_version();
std::string onednn_isa();

/** Whether an exception says that oneDNN found no memory. */
bool is_out_of_memory(const dnnl::error& error);

}  // namespace gannet
