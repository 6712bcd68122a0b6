#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "program.h"

namespace gannet {

struct Run;

/** A filter in the layout that a kernel wants. */
struct PackedFilter {
  Slot source;
  /** Filters of the same source and layout are shared. */
  std::string layout;
  size_t bytes;
  /** Packs `source` into its place. */
  std::function<void(const Run&, char* target)> pack;

  /** The steps between which it is needed, and its place in the device's memory for packed filters. */
  size_t first_step, last_step;
  size_t offset = 0;
};

/** The packed filters of one program. A filter is packed where it is first used and serves every later step until its source
 *  is overwritten. All of it is decided when the program is loaded. */
class PackedFilters {
 public:
  /** Steps must be begun in order. `step` overwrites its output (and what it updates) after its inputs were read. */
  void begin_step(size_t index) { step_ = index; }
  void end_step(const Step& step);

  /** The packed form of `source` for the current step. */
  std::shared_ptr<PackedFilter> want(const Slot& source, const std::string& layout, size_t bytes,
                                     std::function<void(const Run&, char* target)> pack);

  /** Gives every filter its place; those whose uses do not overlap in time share memory. Returns the bytes needed. */
  size_t place();

  /** The filters to pack just before a step. */
  std::vector<std::shared_ptr<PackedFilter>> packed_before(size_t step) const;

 private:
  size_t step_ = 0;
  std::vector<std::shared_ptr<PackedFilter>> all_;
  std::vector<std::shared_ptr<PackedFilter>> current_;
};

}  // namespace gannet
