// What compiled kernels must look like.

/** Multiplications on tensor cores by the number of Precision (cuda/kernels.h) in a kernel's template arguments. */
const TENSOR_CORE_TYPES = { 1: 'tf32', 2: 'bf16' };

/** Architecture from which TF32, bfloat16 and cp.async exist. */
const AMPERE = 80;

const PRODUCT =
  /(conv2d_\w+|matmul)_kernel<(?<tile>[^>]*>), .*?\(.*?Precision\)(?<precision>\d), (?<vectorA>\d), (?<vectorB>\d)>/;

/** Whether a kernel is one of those that training spends its time in: all but the tiny ones that count or advance. */
export const isHot = (name) => !/advance_random/.test(name);

/** What the PTX of one kernel lacks or has too much of; an empty list is good. */
export function ptxFaults(name, body, architecture) {
  const faults = [];
  const expect = (present, fault) => present || faults.push(fault);
  if (isHot(name)) expect(!/\.local\b/.test(body), 'keeps an array in local memory');
  const product = PRODUCT.exec(name)?.groups;
  if (!product || architecture < AMPERE) return faults;
  const type = TENSOR_CORE_TYPES[product.precision];
  if (type) expect(new RegExp(`mma\\.sync\\S*\\.${type}`).test(body), `has no mma.sync of ${type}`);
  expect(/cp\.async/.test(body), 'has no cp.async');
  if (product.vectorA !== '1')
    expect(/cp\.async\.c[ga]\.shared\.global\S* \[\S+\], \[\S+\], (16|0x10)/.test(body), 'copies nothing in 16 bytes');
  return faults;
}

/** Each product keeps this many blocks on a multiprocessor, or this share of its threads. */
const FEWEST_BLOCKS = 2;
const LOWEST_OCCUPANCY = 0.25;

/** Whether a kernel is one of the products, whose occupancy is held to a target. */
export const isProduct = (name) => PRODUCT.test(name);

/** Why figures are worse than the budget, the committed ones; an empty list is good. */
export function resourceFaults(name, { registers, spills, shared, dynamic, blocks, occupancy }, budget) {
  const faults = [];
  if (blocks < FEWEST_BLOCKS && occupancy < LOWEST_OCCUPANCY)
    faults.push(
      `leaves room for ${blocks} blocks on a multiprocessor, ${100 * occupancy} % of its threads; the target is ${FEWEST_BLOCKS}, or ${100 * LOWEST_OCCUPANCY} %`,
    );
  // A tile that the launchers never choose on an architecture may spill there: too large for its shared memory, or of a type it lacks.
  const runs = !isProduct(name) || dynamic !== undefined;
  if (isHot(name) && runs && spills > 0) faults.push(`spills ${spills} bytes`);
  if (!budget) return [...faults, 'is not in the table: run with --update'];
  if (registers > budget.registers)
    faults.push(`uses ${registers} registers, more than the ${budget.registers} of the table`);
  if (shared > budget.shared)
    faults.push(`has ${shared} bytes of static shared memory, more than the ${budget.shared} of the table`);
  return faults;
}
