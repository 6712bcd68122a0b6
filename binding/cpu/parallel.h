#pragma once

#include <omp.h>

#include <algorithm>
#include <cstdint>

namespace gannet {

/** A half-open range of work items. */
struct Range {
  int64_t begin, end;
};

/** The part of `count` items that falls to one of several threads. */
inline Range share_of(int64_t count, int thread, int threads) { return {count * thread / threads, count * (thread + 1) / threads}; }

/** Elements below which waking other threads costs more than it saves. */
inline constexpr int64_t kWorthThreads = int64_t{64} * 1024;

/** Calls body(thread, range) so that the ranges cover `items`. `work`, roughly in elements, decides whether threads help.
 *  The body must not throw. */
template <typename Body>
void parallel_for(int threads, int64_t items, int64_t work, Body body) {
  if (threads <= 1 || items <= 1 || work < kWorthThreads) {
    body(0, Range{0, items});
    return;
  }
#pragma omp parallel num_threads(threads)
  {
    const Range range = share_of(items, omp_get_thread_num(), omp_get_num_threads());
    if (range.begin < range.end) body(omp_get_thread_num(), range);
  }
}

/** Calls body(thread, item) for every item, the next one whenever a thread is free; for few, large items. */
template <typename Body>
void parallel_items(int threads, int64_t items, Body body) {
#pragma omp parallel for schedule(dynamic) num_threads(threads) if (threads > 1)
  for (int64_t item = 0; item < items; item++) body(omp_get_thread_num(), item);
}

}  // namespace gannet
