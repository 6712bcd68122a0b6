import { cpus } from 'node:os';
import { type Device, openDevice } from '../device/index.ts';
import { resolveConfig } from '../models/index.ts';
import { timerDelay } from './event_loop.ts';
import { findPytorch, type PytorchResult, timePytorch } from './pytorch.ts';
import { createSgemmProbe } from './sgemm.ts';
import { type Spread, spreadOf } from './statistics.ts';
import { createStepProbe, type StepProbe, type StepTime } from './training_step.ts';

export interface BenchOptions {
  /** Images per step; 32 if not given. */
  readonly batch?: number | undefined;
  /** How often every competitor has its turn; 3 if not given. */
  readonly rounds?: number | undefined;
  /** Training steps in each turn; 3 if not given. */
  readonly steps?: number | undefined;
  readonly onProgress?: ((message: string) => void) | undefined;
}

/** The DCGAN's training step against the machine's own matrix product and against PyTorch, measured in turns in one run. */
export interface DcganBench {
  readonly machine: string;
  readonly batch: number;
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
  readonly pytorch?: PytorchResult & { readonly stepMs: Spread; readonly speedup: number };
  /** 99th percentile of a 10 ms timer's delay. */
  readonly timerDelayMs: { readonly idle: number; readonly training: number };
}

interface Round {
  readonly sgemm: number;
  readonly steps: readonly StepTime[];
  readonly pytorch?: PytorchResult;
}

const IDLE_MS = 3000;

/** Measures the full-size DCGAN step on the CPU. @throws DeviceError */
export async function benchDcgan({ batch = 32, rounds = 3, steps = 3, onProgress = () => {} }: BenchOptions = {}): Promise<DcganBench> {
  const device = openDevice('cpu');
  try {
    const sgemm = await createSgemmProbe(device);
    const probe = await createStepProbe(device, resolveConfig({ recipe: 'dcgan', batch }));
    const python = await findPytorch();
    if (!python) onProgress('PyTorch is left out: no Python with torch (apt-get install python3-torch libopenblas0-openmp)');
    const results: Round[] = [];
    for (let round = 1; round <= rounds; round++) {
      onProgress(`round ${round} of ${rounds}`);
      const measured = { sgemm: await sgemm(), steps: await repeat(steps, probe.measure) };
      const format = results[0]?.pytorch?.memoryFormat;
      const pytorch = python && (await timePytorch(python, { batch, steps, threads: cpus().length, format }));
      results.push({ ...measured, ...(pytorch && { pytorch }) });
    }
    onProgress('timers');
    const idle = await timerDelay(() => new Promise((resolve) => setTimeout(resolve, IDLE_MS)));
    const training = await timerDelay(async () => void (await repeat(steps, probe.measure)));
    return { ...evaluate(device, probe, results), batch, timerDelayMs: { idle, training } };
  } finally {
    device.close();
  }
}

async function repeat<T>(count: number, measure: () => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  for (let i = 0; i < count; i++) results.push(await measure());
  return results;
}

function evaluate(device: Device, { summary, workspaceBytes, crossings }: StepProbe, rounds: readonly Round[]) {
  const gflop = summary.flopsPerStep / 1e9;
  const medianMs = ({ steps }: Round) => spreadOf(steps.map(({ wallMs }) => wallMs)).median;
  const stepMs = spreadOf(rounds.flatMap(({ steps }) => steps.map(({ wallMs }) => wallMs)));
  const batch = summary.batch;
  const peers = rounds.flatMap(({ pytorch }) => pytorch ?? []);
  return {
    machine: device.description,
    sgemmGflops: spreadOf(rounds.map((round) => round.sgemm)),
    gannet: {
      stepMs,
      imagesPerSecond: (1000 * batch) / stepMs.median,
      gflops: (1000 * gflop) / stepMs.median,
      ofSgemm: spreadOf(rounds.map((round) => (1000 * gflop) / medianMs(round) / round.sgemm)).median,
      crossingsPerStep: crossings,
      outsideNative: spreadOf(rounds.flatMap(({ steps }) => steps.map(({ wallMs, nativeMs }) => 1 - nativeMs / wallMs))).median,
      arenaBytes: summary.arenaBytes,
      workspaceBytes,
      variableBytes: summary.variableBytes,
    },
    ...(peers[0] && {
      pytorch: {
        ...peers[0],
        peakRssBytes: Math.max(...peers.map(({ peakRssBytes }) => peakRssBytes)),
        stepMs: spreadOf(peers.map((peer) => peer.medianMs)),
        speedup: spreadOf(rounds.flatMap((round) => (round.pytorch ? [round.pytorch.medianMs / medianMs(round)] : []))).median,
      },
    }),
  };
}
