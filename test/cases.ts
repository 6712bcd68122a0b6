import type { Case } from './cases/case.ts';
import { elementwiseCases, fusedCases } from './cases/elementwise.ts';
import { lookupCases, movementCases } from './cases/movement.ts';
import { networkCases } from './cases/networks.ts';
import { updateCases } from './cases/updates.ts';
import { windowCases } from './cases/windows.ts';

export type { Case, InputSpec } from './cases/case.ts';
export { inputValues } from './cases/case.ts';
export { largeCases } from './cases/large.ts';

/** Every op with every shape and attribute worth checking: the one table behind tests, parity and benchmarks. */
export const cases: readonly Case[] = [
  ...elementwiseCases,
  ...fusedCases,
  ...movementCases,
  ...lookupCases,
  ...windowCases,
  ...networkCases,
  ...updateCases,
];
