#include "packing.h"

#include <algorithm>

#include "cpu/memory.h"

namespace gannet {

namespace {

bool same_place(const Slot& a, const Slot& b) { return a.storage == b.storage && a.offset == b.offset && a.shape == b.shape; }

}  // namespace

std::shared_ptr<PackedFilter> PackedFilters::want(const Slot& source, const std::string& layout, size_t bytes,
                                                  std::function<void(const Run&, char* target)> pack) {
  for (const std::shared_ptr<PackedFilter>& filter : current_) {
    if (same_place(filter->source, source) && filter->layout == layout) {
      filter->last_step = step_;
      return filter;
    }
  }
  auto filter = std::make_shared<PackedFilter>(PackedFilter{source, layout, round_to_lines(bytes), std::move(pack), step_, step_});
  all_.push_back(filter);
  current_.push_back(filter);
  return filter;
}

void PackedFilters::end_step(const Step& step) {
  std::erase_if(current_, [&](const std::shared_ptr<PackedFilter>& filter) {
    const auto written = step.inputs.begin() + static_cast<std::ptrdiff_t>(step.overwritten());
    return step.output.overlaps(filter->source) ||
           std::any_of(step.inputs.begin(), written, [&](const Slot& slot) { return slot.overlaps(filter->source); });
  });
}

size_t PackedFilters::place() {
  size_t total = 0;
  std::vector<const PackedFilter*> placed;
  for (const std::shared_ptr<PackedFilter>& filter : all_) {
    // Filters come in the order of their first use, so only those that are still needed are in the way.
    std::erase_if(placed, [&](const PackedFilter* other) { return other->last_step < filter->first_step; });
    std::sort(placed.begin(), placed.end(), [](const auto* a, const auto* b) { return a->offset < b->offset; });
    size_t offset = 0;
    for (const PackedFilter* other : placed) {
      if (offset + filter->bytes <= other->offset) break;
      offset = other->offset + other->bytes;
    }
    filter->offset = offset;
    placed.push_back(filter.get());
    total = std::max(total, offset + filter->bytes);
  }
  return total;
}

std::vector<std::shared_ptr<PackedFilter>> PackedFilters::packed_before(size_t step) const {
  std::vector<std::shared_ptr<PackedFilter>> result;
  for (const std::shared_ptr<PackedFilter>& filter : all_) {
    if (filter->first_step == step) result.push_back(filter);
  }
  return result;
}

}  // namespace gannet
