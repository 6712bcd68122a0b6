import type { Call, Device, RunResult } from '../device/index.ts';
import type { Config } from '../models/index.ts';
import { elements } from '../tensor/shape.ts';
import { createModel, type ModelSummary, summarize, TrainingSession } from '../train/index.ts';

/** One timed training step. */
export interface StepTime {
  /** From asking for the step to having its losses. */
  readonly wallMs: number;
  /** The part of it spent in native code. */
  readonly nativeMs: number;
}

/** A training step that can be timed again and again. */
export interface StepProbe {
  readonly summary: ModelSummary;
  /** Real images that one step takes in. */
  readonly imagesPerStep: number;
  /** The largest arena of the programs, as the device runs them. */
  readonly arenaBytes: number;
  /** What the device needs beside arena and variables. */
  readonly workspaceBytes: number;
  measure(): Promise<StepTime>;
  /** Calls across Node-API that one step makes. */
  readonly crossings: number;
}

const STEP = 1;

/** Loads the training step of a configuration on a device and runs it once to warm up. */
export async function createStepProbe(device: Device, config: Config): Promise<StepProbe> {
  const counted = countRuns(device);
  const model = createModel(config);
  const session = await TrainingSession.open(model, counted);
  await session.initialize();
  const images = new Float32Array(config.batch * elements(model.discriminator.inputShape));
  for (const i of images.keys()) images[i] = Math.sin(i * 0.37);
  const batches = Array.from({ length: session.batchesIn(STEP) }, () => ({ images }));
  const before = counted.runs.length;
  await session.step(STEP, batches, { fetch: true });
  const crossings = counted.runs.length - before;

  return {
    summary: summarize(config),
    imagesPerStep: batches.length * config.batch,
    arenaBytes: Math.max(...session.executables.map(({ program }) => program?.arenaBytes ?? 0)),
    workspaceBytes: Math.max(...session.executables.map((executable) => executable.workspaceBytes)),
    crossings,
    measure: async () => {
      const started = performance.now();
      await session.step(STEP, batches, { fetch: true });
      const wallMs = performance.now() - started;
      return { wallMs, nativeMs: (counted.runs.at(-1) as RunResult).nativeMs };
    },
  };
}

/** The device with a record of every run. */
function countRuns(device: Device): Device & { readonly runs: RunResult[] } {
  const runs: RunResult[] = [];
  return {
    kind: device.kind,
    description: device.description,
    runs,
    load: (graph) => device.load(graph),
    read: (variable) => device.read(variable),
    write: (variable, values) => device.write(variable, values),
    close: () => device.close(),
    run: async (calls: readonly Call[], options) => {
      const result = await device.run(calls, options);
      runs.push(result);
      return result;
    },
  };
}
