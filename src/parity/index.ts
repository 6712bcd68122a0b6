export type { Deviation } from '../oracle/compare.ts';
export { PRODUCT_PRECISIONS, type ProductPrecision } from '../oracle/tolerance.ts';
export type { Order, ParityResult } from './judge.ts';
export { explain, type JunitReport, junitXml } from './junit.ts';
export { DEFAULT_BUDGET_SECONDS, type ParityEvent, type ParityOptions, parity } from './parity.ts';
export { OPPONENTS, type Opponent, type SideDescription } from './sides.ts';
export type { ParityRow, ParitySummary } from './summary.ts';
export type { TrialChoice } from './trial.ts';
