import type { ImageBatch } from '../data/index.ts';
import type { Call, Executable } from '../device/index.ts';
import { DivergedError } from '../errors.ts';
import { type Latent, rowsOf } from '../explore/vectors.ts';
import { elements } from '../tensor/shape.ts';
import { feed, trace } from '../tensor/trace.ts';
import type { Variable } from '../tensor/variable.ts';
import type { LabelChoice, TrainingSession } from '../train/index.ts';
import { RowProgram } from '../train/row_program.ts';
import { createSearchState, ROWS, type SearchProblem, type SearchState, searchLook, searchStep } from './program.ts';

/** One way down to an image. */
export interface Search {
  /** Of the images that are searched. */
  readonly image: number;
  /** Where it begins. */
  readonly start: Latent;
  /** What a conditional generator is to draw. */
  readonly label?: LabelChoice | undefined;
}

/** How searches go. */
export interface SearchSettings {
  /** Steps, ascending, after which it is told where each search is; the last one ends them. */
  readonly moments: readonly number[];
  /** Of the first step; it falls to 0 along a cosine. */
  readonly learningRate: number;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
  /** Ends the searches between two steps. */
  readonly signal?: AbortSignal | undefined;
}

/** Where a search is after some steps. */
export interface SearchMoment {
  readonly latent: Latent;
  readonly loss: number;
}

/** Steps in one crossing to the device, between which the search can be ended. */
const STEPS_AT_ONCE = 10;

/** Runs searches, `ROWS` at once. Answers for each where it was at each moment. What a search finds depends on it alone.
 *  @throws DivergedError diverged; DeviceError; the signal's reason */
export async function runSearches(
  session: TrainingSession,
  problem: SearchProblem,
  images: ImageBatch,
  searches: readonly Search[],
  settings: SearchSettings,
): Promise<SearchMoment[][]> {
  const runner = await SearchRunner.open(session, problem, images);
  try {
    const ways: SearchMoment[][] = [];
    const steps = settings.moments.at(-1) as number;
    const total = Math.ceil(searches.length / ROWS) * steps;
    for (let first = 0; first < searches.length; first += ROWS) {
      const before = (first / ROWS) * steps;
      const onProgress = (done: number): void => settings.onProgress?.(before + done, total);
      ways.push(...(await runner.run(searches.slice(first, first + ROWS), { ...settings, onProgress })));
    }
    return ways;
  } finally {
    runner.close();
  }
}

/** What searches run on, and what they want. */
interface OpenedProblem {
  readonly session: TrainingSession;
  readonly problem: SearchProblem;
  readonly state: SearchState;
  readonly step: Executable;
  readonly look: Executable;
  /** [images,H,W,C] */
  readonly targets: ImageBatch;
  /** [images,columns]; only where features are compared. */
  readonly targetFeatures?: Float32Array | undefined;
}

class SearchRunner {
  private readonly opened: OpenedProblem;

  private constructor(opened: OpenedProblem) {
    this.opened = opened;
  }

  static async open(session: TrainingSession, problem: SearchProblem, images: ImageBatch): Promise<SearchRunner> {
    const { device } = session;
    const { coordinates, features } = problem;
    for (const { variable, values } of coordinates.variables) await device.write(variable, values);
    const [count, ...image] = images.shape;
    const state = createSearchState(problem);
    const applied =
      features &&
      new RowProgram(device, (rows) =>
        trace('target features', () => ({ features: features.apply(feed('images', [rows, ...image])) })),
      );
    const targetFeatures = await applied?.run(count, { images: images.data });
    const step = await device.load(searchStep(problem, state));
    const look = await device.load(searchLook(problem, state));
    return new SearchRunner({ session, problem, state, step, look, targets: images, targetFeatures });
  }

  /** Runs at most `ROWS` searches. */
  async run(searches: readonly Search[], { moments, learningRate, onProgress, signal }: SearchSettings) {
    await this.begin(searches);
    const steps = moments.at(-1) as number;
    const ways: SearchMoment[][] = searches.map(() => []);
    let done = 0;
    for (const moment of moments) {
      while (done < moment) {
        signal?.throwIfAborted();
        const next = Math.min(moment, done + STEPS_AT_ONCE);
        await this.opened.session.device.run(this.stepsFrom(done, next, (step) => cosine(learningRate, step / steps)));
        done = next;
        onProgress?.(done, steps);
      }
      for (const [row, seen] of (await this.seen(searches.length, done)).entries()) ways[row]?.push(seen);
    }
    return ways;
  }

  private async begin(searches: readonly Search[]): Promise<void> {
    const { problem, state, targets, targetFeatures } = this.opened;
    const { coordinates, labels, optimizer } = state;
    const ofImage = (values: Float32Array) => {
      const width = values.length / targets.shape[0];
      return ({ image }: Search) => values.subarray(image * width, (image + 1) * width);
    };
    await this.write(coordinates, searches, ({ start }) => problem.coordinates.of(start));
    await this.write(state.targets, searches, ofImage(targets.data));
    if (labels) await this.write(labels, searches, ({ label }) => label?.vector ?? []);
    if (state.targetFeatures && targetFeatures)
      await this.write(state.targetFeatures, searches, ofImage(targetFeatures));
    for (const variable of optimizer.variables) await this.write(variable, [], () => []);
  }

  /** Gives a variable a row for each search, and zeros behind them. */
  private async write(
    variable: Variable,
    searches: readonly Search[],
    rowOf: (search: Search) => ArrayLike<number>,
  ): Promise<void> {
    const values = new Float32Array(elements(variable.shape));
    for (const [row, search] of searches.entries()) values.set(rowOf(search), (row * values.length) / ROWS);
    await this.opened.session.write(variable, values);
  }

  private stepsFrom(first: number, end: number, rateAt: (step: number) => number): Call[] {
    return Array.from({ length: end - first }, (_, i) => ({
      executable: this.opened.step,
      feeds: { learningRate: Float32Array.of(rateAt(first + i)) },
    }));
  }

  private async seen(count: number, step: number): Promise<SearchMoment[]> {
    const { session, look } = this.opened;
    const { outputs } = await session.device.run([{ executable: look, fetch: true }]);
    const { latents, loss } = outputs[0] as unknown as { latents: Float32Array; loss: Float32Array };
    const found = rowsOf(latents, ROWS).slice(0, count);
    return found.map((latent, row) => ({ latent, loss: expectFinite(loss[row] as number, step) }));
  }

  close(): void {
    this.opened.step.release();
    this.opened.look.release();
  }
}

const cosine = (rate: number, part: number): number => (rate * (1 + Math.cos(Math.PI * part))) / 2;

function expectFinite(loss: number, step: number): number {
  if (Number.isFinite(loss)) return loss;
  throw new DivergedError(
    'diverged',
    `the distance to an image is ${loss} after ${step} steps of the search; take a learning rate below the present one, or another checkpoint`,
  );
}
