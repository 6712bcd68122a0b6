// `npm run simulate:scaling`: how training would scale to 1,024 GPUs, from counted sums over ranks, the counting model's time of a step
// and published rates of links. It measures nothing, and needs the addon with the simulator and no GPU. The figures are those of
// docs/scaling.md.
import { countCost, GPUS } from '../src/device/index.ts';
import { resolveChanges } from '../src/models/index.ts';
import { createModel } from '../src/train/index.ts';
import { MODELS, type ModelName } from './kernels/models.ts';
import { allReduceSeconds, CLUSTERS, type Cluster } from './scaling/links.ts';
import { countSums, type ProgramSums } from './scaling/sums.ts';

/** The part of a program's time behind which sums of gradients can hide: about that of the way back. */
const OVERLAP = 0.5;
const GPUS_IN_ALL = [8, 16, 32, 64, 128, 256, 512, 1024];
const PRECISION = 'bfloat16';

const CASES: readonly { readonly name: string; readonly model: ModelName; readonly syncNorm: boolean }[] = [
  ...(Object.keys(MODELS) as ModelName[]).map((model) => ({ name: model, model, syncNorm: true })),
  { name: 'DCGAN, syncNorm off', model: 'DCGAN', syncNorm: false },
];

interface Program extends ProgramSums {
  readonly seconds: number;
  readonly repeats: number;
}

/** The programs of a step in which each of so many GPUs has a batch of the recipe's size. */
function programsOf({ model, syncNorm }: (typeof CASES)[0], gpus: number, { gpu }: Cluster): Program[] {
  const alone = resolveChanges({ ...MODELS[model], syncNorm });
  const batch = alone.batch * gpus;
  const together = createModel(resolveChanges({ ...MODELS[model], syncNorm, batch }), { ranks: gpus });
  return createModel(alone).match.programs.map(({ trace, repeats }, i) => ({
    seconds: countCost(trace(), GPUS[gpu], PRECISION).floorMs / 1000,
    repeats: repeats.usual,
    ...countSums((together.match.programs[i] as (typeof together.match.programs)[0]).trace(), gpus, batch),
  }));
}

const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

/** Seconds of a program: its own time, all sums that it waits for, and what of the buckets cannot hide. The last bucket of an update has
 *  nothing to hide behind. */
function secondsTogether(
  { seconds, awaited, buckets }: Program,
  gpus: number,
  cluster: Cluster,
  overlap: number,
): number {
  const secondsOf = (bytes: number): number => allReduceSeconds(gpus, bytes, cluster);
  const sums = buckets.map((each) => each.map(secondsOf));
  const exposed = total(sums.map((each) => each.at(-1) ?? 0));
  return seconds + total(awaited.map(secondsOf)) + Math.max(exposed, total(sums.flat()) - overlap * seconds);
}

/** The time of a step on one GPU by that on `gpus` with as many images each. */
function efficiency(programs: readonly Program[], gpus: number, cluster: Cluster, overlap: number): number {
  const step = (of: (program: Program) => number) => total(programs.map((program) => program.repeats * of(program)));
  return step(({ seconds }) => seconds) / step((program) => secondsTogether(program, gpus, cluster, overlap));
}

function row(choice: (typeof CASES)[0], cluster: Cluster): string[] {
  const all = GPUS_IN_ALL.map((gpus) => ({ gpus, programs: programsOf(choice, gpus, cluster) }));
  const { programs } = all[0] as (typeof all)[0];
  const perStep = (of: (program: Program) => number) => total(programs.map((program) => program.repeats * of(program)));
  const percent = (part: number): string => (100 * part).toFixed(0);
  return [
    choice.name,
    (1000 * perStep(({ seconds }) => seconds)).toFixed(1),
    `${perStep(({ awaited }) => awaited.length)}`,
    (perStep(({ awaited }) => total(awaited)) / 1e6).toFixed(1),
    (perStep(({ buckets }) => total(buckets.flat())) / 1e6).toFixed(1),
    ...all.map(({ gpus, programs }) =>
      [OVERLAP, 0].map((overlap) => percent(efficiency(programs, gpus, cluster, overlap))).join(' / '),
    ),
  ];
}

for (const cluster of CLUSTERS) {
  console.log(`\n${cluster.name}\n`);
  const head = ['step', 'floor ms', 'sums waited for', 'their MB', 'other MB', ...GPUS_IN_ALL.map((gpus) => `${gpus}`)];
  for (const cells of [head, head.map(() => '---'), ...CASES.map((choice) => row(choice, cluster))])
    console.log(`| ${cells.join(' | ')} |`);
}
