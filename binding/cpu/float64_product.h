#pragma once

#include <cstdint>

namespace gannet {

/** c [rows,columns] += a [rows,depth] b^T, b [columns,depth], all dense, in float64. The sums do not depend on the number of threads.
 *  Several threads may call it at once, each for a c of its own. @throws Error `out_of_memory` */
void add_product(double* c, const double* a, const double* b, int64_t rows, int64_t columns, int64_t depth);

}  // namespace gannet
