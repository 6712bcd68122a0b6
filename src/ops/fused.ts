import { madeBy } from './leaves.ts';
import { op } from './op.ts';

/** Ops that only the fusion pass makes; it runs after gradients were taken. */
export const fusedOps = {
  elementwise: op('elementwise', { result: madeBy('the fusion pass'), gradient: 'none' }),
  reduce: op('reduce', { result: madeBy('the fusion pass'), gradient: 'none' }),
  reduceSums: op('reduceSums', { result: madeBy('the fusion pass'), gradient: 'none' }),
  reduceMoments: op('reduceMoments', { result: madeBy('the fusion pass'), gradient: 'none' }),
};
