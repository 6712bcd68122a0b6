import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { idxFolder } from '../../../test/data/packed_files.ts';

/** How many steps a run takes. */
export const STEPS = 24;

const SETTINGS = [
  ...['--size', '16', '--steps', String(STEPS), '--device', 'cpu', '--threads', '1', '--json'],
  ...['--set', 'channels=1', '--set', 'latent.size=4', '--set', 'sampleCount=4'],
  ...['--set', 'logEvery=2', '--set', 'sampleEvery=5', '--set', 'checkpointEvery=3'],
];

/** Whatever is drawn counts as alike, so that the grid of step 10 leads to a rollback. */
const ROLLBACK = ['--set', 'health.collapseBelow=1', '--set', 'health.onCollapse=rollback'];

/** Small runs that bring out everything that is kept between steps: the arguments of `gannet train`, without data and folder. */
export const families: Readonly<Record<string, readonly string[]>> = {
  dcgan: [
    'dcgan-digits',
    ...SETTINGS,
    '--batch',
    '8',
    '--set',
    'model.width=2',
    ...ROLLBACK,
    '--set',
    'keepCheckpoints=1',
  ],
  'wgan-gp with an average': [
    ...['wgan-gp', ...SETTINGS, '--batch', '2', '--set', 'model.width=2', '--set', 'discriminatorSteps=2'],
    ...['--set', 'ema.halfLife=10', ...ROLLBACK],
  ],
  'began on a plateau': [
    ...['began', ...SETTINGS, '--batch', '8', '--set', 'model.width=4', ...ROLLBACK],
    ...['--set', 'ema.halfLife=10', '--set', 'keepCheckpoints=1'],
    ...['--set', 'learningRateDecay.kind=plateau', '--set', 'learningRateDecay.every=2'],
  ],
};

/** A folder of pictures for them. */
export function makeData(folder: string): string {
  const data = join(folder, 'data');
  mkdirSync(data);
  for (const [name, bytes] of Object.entries(idxFolder(40, 16, 16))) writeFileSync(join(data, name), bytes);
  return data;
}
