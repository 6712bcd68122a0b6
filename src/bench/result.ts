import { z } from 'zod';
import { ConfigError } from '../errors.ts';

export const spreadSchema = z.strictObject({ median: z.number(), lower: z.number(), upper: z.number() });
/** How many times as fast one side is as the other; `told` says whether the two can be told apart. */
export const ratioSchema = z.strictObject({ ...spreadSchema.shape, told: z.boolean() });
/** Where something was measured, and with what. */
export const machineSchema = z.strictObject({
  processor: z.string(),
  cores: z.number(),
  memoryBytes: z.number(),
  device: z.strictObject({ kind: z.string(), description: z.string(), precision: z.string() }),
  versions: z.record(z.string(), z.string()),
});

const entry = z.strictObject({
  contestant: z.enum(['gannet', 'pytorch', 'tfjs']),
  /** Of one run. */
  ms: spreadSchema,
  /** How many times as long as gannet it took in the same round; `told` says whether the two can be told apart. */
  ratio: ratioSchema.optional(),
  details: z.record(z.string(), z.number()).optional(),
  /** The forms that it was made ready in, of which the fastest was measured; `ms` of one run then, or why it could not be. */
  forms: z
    .array(z.strictObject({ name: z.string(), ms: z.number().optional(), problem: z.string().optional() }))
    .optional(),
});

const result = z.strictObject({
  /** What it belongs to, and which of that it is. */
  group: z.string(),
  name: z.string(),
  kind: z.enum(['op', 'step']),
  size: z.enum(['published', 'small']),
  rounds: z.number(),
  shape: z.string(),
  /** That one run takes in; 0 where there are none. */
  images: z.number(),
  /** Of convolutions and matrix products, 1 multiply-add = 2. */
  flops: z.number(),
  /** That one run must at least read and write. */
  bytes: z.number().optional(),
  /** The least time that the machine's own rates in the same round allow, by the time that gannet took. */
  ofRoofline: spreadSchema,
  /** gannet first. */
  entries: z.array(entry).min(1),
});

/** What `gannet bench --json` writes. */
export const benchSchema = z.strictObject({
  machine: machineSchema,
  /** Running processes, averaged over the minute before. */
  loadBefore: z.number(),
  seconds: z.number(),
  /** The peers that took part, named. */
  peers: z.strictObject({ pytorch: z.string().optional(), tfjs: z.string().optional() }),
  /** What the device reached at best, over all rounds: its own product of square matrices, and its own copy. */
  roofline: z.strictObject({ gflops: spreadSchema, gbps: spreadSchema }),
  results: z.array(result),
});

/** What a benchmark measured. */
export type Bench = z.infer<typeof benchSchema>;
/** One case at one size. */
export type BenchResult = z.infer<typeof result>;
export type BenchEntry = z.infer<typeof entry>;
export type Peer = Exclude<BenchEntry['contestant'], 'gannet'>;

/** Reads what `gannet bench --json` wrote. @param path for messages @throws ConfigError `bench_file` */
export function parseBench(text: string, path: string): Bench {
  try {
    return benchSchema.parse(JSON.parse(text));
  } catch (cause) {
    const problem = cause instanceof z.ZodError ? z.prettifyError(cause) : (cause as Error).message;
    throw new ConfigError('bench_file', `${path}: expected what \`gannet bench --json\` writes: ${problem}`, { cause });
  }
}
