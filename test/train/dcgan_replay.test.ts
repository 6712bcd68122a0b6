import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { ConfigChanges } from '../../src/config/index.ts';
import { resolveConfig } from '../../src/models/index.ts';
import { devices } from '../devices.ts';
import { expectScalars, openFixture, Replay } from './replay.ts';

/** The fixture's names of a step's scalars and the programs'. */
const SCALARS = {
  discriminatorLoss: 'discriminatorLoss',
  generatorLoss: 'generatorLoss',
  meanProbabilityOfReal: 'dReal',
  meanProbabilityOfFake: 'dFake',
} as const;

interface Manifest {
  readonly settings: { readonly batch: number };
  readonly steps: readonly Record<keyof typeof SCALARS, number>[];
}

interface Recording {
  readonly fixture: string;
  readonly changes: ConfigChanges;
  readonly steps: number;
  /** Tensors of Adam's moments: two of each weight. */
  readonly slots: number;
}

const RECORDINGS: Record<string, Recording> = {
  'three DCGAN steps': {
    fixture: 'dcgan',
    changes: { size: 32, latent: { size: 16 }, model: { width: 8 } },
    steps: 3,
    slots: 52,
  },
  'a DCGAN step with minibatch discrimination': {
    fixture: 'dcgan_minibatch',
    changes: {
      size: 16,
      latent: { size: 6 },
      model: { width: 4, minibatchFeatures: 6, minibatchDimensions: 3 },
    },
    steps: 1,
    slots: 38,
  },
};

for (const [recording, { fixture, changes, steps, slots }] of Object.entries(RECORDINGS)) {
  const { manifest, open } = openFixture<Manifest>(fixture);
  const config = resolveConfig({ recipe: 'dcgan', batch: manifest.settings.batch, ...changes });

  for (const [name, openDevice] of Object.entries(devices)) {
    const replays = suite(`${recording} of PyTorch on ${name}`);

    replays('have its losses, gradients, weights, running statistics and slots', async () => {
      const device = await openDevice();
      const replay = await Replay.open(device, config, await open('initial'));

      assert.is(manifest.steps.length, steps);
      for (const [i, scalars] of manifest.steps.entries()) {
        const recorded = await open(`step${i + 1}`);
        const outputs = await replay.step(recorded);
        const named = Object.entries(SCALARS).map(([from, to]) => [to, scalars[from as keyof typeof SCALARS]]);
        expectScalars(`step ${i + 1}`, outputs, Object.fromEntries(named));
        await replay.expectRecorded(recorded, outputs);
      }
      assert.is(await replay.expectSlots(await open('slots')), slots);
      device.close();
    });

    replays.run();
  }
}
