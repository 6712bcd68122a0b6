import { conditionedOn, needsLabels } from '../config/conditioning.ts';
import { bothSides, formatSize } from '../config/image_size.ts';
import type { Config } from '../config/index.ts';
import type { Device, RunResult } from '../device/index.ts';
import { batchesIn } from '../games/index.ts';
import type { Share } from '../graph/ranks/layout.ts';
import { recipeOf } from '../models/index.ts';
import { hasWidth } from '../models/recipe.ts';
import { elements } from '../tensor/shape.ts';
import { createModel, summarize, TrainingSession } from '../train/index.ts';
import { watchTimer } from './event_loop.ts';
import { quantile, spreadOf } from './statistics.ts';
import type { Contestant } from './turns.ts';
import type { Workload } from './workload.ts';

const STEP = 1;

/** A whole training step of a configuration as work for devices. @param pytorch the same step for PyTorch, where it has it */
export const stepWorkload = (config: Config, pytorch?: Workload['pytorch']): Workload => ({
  shape: shapeOf(config),
  images: config.batch * batchesIn(createModel(config).match.programs, STEP),
  flops: summarize(config).flopsPerStep,
  ...(pytorch && { pytorch }),
  open: (device) => openStep(device, config),
});

function shapeOf(config: Config): string {
  const { size, model, batch } = config;
  const width = hasWidth(recipeOf(config)) ? `, width ${model.width}` : '';
  return `${formatSize(bothSides(size))}${width}, batch ${batch}`;
}

/** From asking for the step to having its losses, with the batches at hand; on a GPU between two events, as PyTorch is timed there. */
async function openStep(device: Device, config: Config): Promise<Contestant> {
  const counted = countRuns(device);
  const { session, take } = await readyStep(counted, config);
  const { arenaBytes, variableBytes } = summarize(config);
  const workspaceBytes = Math.max(...session.executables.map((executable) => executable.workspaceBytes));
  counted.runs.length = 0;
  const walls: number[] = [];
  const times: number[] = [];
  const timerDelays: number[] = [];

  const step = async (): Promise<void> => {
    const started = performance.now();
    await take();
    const wallMs = performance.now() - started;
    walls.push(wallMs);
    times.push(device.kind === 'cuda' ? (counted.runs.at(-1)?.elapsedMs ?? wallMs) : wallMs);
  };
  return {
    measure: async (runs) => {
      for (let run = 0; run < runs; run++) await watchTimer(timerDelays, step);
      return times.slice(-runs).reduce((sum, ms) => sum + ms) / runs;
    },
    details: () => ({
      arenaBytes: Math.max(...session.executables.map(({ program }) => program?.arenaBytes ?? arenaBytes)),
      workspaceBytes,
      variableBytes,
      crossingsPerStep: counted.runs.length / walls.length,
      outsideNative: spreadOf(walls.map((ms, i) => 1 - (counted.runs[i] as RunResult).nativeMs / ms)).median,
      timerDelayMs: quantile([0, ...timerDelays], 0.99),
    }),
  };
}

/** A step of a configuration made ready on a device, which takes the same images each time; of several ranks, this one's part of it. */
export async function readyStep(device: Device, config: Config, share?: Share) {
  const model = createModel(config, share);
  const session = await TrainingSession.open(model, device, share);
  await session.initialize();
  const count = config.batch / (share?.ranks ?? 1);
  const images = Float32Array.from({ length: count * elements(model.discriminator.inputShape) }, (_, i) =>
    Math.sin(i * 0.37),
  );
  const labels = needsLabels(config) && { labels: someLabels(config, count) };
  const batches = Array.from({ length: session.batchesIn(STEP) }, () => ({ images, ...labels }));
  return { session, take: () => session.step(STEP, batches, { fetch: true }) };
}

/** Labels of images as batches have them: each class in turn, or every other attribute. */
function someLabels(config: Config, images: number): Int32Array {
  const { kind, names } = conditionedOn(config);
  return kind === 'classes'
    ? Int32Array.from({ length: images }, (_, i) => i % names.length)
    : Int32Array.from({ length: images * names.length }, (_, i) => i % 2);
}

/** The device with every run timed and recorded. */
function countRuns(device: Device): Device & { readonly runs: RunResult[] } {
  const runs: RunResult[] = [];
  return {
    kind: device.kind,
    description: device.description,
    details: device.details,
    runs,
    load: (graph) => device.load(graph),
    read: (variable) => device.read(variable),
    write: (variable, values) => device.write(variable, values),
    memoryUse: () => device.memoryUse(),
    close: () => device.close(),
    run: async (calls, options) => {
      const result = await device.run(calls, { ...options, timed: true });
      runs.push(result);
      return result;
    },
  };
}
