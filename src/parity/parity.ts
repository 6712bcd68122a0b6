import { bestDevice, type DeviceKind } from '../device/index.ts';
import { ConfigError, DeviceError } from '../errors.ts';
import type { ProductPrecision } from '../oracle/tolerance.ts';
import { Budget } from './budget.ts';
import { attempt, judge, type ParityResult } from './judge.ts';
import { type Opponent, openSide, precisionsOf, type Side, type SideDescription } from './sides.ts';
import { type ParitySummary, summarize } from './summary.ts';
import { chooseTrials, type Trial, type TrialChoice } from './trial.ts';

/** What is compared with what, and how long it may take. */
export interface ParityOptions extends TrialChoice {
  /** What is put to the test; the best device there is unless given. */
  readonly device?: DeviceKind | undefined;
  /** What it is compared with; tfjs if any loads here, else the oracle, unless given. */
  readonly against?: Opponent | undefined;
  /** How the device multiplies; float32 unless given. What it is compared with always multiplies in float32, or better. */
  readonly precisions?: readonly ProductPrecision[] | undefined;
  /** Seconds that tfjs, or the oracle, may take over one case; 30 unless given. */
  readonly budgetSeconds?: number | undefined;
}

/** What happens while two sides are compared, in order. */
export type ParityEvent =
  | {
      readonly type: 'start';
      readonly device: SideDescription;
      readonly against: SideDescription;
      readonly precisions: readonly ProductPrecision[];
      /** How many results there will be. */
      readonly total: number;
    }
  | ({ readonly type: 'result' } & ParityResult)
  | ({ readonly type: 'end' } & ParitySummary);

/** What each case may take where nothing else is said. */
export const DEFAULT_BUDGET_SECONDS = 30;

/** Compares the whole case table and a training step of every recipe on two sides: the value of each case, its gradients, the gradients
 *  of those, and the variables that it overwrites. Nothing that goes wrong in a case ends the comparison.
 *  @throws ConfigError `same_device`, `precision_unsupported`, `no_such_case`, `unknown_recipe`, `budget`, and as an own recipe's networks
 *  @throws DeviceError if a side is not here, with what to do */
export async function* parity(options: ParityOptions = {}): AsyncGenerator<ParityEvent, void> {
  const { precisions = ['float32'], budgetSeconds = DEFAULT_BUDGET_SECONDS } = options;
  const trials = chooseTrials(options);
  expectBudget(budgetSeconds);
  const budget = new Budget(budgetSeconds);
  const device = options.device ?? ((await bestDevice()).info.kind as DeviceKind);
  expectPrecisions(device, precisions);
  const against = await openOpponent(device, options.against, budget);
  const sides: Side[] = [];
  for (const precision of precisions) sides.push(await openSide(device, { precision, budget }));
  yield* compareSides({
    trials,
    against,
    sides: new Map(precisions.map((precision, i) => [precision, sides[i] as Side])),
  });
}

/** What is compared, with what. */
export interface Comparison {
  readonly trials: readonly Trial[];
  /** The device in each precision that it is tried in. */
  readonly sides: ReadonlyMap<ProductPrecision, Side>;
  readonly against: Side;
}

/** Compares sides that are open, trial by trial. */
export async function* compareSides({ trials, sides, against }: Comparison): AsyncGenerator<ParityEvent, void> {
  const chosen = trials.map((trial) => ({
    trial,
    sides: [...sides].filter(([precision]) => trial.precisions.includes(precision)),
  }));
  const [device] = sides.values();
  yield {
    type: 'start',
    device: described(device as Side),
    against: described(against),
    precisions: [...sides.keys()],
    total: chosen.reduce((sum, { sides }) => sum + sides.length, 0),
  };
  const results: ParityResult[] = [];
  for (const { trial, sides } of chosen.filter(({ sides }) => sides.length > 0)) {
    const work = trial.prepare();
    const wanted = await attempt(against, work);
    for (const [precision, side] of sides) {
      const result = judge(trial, precision, [await attempt(side, work), wanted]);
      results.push(result);
      yield { type: 'result', ...result };
    }
  }
  yield { type: 'end', ...summarize(results) };
}

const described = ({ name, description, note }: Side): SideDescription => ({ name, description, note });

/** Opens what is asked for, or else the first of tfjs and the oracle that is another than the device. */
async function openOpponent(device: DeviceKind, asked: Opponent | undefined, budget: Budget): Promise<Side> {
  const options = { precision: 'float32', budget } as const;
  if (asked === device) {
    throw new ConfigError(
      'same_device',
      `--device and --against are both ${device}, which would compare it with itself; choose two, such as --against oracle`,
    );
  }
  if (asked) return openSide(asked, options);
  if (device === 'tfjs') return openSide('oracle', options);
  try {
    return await openSide('tfjs', options);
  } catch (error) {
    if (!(error instanceof DeviceError && error.code === 'tfjs_missing')) throw error;
    return { ...(await openSide('oracle', options)), note: error.message };
  }
}

function expectPrecisions(device: DeviceKind, precisions: readonly ProductPrecision[]): void {
  const known = precisionsOf(device);
  const unknown = precisions.find((precision) => !known.includes(precision));
  if (unknown === undefined) return;
  throw new ConfigError(
    'precision_unsupported',
    `--precision ${unknown} was asked for, but device '${device}' multiplies in ${known.join(', ')}; leave it out, or choose --device simt or cuda`,
  );
}

function expectBudget(seconds: number): void {
  if (seconds > 0) return;
  throw new ConfigError('budget', `--budget expects seconds, more than 0, but received ${seconds}`);
}
