#pragma once

#include <cstdint>
#include <vector>

#include "op_rules.h"

// A convolution seen as matrix products, one for each tap (r, s) of the window: which pixels of the image and of the result
// does a tap join? Pixels in the padding take part in none, so no work is spent on them.
namespace gannet {

/** Pixels that are computed together. */
struct PixelGroup {
  std::vector<int32_t> pixels;
  /** reads[tap][i]: the pixel that contributes to pixels[i] through the tap, or -1. */
  std::vector<std::vector<int32_t>> reads;
};

/** Groups of up to `size` pixels of the result, with the image pixels they read. */
std::vector<PixelGroup> group_result_pixels(const WindowGeometry& g, int64_t size);

/** Groups of up to `size` pixels of the image, with the result pixels they read in the transposed convolution. Pixels that use
 *  the same taps stand together. */
std::vector<PixelGroup> group_image_pixels(const WindowGeometry& g, int64_t size);

/** A pixel of the image and the pixel of the result that a tap joins. */
struct PixelPair {
  int32_t image, result;
};

/** Per tap, every pair of pixels that it joins, by ascending result. */
std::vector<std::vector<PixelPair>> pairs_of_taps(const WindowGeometry& g);

}  // namespace gannet
