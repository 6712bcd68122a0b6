import type { ImageBatch } from '../data/grid.ts';
import type { Batch } from '../data/loader.ts';
import type { Call, Device, Executable, HostArray } from '../device/index.ts';
import { batchesIn, type StepProgram } from '../games/index.ts';
import { initialization } from '../nn/initializers.ts';
import type { Variable } from '../tensor/variable.ts';
import { hostLatents } from './latents.ts';
import { type TrainingModel, variableGroups } from './model.ts';
import { RowProgram } from './row_program.ts';
import { latentsProgram, sampleProgram } from './sampling.ts';

interface LoadedProgram extends Omit<StepProgram, 'trace'> {
  readonly executable: Executable;
}

/** The scalars that a step's programs put out, such as discriminatorLoss. */
export type StepMetrics = Readonly<Record<string, number>>;

/** A model on a device, its programs loaded. */
export class TrainingSession {
  readonly model: TrainingModel;
  readonly device: Device;
  private readonly programs: readonly LoadedProgram[];
  private readonly generator: RowProgram;
  private readonly latents: RowProgram | undefined;

  private constructor(model: TrainingModel, device: Device, programs: readonly LoadedProgram[]) {
    this.model = model;
    this.device = device;
    this.programs = programs;
    this.generator = new RowProgram(device, (rows) => sampleProgram(model, rows));
    const { latentsFromNoise } = model.match;
    if (latentsFromNoise)
      this.latents = new RowProgram(device, (rows) => latentsProgram(latentsFromNoise, rows, model.config.latent.size));
  }

  /** Loads the training step. The variables hold zeros until `initialize` or `write`. */
  static async open(model: TrainingModel, device: Device): Promise<TrainingSession> {
    const programs: LoadedProgram[] = [];
    for (const { trace, ...how } of model.match.programs)
      programs.push({ executable: await device.load(trace()), ...how });
    return new TrainingSession(model, device, programs);
  }

  /** A session without training programs, for images only. */
  static forSampling(model: TrainingModel, device: Device): TrainingSession {
    return new TrainingSession(model, device, []);
  }

  /** Batches of real images that training step `step` (from 1) takes. */
  batchesIn(step: number): number {
    return batchesIn(this.programs, step);
  }

  get executables(): readonly Executable[] {
    return this.programs.map(({ executable }) => executable);
  }

  get variables(): readonly Variable[] {
    return Object.values(variableGroups(this.model)).flat();
  }

  /** Gives every variable its initial value, a function of the seed. */
  async initialize(): Promise<void> {
    const { seed } = this.model.config;
    const executable = await this.device.load(initialization(this.variables));
    await this.device.run([{ executable, feeds: { random: Int32Array.of(seed, 0) } }]);
    executable.release();
    // Step 0 of the random state was used up by the initial weights.
    await this.device.write(this.model.random, Int32Array.of(seed, 1));
  }

  /** Training step `step` as one crossing to the device. With `fetch`, the losses of each program's last repeat are read back.
   *  @param batches `batchesIn(step)` of them, images [N,H,W,C]; they may be released afterwards */
  async step(
    step: number,
    batches: readonly Pick<Batch, 'images'>[],
    { fetch }: { fetch: boolean },
  ): Promise<StepMetrics> {
    const images = batches.values();
    const calls = this.programs.flatMap(({ executable, repeats, readsImages }): Call[] =>
      Array.from({ length: repeats.at(step) }, (_, i) => ({
        executable,
        feeds: readsImages ? { real: (images.next().value as Pick<Batch, 'images'>).images } : {},
        fetch: fetch && i === repeats.at(step) - 1,
      })),
    );
    const { outputs } = await this.device.run(calls);
    return Object.fromEntries(
      outputs.flatMap((output) => Object.entries(output).map(([name, [value]]) => [name, value as number])),
    );
  }

  /** Latents [count, size] of a seed, as the recipe draws them; they may follow what training has made of them up to now. Row i
   *  depends on (seed, i) alone. */
  async drawLatents(count: number, seed: number): Promise<Float32Array> {
    const noise = hostLatents(this.model.config.latent, count, seed);
    return this.latents ? this.latents.run(noise) : noise;
  }

  /** Images [count,H,W,C] for latents [count, latent size]. Image i depends on latent i and on i alone. */
  async sample(latents: Float32Array): Promise<ImageBatch> {
    const { generator, config } = this.model;
    const [height, width, channels] = generator.outputShape as [number, number, number];
    const data = await this.generator.run(latents);
    return { data, shape: [latents.length / config.latent.size, height, width, channels] };
  }

  read(variable: Variable): Promise<HostArray> {
    return this.device.read(variable);
  }

  write(variable: Variable, values: HostArray): Promise<void> {
    return this.device.write(variable, values);
  }

  close(): void {
    this.device.close();
  }
}
