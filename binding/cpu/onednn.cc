#include "onednn.h"

#include <algorithm>
#include <cstdlib>

#include "error.h"

namespace gannet {

std::string OneDnn::layout_name(const dnnl::memory::desc& desc) {
  auto found = std::find(layouts_.begin(), layouts_.end(), desc);
  if (found == layouts_.end()) found = layouts_.insert(found, desc);
  return text("layout ", found - layouts_.begin());
}

dnnl::primitive_attr user_scratchpad() {
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attributes;
}

namespace {

bool is_set(const char* variable) {
  const char* value = std::getenv(variable);
  return value && *value;
}

}  // namespace

void limit_onednn(InstructionSet most) {
  if (most == InstructionSet::kAvx512 || is_set("ONEDNN_MAX_CPU_ISA") || is_set("DNNL_MAX_CPU_ISA")) return;
  dnnl::set_max_cpu_isa(most == InstructionSet::kAvx2 ? dnnl::cpu_isa::avx2 : dnnl::cpu_isa::sse41);
}

std::string onednn_version() {
  const dnnl_version_t& version = *dnnl::version();
  return text(version.major, ".", version.minor, ".", version.patch);
}

std::string onednn_isa() {
#if defined(__x86_64__)
  switch (dnnl::get_effective_cpu_isa()) {
    case dnnl::cpu_isa::sse41: return "sse41";
    case dnnl::cpu_isa::avx: return "avx";
    case dnnl::cpu_isa::avx2: return "avx2";
    case dnnl::cpu_isa::avx2_vnni: return "avx2_vnni";
    case dnnl::cpu_isa::avx512_core: return "avx512_core";
    case dnnl::cpu_isa::avx512_core_vnni: return "avx512_core_vnni";
    case dnnl::cpu_isa::avx512_core_bf16: return "avx512_core_bf16";
    case dnnl::cpu_isa::avx512_core_amx: return "avx512_core_amx";
    default: return "other";
  }
#else
  return "native";
#endif
}

bool is_out_of_memory(const dnnl::error& error) { return error.status == dnnl_out_of_memory; }

}  // namespace gannet
