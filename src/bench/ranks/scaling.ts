import { cpus, loadavg } from 'node:os';
import { z } from 'zod';
import { imageShapeOf } from '../../config/index.ts';
import { openDevice } from '../../device/index.ts';
import { ConfigError } from '../../errors.ts';
import { resolveConfig } from '../../models/index.ts';
import { describeMachine, formatMachine } from '../machine.ts';
import { formatRatio } from '../report.ts';
import { machineSchema, ratioSchema, spreadSchema } from '../result.ts';
import { compare, spreadOf } from '../statistics.ts';
import { takeTurns } from '../turns.ts';
import { expectMpirun, type Layout, Processes } from './processes.ts';

/** What is measured of several processes. */
export interface ScalingOptions {
  /** Processes that share a step out. */
  readonly ranks: number;
  /** dcgan-digits if not given. */
  readonly recipe?: string | undefined;
  /** Images of a step on one process; the recipe's own if not given. */
  readonly batch?: number | undefined;
  /** How often each has its turn. */
  readonly rounds?: number | undefined;
  readonly onProgress?: ((message: string) => void) | undefined;
}

const row = z.strictObject({
  processes: z.number(),
  /** Of each process. */
  threads: z.number(),
  /** Images of all processes together. */
  batch: z.number(),
  /** Of a step. */
  ms: spreadSchema,
});

/** What `gannet bench --ranks --json` writes. */
export const scalingSchema = z.strictObject({
  machine: machineSchema,
  /** Running processes, averaged over the minute before and after. */
  loadBefore: z.number(),
  loadAfter: z.number(),
  seconds: z.number(),
  recipe: z.string(),
  size: z.number(),
  rounds: z.number(),
  rows: z.array(row),
  /** How many times as fast several processes are as one with as many threads in all, at the same batch. */
  besideThreads: ratioSchema,
  /** How many times as fast they are as one process with the threads of one of them, at the same batch. */
  strong: ratioSchema,
  /** The time of that process with its batch, by theirs with a batch for each: 1 is perfect. */
  weak: ratioSchema,
});

/** Strong and weak scaling of a recipe's training step, as measured. */
export type Scaling = z.infer<typeof scalingSchema>;

const RECIPE = 'dcgan-digits';
const ROUNDS = 7;
const TURN_MS = 200;

/** Times a recipe's training step on one and on several processes of the CPU, in turns within one run.
 *  @throws ConfigError bench_ranks; DeviceError mpirun_missing, bench_ranks_failed */
export async function measureScaling(options: ScalingOptions): Promise<Scaling> {
  const { ranks, recipe = RECIPE, rounds = ROUNDS, onProgress = () => {} } = options;
  const config = resolveConfig({ recipe, ...(options.batch !== undefined && { batch: options.batch }) });
  const { batch } = config;
  expectSharable(ranks, batch);
  expectMpirun();
  const threads = Math.max(1, Math.floor(cpus().length / ranks));
  const loadBefore = loadavg()[0] as number;
  const started = performance.now();
  const batches = [batch, ranks * batch];
  const layouts = {
    single: { processes: 1, threads },
    threaded: { processes: 1, threads: ranks * threads },
    several: { processes: ranks, threads },
  } satisfies Record<string, Layout>;
  const open = new Map(
    Object.entries(layouts).map(([name, layout]) => [name, new Processes(layout, { recipe, batches })]),
  );
  try {
    const contestants = Object.entries(CONTESTANTS).map(([name, { layout, isScaled }]) => {
      const steps = open.get(layout)?.stepsOf(isScaled ? ranks * batch : batch);
      return [name as Name, steps as NonNullable<typeof steps>] as const;
    });
    onProgress(`${recipe}, ${batch} images: ${contestants.length} ways to take a step, in turns, ${rounds} rounds`);
    const times = await takeTurns(new Map(contestants), {
      rounds,
      turnMs: TURN_MS,
      budgetMs: Number.POSITIVE_INFINITY,
    });
    const msOf = (name: Name): number[] => times.get(name) as number[];
    return {
      machine: describeCpu(),
      loadBefore,
      loadAfter: loadavg()[0] as number,
      seconds: (performance.now() - started) / 1000,
      recipe,
      // Every recipe is of squares by itself.
      size: imageShapeOf(config)[0],
      rounds,
      rows: contestants.map(([name]) => ({
        ...layouts[CONTESTANTS[name].layout],
        batch: CONTESTANTS[name].isScaled ? ranks * batch : batch,
        ms: spreadOf(msOf(name)),
      })),
      besideThreads: compare(msOf('several'), msOf('threaded')),
      strong: compare(msOf('several'), msOf('single')),
      weak: compare(msOf('severalScaled'), msOf('single')),
    };
  } finally {
    for (const processes of open.values()) processes.close();
  }
}

const CONTESTANTS = {
  single: { layout: 'single', isScaled: false },
  threaded: { layout: 'threaded', isScaled: false },
  several: { layout: 'several', isScaled: false },
  threadedScaled: { layout: 'threaded', isScaled: true },
  severalScaled: { layout: 'several', isScaled: true },
} as const;

type Name = keyof typeof CONTESTANTS;

function describeCpu(): Scaling['machine'] {
  const device = openDevice('cpu');
  try {
    return describeMachine(device, 'float32');
  } finally {
    device.close();
  }
}

/** @throws ConfigError bench_ranks */
function expectSharable(ranks: number, batch: number): void {
  if (ranks >= 2 && batch % ranks === 0) return;
  throw new ConfigError(
    'bench_ranks',
    `--ranks: expected 2 or more processes that ${batch} images can be shared out evenly among, but received ${ranks}. Choose another number, or another --batch`,
  );
}

/** Scaling as Markdown: where it was measured, a table of times, and what follows from them. */
export function formatScaling(scaling: Scaling): string {
  const { machine, recipe, size, rows, rounds, loadBefore, loadAfter, besideThreads, strong, weak } = scaling;
  const { processes, threads } = rows.find((found) => found.processes > 1) as Scaling['rows'][0];
  const cells = rows.map(({ ms, ...how }) => {
    const { median, lower, upper } = ms;
    const rate = ((1000 * how.batch) / median).toFixed(0);
    return `| ${how.processes} x ${how.threads} | ${how.batch} | ${median.toFixed(1)} (${lower.toFixed(1)} to ${upper.toFixed(1)}) | ${rate} |`;
  });
  return [
    `${formatMachine(machine)}. Steps of ${recipe}, ${size}x${size}; medians and quartiles of ${rounds} rounds in turns, at a load of ${loadBefore.toFixed(1)} before and ${loadAfter.toFixed(1)} behind.`,
    '',
    '| processes x threads | images | ms | images/s |',
    '| --- | --- | --- | --- |',
    ...cells,
    '',
    `- Beside one process of ${processes * threads} threads, ${processes} processes: ${timesAsFast(besideThreads)}.`,
    `- Strong scaling, beside one process of ${threads} threads: ${timesAsFast(strong)}; ${processes} at best.`,
    `- Weak scaling: ${formatRatio(weak)} of that process's time for its batch, by theirs for one each; 1 at best.`,
  ].join('\n');
}

const timesAsFast = (ratio: Scaling['strong']): string =>
  ratio.told ? `${formatRatio(ratio)} times as fast` : formatRatio(ratio);
