import { conditionedOn, isConditional, needsLabels } from '../config/conditioning.ts';
import { representativesOf } from '../config/representatives.ts';
import type { Config } from '../config/schema.ts';
import type { ImageBatch } from '../data/grid.ts';
import { labelVectors } from '../data/labels/labels.ts';
import type { Batch } from '../data/loader.ts';
import type { Call, Device, Executable, HostArray, Outputs } from '../device/index.ts';
import { ConfigError } from '../errors.ts';
import { batchesIn, type StepProgram, VERDICTS } from '../games/index.ts';
import type { Share } from '../graph/ranks/layout.ts';
import { shareOut } from '../graph/ranks/share.ts';
import { initialization } from '../nn/initializers.ts';
import { elements } from '../tensor/shape.ts';
import type { Variable } from '../tensor/variable.ts';
import { hostLatents } from './latents.ts';
import { type TrainingModel, variableGroups } from './model.ts';
import { RowProgram } from './row_program.ts';
import { latentsProgram, readingsProgram, sampleProgram } from './sampling.ts';

/** Images that are generated at once where thousands are wanted. */
const MANY = 64;

interface LoadedProgram extends Omit<StepProgram, 'trace'> {
  readonly executable: Executable;
}

/** The scalars that a step's programs put out, such as discriminatorLoss. */
export type StepMetrics = Readonly<Record<string, number>>;

const labelsMissing = (config: Config, what: string): ConfigError =>
  new ConfigError(
    'labels_missing',
    `${what}: recipe '${config.recipe}' ${isConditional(config) ? 'is conditional' : 'learns to read labels'} and needs their labels, of ${conditionedOn(config).names.length} ${conditionedOn(config).kind} each`,
  );

/** What the discriminator said of each image of an update. */
export interface StepVerdicts {
  readonly real: HostArray;
  readonly fake: HostArray;
}

/** A model on a device, its programs loaded. */
export class TrainingSession {
  readonly model: TrainingModel;
  readonly device: Device;
  private readonly programs: readonly LoadedProgram[];
  private readonly generator: RowProgram;
  private readonly generatorOfMany: RowProgram;
  private readonly latents: RowProgram | undefined;
  private readonly reader: RowProgram | undefined;
  private lastVerdicts: StepVerdicts | undefined;

  private constructor(model: TrainingModel, device: Device, programs: readonly LoadedProgram[], imagesAtOnce?: number) {
    this.model = model;
    this.device = device;
    this.programs = programs;
    this.generator = new RowProgram(device, (rows) => sampleProgram(model, rows), imagesAtOnce);
    this.generatorOfMany = new RowProgram(device, (rows) => sampleProgram(model, rows), MANY);
    const { latentsFromNoise, readings } = model.match;
    if (latentsFromNoise)
      this.latents = new RowProgram(device, (rows) => latentsProgram(latentsFromNoise, rows, model.config.latent.size));
    if (readings)
      this.reader = new RowProgram(device, (rows) => readingsProgram(readings, rows, model.generator.outputShape));
  }

  /** Loads the training step. The variables hold zeros until `initialize` or `write`.
   *  @param share the part of each batch that this process trains with, where several train together; all of it if not given */
  static async open(model: TrainingModel, device: Device, share?: Share): Promise<TrainingSession> {
    const programs: LoadedProgram[] = [];
    for (const { trace, ...how } of model.match.programs)
      programs.push({ executable: await device.load(share ? shareOut(trace(), share) : trace()), ...how });
    return new TrainingSession(model, device, programs);
  }

