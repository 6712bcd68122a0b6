export { type BenchOptions, benchDcgan, type DcganBench } from './dcgan.ts';
export { formatBench } from './report.ts';
