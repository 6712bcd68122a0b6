export { type BenchOptions, bench, PEERS } from './bench.ts';
export { drawBench } from './chart.ts';
export { replaceMeasured } from './docs.ts';
export { formatScaling, measureScaling, type Scaling, type ScalingOptions } from './ranks/scaling.ts';
export { formatBench } from './report.ts';
export { type Bench, benchSchema, parseBench } from './result.ts';
export { FEWEST_ROUNDS } from './statistics.ts';
