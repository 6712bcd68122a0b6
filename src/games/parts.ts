import type { Config } from '../config/schema.ts';
import { ConfigError } from '../errors.ts';
import { add, concat, mul, slice } from '../ops/index.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { computeFirst } from '../tensor/trace.ts';
import type { Adversaries } from './adversaries.ts';
import { applyGradients, type Player, parameterGradients } from './players.ts';

/** What an update comes to. */
export interface Outcome {
  /** By the player that is to minimise it, scalars. */
  readonly losses: Readonly<Partial<Record<Player, Tensor>>>;
  /** What else is reported, by name, scalars. */
  readonly reported: Readonly<Record<string, Tensor>>;
  /** What is put out for each image, by name, [N,...]. */
  readonly rows?: Readonly<Record<string, Tensor>>;
}

/** Inputs of an update by name, with one row for each image of the batch. */
type Rows = Readonly<{ latents: Tensor; real?: Tensor }>;

/** @throws ConfigError batch_indivisible */
export function expectWholeParts({ batch, accumulation }: Config): void {
  if (batch % accumulation === 0) return;
  throw new ConfigError(
    'batch_indivisible',
    `accumulation: a batch of ${batch} cannot be taken in ${accumulation} equal parts. Choose a batch that ${accumulation} divides, or another accumulation.`,
  );
}

/** Updates players by what `play` makes of a batch. The batch is taken in as many parts as `accumulation` says, one after another in the
 *  same memory, and the gradients are the means of theirs. So are the outputs that are returned: each player's loss, `PLAYERLoss`, and
 *  what is reported. What `applyGradients` reports of the mean gradients is among them too, and the rows of all parts. */
export function updateInParts<R extends Rows>(
  adversaries: Adversaries,
  inputs: R,
  play: (adversaries: Adversaries, inputs: R) => Outcome,
): Record<string, Tensor> {
  const { accumulation } = adversaries.config;
  const sums: Sums = { gradients: new Map(), outputs: {}, rows: {} };
  for (const part of parts(adversaries)) {
    include(sums, adversaries, play(part.adversaries, part.take(inputs)));
    if (accumulation > 1) computeFirst([...sums.gradients.values()].flat());
  }
  const applied = [...sums.gradients].map(([player, gradients]) => applyGradients(adversaries, player, gradients));
  const rows = Object.entries(sums.rows).map(([name, ofParts]) => ({ [name]: joined(ofParts) }));
  return Object.assign(sums.outputs, ...applied, ...rows);
}

/** Sums over the parts so far. */
interface Sums {
  readonly gradients: Map<Player, readonly Tensor[]>;
  readonly outputs: Record<string, Tensor>;
  /** Those of each part. */
  readonly rows: Record<string, readonly Tensor[]>;
}

const joined = (parts: readonly Tensor[]): Tensor => (parts.length === 1 ? (parts[0] as Tensor) : concat(parts, 0));

function include(
  { gradients, outputs, rows }: Sums,
  adversaries: Adversaries,
  { losses, reported, rows: ofPart = {} }: Outcome,
): void {
  const share = 1 / adversaries.config.accumulation;
  const shareOf = (scalar: Tensor): Tensor => (share === 1 ? scalar : mul(share, scalar));
  const plus = (sum: Tensor | undefined, more: Tensor): Tensor => (sum ? add(sum, more) : more);
  for (const [player, loss] of Object.entries(losses) as [Player, Tensor][]) {
    const sum = gradients.get(player) ?? [];
    const more = parameterGradients(adversaries, player, shareOf(loss));
    gradients.set(
      player,
      more.map((gradient, i) => plus(sum[i], gradient)),
    );
    outputs[`${player}Loss`] = plus(outputs[`${player}Loss`], shareOf(loss));
  }
  for (const [name, value] of Object.entries(reported)) outputs[name] = plus(outputs[name], shareOf(value));
  for (const [name, value] of Object.entries(ofPart)) rows[name] = [...(rows[name] ?? []), value];
}

/** The parts of a batch. Latents and other random inputs of a part are those that its images have in the whole batch; dropout
 *  draws anew for each part. */
function* parts(adversaries: Adversaries) {
  const { config, noise, labels } = adversaries;
  const count = config.accumulation;
  const drawn = new Map<string, Tensor>();
  const rowsOf = (whole: Tensor, part: number): Tensor => {
    const [rows, ...rest] = whole.shape as [number, ...number[]];
    const size = rows / count;
    return slice(whole, [part * size, ...rest.map(() => 0)], [size, ...rest]);
  };
  for (let part = 0; part < count; part++) {
    const uniform: Adversaries['noise']['uniform'] = (_, purpose, [rows, ...rest]) => {
      const whole = drawn.get(purpose) ?? noise.uniform(adversaries, purpose, [(rows as number) * count, ...rest]);
      drawn.set(purpose, whole);
      return rowsOf(whole, part);
    };
    yield {
      adversaries: {
        ...adversaries,
        config: { ...config, batch: config.batch / count },
        noise: { ...noise, uniform },
        ...(labels && { labels: () => rowsOf(labels(), part) }),
      },
      take: <R extends Rows>(inputs: R) =>
        Object.fromEntries(Object.entries(inputs).map(([name, whole]) => [name, rowsOf(whole, part)])) as R,
    };
  }
}
