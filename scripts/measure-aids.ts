/** Times training steps with training aids beside the same steps without: the processor time of one thread, in turns, so that other work
 *  on a machine disturbs little, and both alike. Prints the median ratio and its quartiles; `nothing` compares the steps with themselves,
 *  which shows the scatter of the measurement. What a training does between steps, at logged steps alone, is not measured.
 *  Usage: npm run measure:aids [-- ROUNDS [PART OF THE NAME OF A RECIPE [PART OF THE NAME OF AN AID]]] */
import { stepWorkload } from '../src/bench/training_step.ts';
import { type OpenContestant, takeTurns } from '../src/bench/turns.ts';
import { openOn } from '../src/bench/workload.ts';
import { type ConfigChanges, mergeChanges } from '../src/config/index.ts';
import { openDevice } from '../src/device/index.ts';
import { resolveChanges } from '../src/models/index.ts';

const RECIPES: Readonly<Record<string, ConfigChanges>> = {
  'dcgan-digits': { recipe: 'dcgan-digits' },
  'dcgan, width 32, batch 16': { recipe: 'dcgan', batch: 16, model: { width: 32 } },
};

const AIDS: Readonly<Record<string, ConfigChanges>> = {
  nothing: {},
  'replay.share=0.5': { replay: { share: 0.5 } },
  'virtual batch norm': { model: { generatorNorm: 'virtual', discriminatorNorm: 'virtual' } },
  'health.gradientNorms=true': { health: { gradientNorms: true } },
  'health.outputHistograms=true': { health: { outputHistograms: true } },
};

const quantile = (sorted: readonly number[], part: number): string =>
  (sorted[Math.round(part * (sorted.length - 1))] as number).toFixed(3);

/** The same work, measured by the processor time that it takes. */
const byProcessorTime = (contestant: OpenContestant): OpenContestant => ({
  close: () => contestant.close(),
  async measure(runs) {
    const before = process.cpuUsage();
    await contestant.measure(runs);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000 / runs;
  },
});

const [rounds = '12', recipePart = '', aidPart = ''] = process.argv.slice(2);
for (const [name, recipe] of Object.entries(RECIPES)) {
  for (const [aid, changes] of Object.entries(AIDS)) {
    // What shows the scatter is always measured.
    if (!name.includes(recipePart) || !(aid.includes(aidPart) || aid === 'nothing')) continue;
    const open = async (config: ConfigChanges) =>
      byProcessorTime(await openOn(openDevice('cpu', { threads: 1 }), stepWorkload(resolveChanges(config))));
    const contestants = new Map([
      ['without', await open(recipe)],
      ['with', await open(mergeChanges(recipe, changes))],
    ]);
    const times = await takeTurns(contestants, {
      rounds: Number(rounds),
      turnMs: 100,
      budgetMs: Number.POSITIVE_INFINITY,
    });
    for (const contestant of contestants.values()) contestant.close();
    const [without, withAid] = [...times.values()] as [number[], number[]];
    const ratios = withAid.map((ms, i) => ms / (without[i] as number)).sort((a, b) => a - b);
    console.log(
      `${name}, ${aid}: ${quantile(ratios, 0.5)} times (${quantile(ratios, 0.25)} to ${quantile(ratios, 0.75)})`,
    );
  }
}
