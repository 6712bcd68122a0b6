#include "taps.h"

#include <algorithm>

namespace gannet {

namespace {

/** Cuts `order` into groups; `partners[tap][pixel]` is the pixel read, or -1. */
std::vector<PixelGroup> make_groups(const std::vector<int32_t>& order, const std::vector<std::vector<int32_t>>& partners, size_t size) {
  std::vector<PixelGroup> groups;
  for (size_t first = 0; first < order.size(); first += size) {
    PixelGroup group;
    group.pixels.assign(order.begin() + static_cast<std::ptrdiff_t>(first),
                        order.begin() + static_cast<std::ptrdiff_t>(std::min(order.size(), first + size)));
    for (const std::vector<int32_t>& partner : partners) {
      std::vector<int32_t> reads;
      for (const int32_t pixel : group.pixels) reads.push_back(partner[static_cast<size_t>(pixel)]);
      group.reads.push_back(std::move(reads));
    }
    groups.push_back(std::move(group));
  }
  return groups;
}

}  // namespace

std::vector<std::vector<PixelPair>> pairs_of_taps(const WindowGeometry& g) {
  std::vector<std::vector<PixelPair>> pairs;
  for (int64_t tap = 0; tap < g.r * g.s; tap++) {
    std::vector<PixelPair> joined;
    for (int64_t pixel = 0; pixel < g.p * g.q; pixel++) {
      const int64_t h = pixel / g.q * g.stride_h - g.top + tap / g.s;
      const int64_t w = pixel % g.q * g.stride_w - g.left + tap % g.s;
      if (h < 0 || h >= g.h || w < 0 || w >= g.w) continue;
      joined.push_back({static_cast<int32_t>(h * g.w + w), static_cast<int32_t>(pixel)});
    }
    pairs.push_back(std::move(joined));
  }
  return pairs;
}

std::vector<PixelGroup> group_result_pixels(const WindowGeometry& g, int64_t size) {
  std::vector<std::vector<int32_t>> partners;
  for (const std::vector<PixelPair>& pairs : pairs_of_taps(g)) {
    std::vector<int32_t> partner(static_cast<size_t>(g.p * g.q), -1);
    for (const PixelPair& pair : pairs) partner[static_cast<size_t>(pair.result)] = pair.image;
    partners.push_back(std::move(partner));
  }
  std::vector<int32_t> order;
  for (int64_t pixel = 0; pixel < g.p * g.q; pixel++) order.push_back(static_cast<int32_t>(pixel));
  return make_groups(order, partners, static_cast<size_t>(size));
}

std::vector<PixelGroup> group_image_pixels(const WindowGeometry& g, int64_t size) {
  std::vector<std::vector<int32_t>> partners;
  for (const std::vector<PixelPair>& pairs : pairs_of_taps(g)) {
    std::vector<int32_t> partner(static_cast<size_t>(g.h * g.w), -1);
    for (const PixelPair& pair : pairs) partner[static_cast<size_t>(pair.image)] = pair.result;
    partners.push_back(std::move(partner));
  }
  std::vector<int32_t> order;
  // Phases beyond the image have no pixels.
  const int64_t phases_h = std::min(g.stride_h, g.h), phases_w = std::min(g.stride_w, g.w);
  for (int64_t phase = 0; phase < phases_h * phases_w; phase++) {
    for (int64_t h = phase / phases_w; h < g.h; h += g.stride_h) {
      for (int64_t w = phase % phases_w; w < g.w; w += g.stride_w) order.push_back(static_cast<int32_t>(h * g.w + w));
    }
  }
  return make_groups(order, partners, static_cast<size_t>(size));
}

}  // namespace gannet
