import { BFLOAT16_ELEMENTS, type Bfloat16Storage } from '../graph/bfloat16.ts';
import { BYTES_PER_ELEMENT, elements } from '../tensor/shape.ts';
import { loadAddon } from './addon.ts';
import type { DeviceKind } from './device.ts';
import { callAddon } from './native_error.ts';

/** How a kind of device keeps values as bfloat16, which the addon is asked for: its kernels decide which operands they can read so. */
export const bfloat16Storage = (
  kind: Exclude<DeviceKind, 'tfjs'>,
  fewestElements = BFLOAT16_ELEMENTS,
): Bfloat16Storage => ({
  fewestElements,
  operandsOf: ({ op, attributes, inputs, shape, dtype, scope }) => {
    const operands = inputs.map((input, i) => ({ name: `${i}`, shape: input.shape, dtype: input.dtype }));
    const step = {
      op,
      attributes,
      inputs: operands.map((operand, i) => ({ ...operand, storage: 'feed' as const, offset: i })),
      output: { storage: 'arena' as const, offset: 0, shape, dtype },
      scope,
    };
    const program = {
      name: op,
      arenaBytes: elements(shape) * BYTES_PER_ELEMENT,
      feeds: operands,
      variables: [],
      outputs: [],
      steps: [step],
    };
    return callAddon(() => loadAddon().bfloat16Operands(kind, program))[0] ?? [];
  },
});
