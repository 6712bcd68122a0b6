import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Config } from '../../src/config/index.ts';
import { resolveConfig } from '../../src/models/index.ts';
import { devices } from '../devices.ts';
import { expectScalars, openFixture, Replay } from './replay.ts';

interface Manifest {
  readonly settings: { readonly batch: number; readonly imageSize: number; readonly carrySteps: number };
  readonly steps: readonly { readonly scalars: Record<string, number> }[];
}

const configOf = ({ settings: { batch, imageSize: size, carrySteps } }: Manifest, schedule: Config['schedule']) =>
  resolveConfig({
    recipe: 'began',
    size,
    schedule,
    batch,
    latent: { size: 8 },
    model: { width: 8 },
    equilibrium: { carrySteps, descriptorWindow: 0 },
  });

for (const [name, openDevice] of Object.entries(devices)) {
  for (const schedule of ['alternating', 'simultaneous'] as const) {
    const { manifest, open } = openFixture<Manifest>(`began/${schedule}`);
    const replays = suite(`two ${schedule} BEGAN steps of PyTorch on ${name}`);

    replays(
      'have its losses, k, M, gradients, weights, carry, and mean and covariance of the descriptors',
      async () => {
        const device = await openDevice();
        const replay = await Replay.open(device, configOf(manifest, schedule), await open('initial'));

        assert.is(manifest.steps.length, 2);
        for (const [i, { scalars }] of manifest.steps.entries()) {
          const recorded = await open(`step${i + 1}`);
          const outputs = await replay.step(recorded);
          expectScalars(`step ${i + 1}`, outputs, scalars);
          await replay.expectRecorded(recorded, outputs);
        }
        device.close();
      },
    );

    replays.run();
  }
}
