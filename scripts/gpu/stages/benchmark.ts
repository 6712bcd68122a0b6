import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Part, Setting, Stage } from '../part.ts';
import { gannet, ROOT } from '../programs.ts';

const PRECISIONS = ['bfloat16', 'tf32', 'float32'] as const;

/** The published steps with the batches of the counting model in docs/kernels.md. */
const STEPS = [
  { only: 'dcgan 5x5 step', batch: '128' },
  { only: 'wgan-gp step', batch: '128' },
  { only: 'began step', batch: '48' },
] as const;

const OPS = ['conv', 'linear', 'critic', 'norm', 'elementwise'];

/** The speed of steps and ops in each precision beside PyTorch's best form, and pictures of real training; the most telling first. */
export const benchmark: Stage = {
  name: 'd',
  title: 'benchmark',
  weight: 9,
  parts: (setting: Setting) =>
    setting.device === 'simt'
      ? [
          bench(setting, 'small op', ['--only', 'linear 128->16384 forward', '--rounds', '3']),
          training(setting, 'digits'),
        ]
      : [
          ...STEPS.map((step) => steps(setting, step, 'bfloat16')),
          training(setting, 'digits'),
          training(setting, 'emoji'),
          ...STEPS.map((step) => steps(setting, step, 'tf32')),
          ...PRECISIONS.map((precision) => ops(setting, precision)),
          ...STEPS.map((step) => steps(setting, step, 'float32')),
        ],
};

const steps = (setting: Setting, { only, batch }: (typeof STEPS)[number], precision: string): Part =>
  bench(setting, `${only} in ${precision}`, ['--only', only, '--precision', precision, '--batch', batch]);

const ops = (setting: Setting, precision: string): Part =>
  bench(setting, `ops in ${precision}`, [
    '--only',
    ...OPS,
    '--precision',
    precision,
    '--batch',
    '128',
    '--rounds',
    '3',
  ]);

/** `gannet bench`, whose measurements are in a file of JSON after every case. */
function bench({ device, folder }: Setting, name: string, args: readonly string[]): Part {
  const json = join(folder, `${name.replaceAll(/[^\w.]+/g, '-')}.json`);
  return {
    name,
    command: () => gannet('bench', '--device', device, '--peers', 'pytorch', '--json', json, ...args),
    limitS: 240,
    note: () =>
      name.includes('step') ? speedOf(JSON.parse(readFileSync(json, 'utf8')), name, ceilingOf(folder, name)) : '',
  };
}

interface Measured {
  readonly results: readonly {
    readonly images: number;
    readonly flops: number;
    readonly entries: readonly {
      readonly ms: { readonly median: number };
      readonly ratio?: { readonly median: number };
    }[];
  }[];
}

/** What stage a found that a library's product reaches in the precision that a name ends with; undefined where it did not run. */
function ceilingOf(folder: string, name: string): number | undefined {
  const file = join(folder, '../a/ceilings.jsonl');
  if (!existsSync(file)) return undefined;
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  const rates = lines.map((line) => JSON.parse(line) as { readonly name: string; readonly tflops?: number });
  return rates.find((rate) => rate.name === `${name.split(' ').at(-1)} product`)?.tflops;
}

/** `dcgan 5x5 step in bfloat16 31000 img/s, 480 TFLOP/s (60 % of the library's product), 1.30 times PyTorch`
 *  @param ceiling the library's TFLOP/s */
export function speedOf({ results }: Measured, name: string, ceiling?: number): string {
  const [result] = results;
  const [own, peer] = result?.entries ?? [];
  if (!result || !own) return '';
  const perSecond = 1000 / own.ms.median;
  const ratio = peer?.ratio ? `, ${peer.ratio.median.toFixed(2)} times PyTorch` : '';
  const tflops = (result.flops * perSecond) / 1e12;
  const part = ceiling === undefined ? '' : ` (${((100 * tflops) / ceiling).toFixed(0)} % of the library's product)`;
  return `${name} ${(result.images * perSecond).toFixed(0)} img/s, ${tflops.toFixed(1)} TFLOP/s${part}${ratio}`;
}

/** The kit has some of the pictures in folders, a checkout all of them in packages. */
const dataOf = (name: 'mnist' | 'emoji'): string => {
  const folder = join(ROOT, 'data', name);
  if (!existsSync(folder)) return name;
  return name === 'mnist' ? `mnist:${folder}` : folder;
};

const TRAINING = {
  digits: () => ['dcgan-digits', '--data', dataOf('mnist')],
  emoji: () => ['dcgan', '--data', dataOf('emoji'), '--set', 'batch=64'],
} as const;

/** 100 steps on real pictures. Grids of samples and losses stay, checkpoints do not. */
function training({ device, folder }: Setting, name: keyof typeof TRAINING): Part {
  const run = join(folder, `training-${name}`);
  const steps = device === 'simt' ? ['--steps', '1', '--set', 'batch=2', '--set', 'sampleCount=4'] : ['--steps', '100'];
  return {
    name: `training on ${name}`,
    command: () => {
      mkdirSync(folder, { recursive: true });
      return gannet(
        ...['train', ...TRAINING[name](), '--device', device, '--out', run, ...steps],
        ...['--set', 'logEvery=10', '--set', 'sampleEvery=50', '--set', 'checkpointEvery=1000'],
      );
    },
    limitS: 120,
    after: () => rmSync(join(run, 'checkpoints'), { recursive: true, force: true }),
  };
}