  /** A session without training programs, for images only. @param imagesAtOnce how many are always generated together; 16 if not given */
  static forSampling(model: TrainingModel, device: Device, imagesAtOnce?: number): TrainingSession {
    return new TrainingSession(model, device, [], imagesAtOnce);
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
   *  @param batches `batchesIn(step)` of them, images [N,H,W,C] with their labels if training reads them; they may be released
   *  afterwards @throws ConfigError labels_missing */
  async step(
    step: number,
    batches: readonly Pick<Batch, 'images' | 'labels'>[],
    { fetch }: { fetch: boolean },
  ): Promise<StepMetrics> {
    const inputs = batches.map((batch) => ({ real: batch.images, ...this.labelsOf(batch) }));
    let next = 0;
    const calls = this.programs.flatMap(({ executable, repeats, readsImages }): Call[] =>
      Array.from({ length: repeats.at(step) }, (_, i) => {
        if (readsImages) next++;
        const { real, ...labels } = inputs[Math.max(next - 1, 0)] as (typeof inputs)[0];
        return {
          executable,
          feeds: readsImages ? { real, ...labels } : labels,
          fetch: fetch && i === repeats.at(step) - 1,
        };
      }),
    );
    const { outputs } = await this.device.run(calls);
    const { [VERDICTS.real]: real, [VERDICTS.fake]: fake, ...scalars } = Object.assign({}, ...outputs) as Outputs;
    if (real && fake) this.lastVerdicts = { real, fake };
    return Object.fromEntries(Object.entries(scalars).map(([name, [value]]) => [name, value as number]));
  }

  /** What the discriminator said of each image in the last step that was fetched; undefined if the configuration does not ask for it
   *  (health.outputHistograms). */
  get verdicts(): StepVerdicts | undefined {
    return this.lastVerdicts;
  }

  /** Latents [count, latent] of a seed, as the recipe draws them; they may follow what training has made of them up to now. Row i
   *  depends on (seed, i) alone. */
  async drawLatents(count: number, seed: number): Promise<Float32Array> {
    const { config } = this.model;
    const noise = hostLatents(config.latent, count, seed, representativesOf(config).length);
    return this.latents ? this.latents.run(count, { noise }) : noise;
  }

  /** Images [count,H,W,C] for latents [count, latent]. Image i depends on latent i and its label alone.
   *  @param labels [count, labels] of the images, 1 for the class or each attribute of an image; a conditional generator needs them
   *  @throws ConfigError labels_missing */
  async sample(latents: Float32Array, labels?: Float32Array): Promise<ImageBatch> {
    return this.generate(this.generator, latents, labels);
  }

  /** As `sample`, at the device's full rate: 64 images at once. The last bits of an image may be others than those of `sample`.
   *  @throws ConfigError labels_missing */
  async sampleMany(latents: Float32Array, labels?: Float32Array): Promise<ImageBatch> {
    return this.generate(this.generatorOfMany, latents, labels);
  }

  private async generate(program: RowProgram, latents: Float32Array, labels?: Float32Array): Promise<ImageBatch> {
    const { generator, config } = this.model;
    const [height, width, channels] = generator.outputShape as [number, number, number];
    const count = latents.length / elements(generator.inputShape);
    if (isConditional(config) && labels?.length !== count * conditionedOn(config).names.length)
      throw labelsMissing(config, `${count} images`);
    const data = await program.run(count, { latents, ...(labels && { labels }) });
    return { data, shape: [count, height, width, channels] };
  }

  /** What extractors read off images, a number in [0, 1] for each representative variable: [count, representatives].
   *  @throws ConfigError run_without_extractor */
  async readings({ data, shape: [count] }: ImageBatch): Promise<Float32Array> {
    if (this.reader) return this.reader.run(count, { images: data });
    throw new ConfigError(
      'run_without_extractor',
      `nothing reads the images of recipe '${this.model.config.recipe}'; train a recipe with extractors, such as extractor-gan`,
    );
  }

  /** The feed `labels` of a batch, where training reads them. */
  private labelsOf({ images, labels }: Pick<Batch, 'images' | 'labels'>): { readonly labels?: Float32Array } {
    const { config } = this.model;
    if (!needsLabels(config)) return {};
    if (labels) return { labels: labelVectors(conditionedOn(config), labels) };
    throw labelsMissing(config, `a batch of ${images.length / elements(this.model.discriminator.inputShape)} images`);
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
