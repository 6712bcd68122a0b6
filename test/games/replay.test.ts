import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { ConfigChanges } from '../../src/config/index.ts';
import { resolveChanges } from '../../src/models/index.ts';
import { devices } from '../devices.ts';
import { expectScalars, openFixture, Replay } from '../train/replay.ts';

interface Manifest {
  readonly changes: ConfigChanges;
  /** Which program each step is; the first, the second and so on if not given. */
  readonly programs?: readonly number[];
  readonly steps: readonly Record<string, number>[];
}

const variants = ['games', 'conditional', 'extraction', 'replay'].flatMap((folder) =>
  readdirSync(fileURLToPath(new URL(`../fixtures/${folder}`, import.meta.url))).map((name) => `${folder}/${name}`),
);

for (const variant of variants) {
  const { manifest, open } = openFixture<Manifest>(variant);
  for (const [name, openDevice] of Object.entries(devices)) {
    const replays = suite(`a step of PyTorch, ${variant}, on ${name}`);

    replays('has its losses, what is reported, gradients, weights and statistics', async () => {
      const device = await openDevice();
      const replay = await Replay.open(device, resolveChanges(manifest.changes), await open('initial'));
      assert.ok(manifest.steps.length > 0);
      for (const [i, scalars] of manifest.steps.entries()) {
        const recorded = await open(`step${i + 1}`);
        const outputs = await replay.step(recorded, [manifest.programs?.[i] ?? i]);
        expectScalars(`step ${i + 1}`, outputs, scalars);
        await replay.expectRecorded(recorded, outputs);
      }
      device.close();
    });

    replays.run();
  }
}
