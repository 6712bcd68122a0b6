import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { CheckpointError, type GannetError } from '../../src/errors.ts';
import { exportRun } from '../../src/export/index.ts';
import { findTorch } from '../../src/export/pytorch/python.ts';
import { openTorch } from '../../src/export/pytorch/runtime.ts';
import { temporaryFolder } from '../data/temporary.ts';
import { madeUpRun, smallConfig } from './runs.ts';

const formats = readFileSync(new URL('../../docs/formats.md', import.meta.url), 'utf8');

/** What docs/formats.md says of a kernel of stride 2: the sides that F.pad is told, and the padding of a transposed convolution with whether
 *  its last row and column are cut off. */
function stated(kernel: number): { readonly sides: string; readonly padding: string; readonly isCut: boolean } {
  const row = new RegExp(`^\\| ${kernel} \\| \`\\(([\\d, ]+)\\)\` \\| \`padding=(\\d)\`(.*) \\|$`, 'm').exec(formats);
  assert.ok(row, `kernel ${kernel}`);
  const [, sides = '', padding = '', rest = ''] = row;
  return { sides, padding, isCut: rest.includes(':-1, :-1') };
}

const python = await findTorch();
if (python === undefined) console.log('no Python with torch is here: what PyTorch computes is not compared');

for (const kernel of [3, 4, 5]) {
  test(`kernel ${kernel}: the padding that the documentation tells is what PyTorch needs for gannet's numbers`, async () => {
    const run = await madeUpRun(smallConfig('dcgan-digits', { size: 16, model: { kernel, width: 4 } }));
    const { sides, padding, isCut } = stated(kernel);
    const lines = async (network: 'generator' | 'discriminator', name: string): Promise<string[]> => {
      const out = join(temporaryFolder(), network);
      const { check } = await exportRun(run, { to: 'pytorch', network, out });
      if (python) assert.ok(check && 'largestError' in check && check.largestError < 2e-5, JSON.stringify(check));
      return readFileSync(join(out, 'model.py'), 'utf8')
        .split('\n')
        .filter((line) => line.includes(name));
    };
    const up = await lines('generator', 'F.conv_transpose2d(');
    assert.is(up.length, 2);
    for (const line of up) {
      assert.match(line, ` padding=(${padding}, ${padding}), output_padding=(0, 0))`);
      assert.is(/\[:, :, :\d+, :\d+\]$/.test(line), isCut, line);
    }
    const [before, after] = sides.split(', ');
    const down = await lines('discriminator', 'F.conv2d(');
    assert.is(down.length, 2);
    for (const line of down) assert.match(line, before === after ? `padding=(${before}, ${before})` : `(${sides}))`);
  });
}

(python ? test : test.skip)('PyTorch learns weights, and keeps what training has seen as buffers', async () => {
  const run = await madeUpRun(smallConfig('dcgan-digits', { size: 16, model: { width: 4 } }));
  const out = join(temporaryFolder(), 'generator');
  await exportRun(run, { to: 'pytorch', network: 'generator', out });
  const namesOf = (list: string): string[] => {
    const print = `import model; print("\\n".join(name for name, _ in model.load("model.safetensors").${list}()))`;
    return execFileSync(python as string, ['-B', '-c', print], { cwd: out, encoding: 'utf8' })
      .trim()
      .split('\n');
  };
  const [learnt, kept] = [namesOf('named_parameters'), namesOf('named_buffers')];
  assert.ok(learnt.length > 0 && kept.length > 0);
  for (const name of learnt) assert.match(name, /\.(weight|bias|gain)$/);
  for (const name of kept) assert.match(name, /\.(mean|variance)$/);
});

(python ? test : test.skip)('what PyTorch says of a module that it cannot run is told to its last line', async () => {
  const folder = temporaryFolder({
    'model.py': [
      'import os, sys',
      // Answers end before the complaint does.
      'os.close(1)',
      'sys.stderr.write("a long way\\n" * 100_000)',
      'raise ValueError("the reason")',
    ].join('\n'),
  });
  const runtime = await openTorch(folder);
  // More than a pipe holds, so that some of it is not read.
  const latents = { data: new Float32Array(100_000), shape: [100_000] };
  const run = () => runtime.run({ latents }).catch((caught: GannetError) => caught);
  const error = await run();
  assert.equal(await run(), error, 'also when it is gone already');
  await runtime.close();
  assert.ok(error instanceof CheckpointError);
  assert.is(error.code, 'export_wrong');
  assert.match(error.message, /\nValueError: the reason\s*$/);
});

test.run();
