// How many blocks of each product kernel a multiprocessor holds: from the compiler's figures and the shared memory that the launchers
// ask for, which the addon's simulator notes without running anything.
import { register } from 'tsx/esm/api';

register();
const { ARCHITECTURES, residentBlocks } = await import('../../src/device/gpus.ts');
const { loadAddon } = await import('../../src/device/addon.ts');

/** Sizes from those that small tiles suit to those that fill a GPU with large ones; some are multiples of 4. */
const SIZES = [4, 7, 64, 65, 256, 258, 1024];
const BATCHES = [1, 16, 128];
const MULTIPROCESSORS = 100;

/** The most dynamic shared memory that any launch of each product kernel asks for on an architecture, by mangled name. */
export function dynamicSharedBytes(architecture) {
  const gpu = { ...ARCHITECTURES[architecture], multiprocessors: MULTIPROCESSORS };
  const precisions = architecture >= 80 ? ['float32', 'tf32', 'bfloat16'] : ['float32'];
  const steps = [...matmuls(), ...convolutions()];
  const most = new Map();
  for (const precision of precisions) {
    const all = precision === 'bfloat16' ? [...steps, ...withBfloat16(steps)] : steps;
    for (const { symbol, sharedBytes } of loadAddon().planLaunches({ ...empty, steps: all }, { ...gpu, precision })) {
      most.set(symbol, Math.max(most.get(symbol) ?? 0, sharedBytes));
    }
  }
  return most;
}

/** Blocks that a multiprocessor holds at once, and the share of its threads that they fill. */
export function occupancyOf({ threads, registers, sharedBytes }, architecture) {
  const blocks = residentBlocks({ threads, registers, sharedBytes }, ARCHITECTURES[architecture]);
  return { blocks, occupancy: (blocks * threads) / ARCHITECTURES[architecture].threadsPerMultiprocessor };
}

const empty = { name: 'every product', arenaBytes: 2 ** 40, feeds: [], variables: [], outputs: [], steps: [] };
/** Places that no tensor here is too large for. */
const place = (shape, index) => ({ storage: 'arena', offset: index * 2 ** 36, shape, dtype: 'float32' });
const step = (op, attributes, inputs, shape) => ({
  op,
  attributes,
  inputs: inputs.map((input, i) => place(input, i + 1)),
  output: place(shape, 0),
  scope: '',
});

/** The products that read bfloat16, with as many operands kept so as their kernels take. */
function withBfloat16(products) {
  const operands = loadAddon().bfloat16Operands('simt', { ...empty, steps: products });
  return products.flatMap(({ inputs, ...product }, i) => {
    if (!operands[i].some(Boolean)) return [];
    return [{ ...product, inputs: inputs.map((slot, j) => (operands[i][j] ? { ...slot, dtype: 'bfloat16' } : slot)) }];
  });
}

function* matmuls() {
  for (const transposeA of [false, true]) {
    for (const transposeB of [false, true]) {
      for (const rows of SIZES) {
        for (const columns of [...SIZES, 16384]) {
          const a = transposeA ? [256, rows] : [rows, 256];
          const b = transposeB ? [columns, 256] : [256, columns];
          yield step('matmul', { transposeA, transposeB }, [a, b], [rows, columns]);
        }
      }
    }
  }
}

function* convolutions() {
  const window = { stride: [1, 1], padding: [1, 1, 1, 1] };
  for (const n of BATCHES) {
    for (const c of [3, ...SIZES]) {
      for (const k of [3, ...SIZES]) {
        const [x, w, y] = [
          [n, 16, 16, c],
          [k, 3, 3, c],
          [n, 16, 16, k],
        ];
        yield step('conv2d', window, [x, w], y);
        yield step('conv2dInputGradient', { ...window, inputSize: [16, 16] }, [y, w], x);
        yield step('conv2dFilterGradient', { ...window, filterSize: [3, 3] }, [x, y], w);
      }
    }
  }
}
