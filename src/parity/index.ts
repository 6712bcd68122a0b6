export type { Deviation } from './compare.ts';
export type { Order, ParityResult } from './judge.ts';
export { explain, type JunitReport, junitXml } from './junit.ts';
export { DEFAULT_BUDGET_SECONDS, type ParityEvent, type ParityOptions, parity } from './parity.ts';
export { OPPONENTS, type Opponent, type SideDescription } from './sides.ts';
export type { ParityRow, ParitySummary } from './summary.ts';
export { PRODUCT_PRECISIONS, type ProductPrecision } from './tolerance.ts';
