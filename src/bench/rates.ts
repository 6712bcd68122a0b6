import type { BenchEntry, BenchResult } from './result.ts';

/** How contestants are written. */
export const NAMES: Record<BenchEntry['contestant'], string> = { gannet: 'gannet', pytorch: 'PyTorch', tfjs: 'tfjs' };

/** What a time means for a case: operations, bytes and images per second, where the case has them. */
export interface CaseRates {
  readonly gflops?: number;
  readonly gbps?: number;
  readonly imagesPerSecond?: number;
}

/** @param ms of one run */
export const ratesAt = (
  { kind, flops, bytes, images }: Pick<BenchResult, 'kind' | 'flops' | 'bytes' | 'images'>,
  ms: number,
): CaseRates => ({
  ...(flops > 0 && { gflops: flops / ms / 1e6 }),
  ...(bytes !== undefined && { gbps: bytes / ms / 1e6 }),
  ...(kind === 'step' && { imagesPerSecond: (1000 * images) / ms }),
});

/** Three digits, without exponents: 0.0123, 1.23, 12.3, 123, 1234. */
export function threeDigits(value: number): string {
  if (value === 0) return '0';
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(Math.min(digits, 6));
}
