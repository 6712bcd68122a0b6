/** Trains small runs of every family, healthy ones and ones that go wrong, and writes how the diversity of their samples went to
 *  test/fixtures/diversity_traces.json, by which the signs of a collapse are judged. Which of them have
 *  collapsed was told by looking at their last grids, which lie in build/diversity-traces. Takes a quarter of an hour of two cores.
 *  Usage: npm run fixtures:diversity [-- NAME...] */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ConfigChanges } from '../src/config/index.ts';
import { resolveChanges } from '../src/models/index.ts';
import { train } from '../src/train/index.ts';

interface Traced {
  readonly name: string;
  readonly collapsed: boolean;
  readonly changes: ConfigChanges;
}

const digits = { recipe: 'dcgan-digits', steps: 800, batch: 32, model: { width: 16 } };
const emoji = { data: 'emoji', size: 32, channels: 3, steps: 300, batch: 16, model: { width: 16 } };
const perceptron = { recipe: 'mlp-report', data: 'mnist', size: 32, channels: 1, steps: 600, batch: 64 };

const RUNS: readonly Traced[] = [
  { name: 'digits', collapsed: false, changes: digits },
  { name: 'digits, another seed', collapsed: false, changes: { ...digits, seed: 7 } },
  { name: 'digits, hinge', collapsed: false, changes: { ...digits, loss: 'hinge' } },
  { name: 'digits, least squares', collapsed: false, changes: { ...digits, loss: 'leastSquares' } },
  { name: 'emoji', collapsed: false, changes: { ...emoji, recipe: 'dcgan-digits', steps: 900 } },
  { name: 'wgan-gp', collapsed: false, changes: { ...emoji, recipe: 'wgan-gp' } },
  { name: 'wgan-clip', collapsed: false, changes: { ...emoji, recipe: 'wgan-clip' } },
  { name: 'began', collapsed: false, changes: { ...emoji, recipe: 'began' } },
  { name: 'perceptrons', collapsed: false, changes: perceptron },
  { name: 'digits, fast generator', collapsed: false, changes: { ...digits, generator: { learningRate: 1e-2 } } },
  { name: 'digits, minimax', collapsed: true, changes: { ...digits, loss: 'minimax', discriminatorSteps: 5 } },
  { name: 'perceptrons, fast', collapsed: false, changes: { ...perceptron, generator: { learningRate: 1e-2 } } },
  {
    name: 'wgan-clip, fast',
    collapsed: false,
    changes: { ...emoji, recipe: 'wgan-clip', generator: { learningRate: 1e-2 } },
  },
  { name: 'began, fast', collapsed: true, changes: { ...emoji, recipe: 'began', generator: { learningRate: 2e-2 } } },
];

const SAMPLES = 20;
const folder = 'build/diversity-traces';
const fixture = 'test/fixtures/diversity_traces.json';

/** [real images trained on, diversity of the samples] at each grid. */
async function traceOf({ name, changes }: Traced): Promise<[number, number][]> {
  const out = join(folder, name.replaceAll(/\W+/g, '-'));
  rmSync(out, { recursive: true, force: true });
  const steps = changes.steps as number;
  const health = { collapseBelow: 0, onCollapse: 'warn' };
  const config = resolveChanges({ ...changes, health, sampleEvery: steps / SAMPLES, checkpointEvery: steps });
  const trace: [number, number][] = [];
  for await (const event of train(config, { out })) {
    if (event.type === 'metrics' && typeof event.values.diversity === 'number')
      trace.push([event.imagesSeen, Number(event.values.diversity.toFixed(3))]);
  }
  return trace;
}

mkdirSync(folder, { recursive: true });
const wanted = process.argv.slice(2);
const known: Record<string, unknown> = existsSync(fixture) ? JSON.parse(readFileSync(fixture, 'utf8')) : {};
for (const run of RUNS.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
  console.log(run.name);
  known[run.name] = { collapsed: run.collapsed, trace: await traceOf(run) };
  const traces = RUNS.flatMap(({ name }) => (known[name] === undefined ? [] : [[name, known[name]]]));
  const lines = traces.map(([name, traced]) => `  ${JSON.stringify(name)}: ${JSON.stringify(traced)}`);
  writeFileSync(fixture, `{\n${lines.join(',\n')}\n}\n`);
}
