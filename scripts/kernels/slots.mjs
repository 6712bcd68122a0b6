// The issue slots that products spend beside their multiplications, counted in the machine code. A scheduler issues one instruction a
// cycle, so that slots per multiplication cap a loop's speed whatever else it waits for.
import { loopsOf } from './sass.mjs';

const PRODUCT =
  /(?:conv2d_\w+|matmul)_kernel<.*?Tile<(?<rows>\d+), (?<columns>\d+), (?<warpsM>\d+), (?<warpsN>\d+)>, .*?Precision\)(?<precision>\d), (?<vectorA>\d), \d>/;

const FLOAT32 = 0;
const TF32 = 1;
/** Elements of bfloat16 in a vector, by which kernels are known whose tiles hold them, 64 steps instead of 32. */
const EIGHTS = 8;

/** The tile whose loops are held to budgets, and the architectures on which they are. */
const LARGEST = { rows: 128, columns: 128 };
const HELD = [80, 86, 89, 90, 100];

/** Most slots per multiplication of the main loop and of its inner loop, by precision. */
const BUDGETS = { 0: { all: 1 / 0.7, inner: 1 / 0.8 }, 1: { all: 3.5 }, 2: { all: 3 } };

/** What a warp multiplies in one turn of the main loop, one stage: { operation, count }; undefined of kernels that are no products.
 *  @param name as C++ writes it */
export function multiplicationsOf(name) {
  const groups = PRODUCT.exec(name)?.groups;
  if (!groups) return undefined;
  const [rows, columns, warpsM, warpsN, precision, vectorA] = Object.values(groups).map(Number);
  const product = { precision, rows, columns };
  if (precision === FLOAT32) return { ...product, operation: 'FFMA', count: (rows * columns) / (warpsM * warpsN) };
  const fragments = (rows / warpsM / 16) * (columns / warpsN / 8);
  return { ...product, operation: 'HMMA', count: fragments * (precision === TF32 || vectorA === EIGHTS ? 4 : 2) };
}

/** Why a product spends more slots than its budget; an empty list is good. @param slots of slotsOf */
export function slotFaults(name, slots, architecture) {
  const product = multiplicationsOf(name);
  const isHeld = product?.rows === LARGEST.rows && product.columns === LARGEST.columns && HELD.includes(architecture);
  if (!isHeld) return [];
  if (!slots) return ['has no loop that multiplies a stage'];
  const budget = BUDGETS[product.precision];
  const faults = [];
  const expect = (found, limit, where) => {
    if (found > limit)
      faults.push(
        `issues ${found.toFixed(2)} instructions per ${product.operation} in ${where}; the budget is ${limit.toFixed(2)}`,
      );
  };
  expect(slots.all, budget.all, 'its main loop');
  if (budget.inner) expect(slots.inner, budget.inner, 'its inner loop');
  return faults;
}

/** Slots per multiplication of the main loop and of its inner loop, which are one where all steps of a stage are unrolled. Where paths
 *  fork, the longest counts. Undefined where nothing multiplies so, as for precisions that an architecture lacks. */
export function slotsOf(instructions, { operation, count }) {
  const loops = loopsOf(instructions);
  const multiplied = ({ first, last }) => {
    let found = 0;
    for (let i = first; i <= last; i++) if (instructions[i].operation === operation) found++;
    return found;
  };
  const density = (loop) => multiplied(loop) / sizeOf(loop);
  const inner = loops.sort((a, b) => density(b) - density(a))[0];
  if (!inner || count % multiplied(inner) !== 0) return undefined;
  const turns = count / multiplied(inner);
  const main = turns === 1 ? inner : loops.filter((loop) => contains(loop, inner)).sort(bySize)[0];
  if (!main) return undefined;
  const innerSlots = longestPath(instructions, inner);
  const repeated = turns === 1 ? 0 : (turns - 1) * innerSlots;
  return {
    all: (longestPath(instructions, main) + repeated) / count,
    inner: (innerSlots * turns) / count,
  };
}

const sizeOf = ({ first, last }) => last - first + 1;
const bySize = (a, b) => sizeOf(a) - sizeOf(b);
const contains = (outer, inner) =>
  outer.first <= inner.first && outer.last >= inner.last && sizeOf(outer) > sizeOf(inner);

/** Instructions of the longest way once through a loop. */
function longestPath(instructions, { first, last }) {
  const lengths = new Array(last - first + 2).fill(Number.NEGATIVE_INFINITY);
  const reach = (i, length) => {
    if (i > first && i <= last + 1) lengths[i - first] = Math.max(lengths[i - first], length);
  };
  lengths[0] = 0;
  for (let i = first; i <= last; i++) {
    const { target, always } = instructions[i];
    const length = lengths[i - first] + 1;
    const isBackward = target !== undefined && target <= i;
    if (target !== undefined && !isBackward) reach(target, length);
    if (!always || isBackward) reach(i + 1, length);
  }
  return lengths.at(-1);
}
