#pragma once

#include <cstddef>

namespace gannet::simt {

/** cp.async as late as the rules allow: the target is poisoned now and written when await_copies asks for its group. */
void issue_copy(void* shared, const void* global, size_t bytes, bool valid);
void commit_copies();
void await_copies(int pending);

}  // namespace gannet::simt
