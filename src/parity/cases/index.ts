import type { Case } from './case.ts';
import { elementwiseCases, fusedCases } from './elementwise.ts';
import { lookupCases, movementCases } from './movement.ts';
import { networkCases } from './networks.ts';
import { normCases } from './norms.ts';
import { similarityCases } from './similarity.ts';
import { updateCases } from './updates.ts';
import { windowCases } from './windows.ts';

export type { Case, InputSpec } from './case.ts';
export { inputValues } from './case.ts';
export { largeCases } from './large.ts';

/** Every op with every shape and attribute worth checking: the one table behind tests, parity and benchmarks. */
export const cases: readonly Case[] = [
  ...elementwiseCases,
  ...fusedCases,
  ...movementCases,
  ...lookupCases,
  ...windowCases,
  ...normCases,
  ...similarityCases,
  ...networkCases,
  ...updateCases,
];
