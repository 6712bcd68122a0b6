import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { buildGan, resolveConfig } from '../../src/models/index.ts';
import { devices } from '../devices.ts';
import { expectScalars, openFixture, Replay } from './replay.ts';

type Player = 'discriminator' | 'generator';

interface Manifest {
  readonly settings: { readonly batch: number; readonly imageSize: number };
  readonly steps: readonly { readonly player: Player; readonly scalars: Record<string, number> }[];
}

const PROGRAMS: readonly Player[] = ['discriminator', 'generator'];

for (const [name, openDevice] of Object.entries(devices)) {
  for (const norm of ['layer', 'none'] as const) {
    const { manifest, open } = openFixture<Manifest>(`wgan_gp/${norm}`);
    const replays = suite(`two critic steps and a generator step of PyTorch, norm ${norm}, on ${name}`);

    replays('have its losses, penalty, gradient norm, gradients, weights, statistics and second moments', async () => {
      const device = await openDevice();
      const { batch, imageSize: size } = manifest.settings;
      const config = resolveConfig({
        recipe: 'wgan-gp',
        size,
        batch,
        latent: { size: 16 },
        model: { width: 8, discriminatorNorm: norm },
      });
      const replay = await Replay.open(device, config, await open('initial'));

      assert.equal(
        manifest.steps.map(({ player }) => player),
        ['discriminator', 'discriminator', 'generator'],
      );
      for (const [i, { player, scalars }] of manifest.steps.entries()) {
        const recorded = await open(`step${i + 1}`);
        const outputs = await replay.step(recorded, [PROGRAMS.indexOf(player)]);
        expectScalars(`step ${i + 1}`, outputs, scalars);
        await replay.expectRecorded(recorded, outputs);
      }
      const { generator, discriminator } = buildGan(config);
      const parameters = [...generator.parameters, ...discriminator.parameters];
      assert.is(await replay.expectSlots(await open('slots')), parameters.length);
      device.close();
    });

    replays.run();
  }
}
