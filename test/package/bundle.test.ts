import { spawnSync } from 'node:child_process';
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { temporaryFolder } from '../data/temporary.ts';
import { root } from './packing.ts';

/** What Node prints that runs a bundle of a program which lists the devices. */
function bundled(format: 'esm' | 'cjs'): string {
  const folder = temporaryFolder({ 'package.json': '{"name": "somebody-else"}' });
  const entry = join(folder, 'entry.ts');
  writeFileSync(entry, `import { listDevices } from '${root}/src/index.ts';\nlistDevices();\n`);
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  const outfile = join(folder, 'out', `bundle.${format === 'esm' ? 'mjs' : 'cjs'}`);
  buildSync({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    format,
    packages: 'external',
    logLevel: 'silent',
  });
  return spawnSync(process.execPath, [outfile], {
    encoding: 'utf8',
  }).stderr;
}

for (const format of ['esm', 'cjs'] as const) {
  test(`a bundle as ${format} says how gannet is left out of it`, () =>
    assert.match(bundled(format), /gannet has been bundled[\s\S]*--external:gannet/));
}

test.run();
