import { cpus } from 'node:os';
import { openDevice } from '../device/index.ts';
import { resolveConfig } from '../models/index.ts';
import type { BenchCase } from './cases.ts';
import { type PytorchResult, timePytorch } from './pytorch.ts';
import { createSgemmProbe } from './sgemm.ts';
import { type Spread, spreadOf } from './statistics.ts';
import { createStepProbe, type StepProbe, type StepTime } from './training_step.ts';

/** A recipe's training step at its published widths against the machine's own matrix product and against PyTorch, measured in
 *  turns in one run. */
export interface RecipeBench {
  readonly recipe: string;
  /** Pixels. */
  readonly size: number;
  /** Images per update. */
  readonly batch: number;
  /** Operations of one step's convolutions and matrix products, 1 multiply-add = 2. */
  readonly flopsPerStep: number;
  /** Real images that one step takes in. */
  readonly imagesPerStep: number;
  readonly sgemmGflops: Spread;
  readonly gannet: {
    readonly stepMs: Spread;
    readonly imagesPerSecond: number;
    readonly gflops: number;
    /** Against the SGEMM rate of the same round, median. */
    readonly ofSgemm: number;
    readonly crossingsPerStep: number;
    /** Part of a step's time outside native code, median. */
    readonly outsideNative: number;
    readonly arenaBytes: number;
    readonly workspaceBytes: number;
    readonly variableBytes: number;
  };
  /** Absent where no Python with torch is installed. */
  readonly pytorch?: PytorchBench;
}

export interface PytorchBench extends Omit<PytorchResult, 'imagesPerSecond' | 'medianMs'> {
  readonly stepMs: Spread;
  readonly imagesPerSecond: number;
  readonly gflops: number;
  /** How many times PyTorch's images per second gannet reaches, by round. */
  readonly speedup: Spread;
}

export interface RecipeBenchOptions {
  readonly rounds: number;
  /** The interpreter that can import torch. */
  readonly python?: string | undefined;
  readonly onProgress: (message: string) => void;
}

interface Round {
  readonly sgemm: number;
  readonly steps: readonly StepTime[];
  readonly pytorch?: PytorchResult;
}

/** Measures one recipe's full-size step on the CPU. @throws DeviceError */
export async function benchRecipe(
  { recipe, batch, steps, script }: BenchCase,
  { rounds, python, onProgress }: RecipeBenchOptions,
): Promise<RecipeBench> {
  const device = openDevice('cpu');
  try {
    const config = resolveConfig({ recipe, batch });
    const [sgemm, probe] = [await createSgemmProbe(device), await createStepProbe(device, config)];
    const results: Round[] = [];
    for (let round = 1; round <= rounds; round++) {
      onProgress(`${recipe}, batch ${batch}: round ${round} of ${rounds}`);
      const measured = { sgemm: await sgemm(), steps: await repeat(steps, probe.measure) };
      const format = results[0]?.pytorch?.memoryFormat;
      const pytorch = python && (await timePytorch(python, { script, batch, steps, threads: cpus().length, format }));
      results.push({ ...measured, ...(pytorch && { pytorch }) });
    }
    return { recipe, size: config.size, batch, ...evaluate(probe, results) };
  } finally {
    device.close();
  }
}

/** Lets `use` run a case's training step. */
export async function withStep<T>(
  { recipe, batch }: BenchCase,
  use: (step: () => Promise<unknown>) => Promise<T>,
): Promise<T> {
  const device = openDevice('cpu');
  try {
    return await use((await createStepProbe(device, resolveConfig({ recipe, batch }))).measure);
  } finally {
    device.close();
  }
}

async function repeat<T>(count: number, measure: () => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  for (let i = 0; i < count; i++) results.push(await measure());
  return results;
}

const medianMs = ({ steps }: Round): number => spreadOf(steps.map(({ wallMs }) => wallMs)).median;

function evaluate({ summary, imagesPerStep, crossings, ...memory }: StepProbe, rounds: readonly Round[]) {
  const { flopsPerStep } = summary;
  const times = rounds.flatMap(({ steps }) => steps);
  const stepMs = spreadOf(times.map(({ wallMs }) => wallMs));
  const rates = (ms: number) => ({ imagesPerSecond: (1000 * imagesPerStep) / ms, gflops: flopsPerStep / ms / 1e6 });
  const pytorch = evaluatePytorch(rounds);
  return {
    flopsPerStep,
    imagesPerStep,
    sgemmGflops: spreadOf(rounds.map((round) => round.sgemm)),
    gannet: {
      stepMs,
      ...rates(stepMs.median),
      ofSgemm: spreadOf(rounds.map((round) => flopsPerStep / medianMs(round) / 1e6 / round.sgemm)).median,
      crossingsPerStep: crossings,
      outsideNative: spreadOf(times.map(({ wallMs, nativeMs }) => 1 - nativeMs / wallMs)).median,
      arenaBytes: memory.arenaBytes,
      workspaceBytes: memory.workspaceBytes,
      variableBytes: summary.variableBytes,
    },
    ...(pytorch && { pytorch: { ...pytorch, ...rates(pytorch.stepMs.median) } }),
  };
}

function evaluatePytorch(rounds: readonly Round[]) {
  const peers = rounds.flatMap(({ pytorch }) => pytorch ?? []);
  if (!peers[0]) return undefined;
  const { imagesPerSecond: _, medianMs: __, ...about } = peers[0];
  return {
    ...about,
    peakRssBytes: Math.max(...peers.map(({ peakRssBytes }) => peakRssBytes)),
    stepMs: spreadOf(peers.map((peer) => peer.medianMs)),
    speedup: spreadOf(rounds.flatMap((round) => (round.pytorch ? [round.pytorch.medianMs / medianMs(round)] : []))),
  };
}
