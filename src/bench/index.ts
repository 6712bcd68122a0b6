export { type BenchOptions, bench, PEERS } from './bench.ts';
export { formatBench } from './report.ts';
export { type Bench, benchSchema } from './result.ts';
export { FEWEST_ROUNDS } from './statistics.ts';
