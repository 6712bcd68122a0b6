export { type Bench, type BenchOptions, bench } from './bench.ts';
export { type BenchCase, benchCases } from './cases.ts';
export type { PytorchBench, RecipeBench } from './recipe_bench.ts';
export { formatBench } from './report.ts';
