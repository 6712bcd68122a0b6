import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type BenchOptions, bench } from '../../src/bench/bench.ts';
import { findPytorch, Pytorch } from '../../src/bench/pytorch.ts';
import { type Bench, benchSchema } from '../../src/bench/result.ts';

/** A benchmark of few rounds without peers, unless they are asked for. */
const run = (options: BenchOptions): Promise<Bench> => bench({ peers: [], rounds: 3, small: true, ...options });

const positive = (value: number): void => assert.ok(Number.isFinite(value) && value > 0, String(value));

test('an op of every kind runs on the CPU, and what comes of it has the schema of the JSON', async () => {
  const only = [
    'conv5 s2 3->128',
    'linear 128->16384 input',
    "critic penalty's",
    'layer norm forward and',
    'elementwise',
  ];
  const measured = await run({ only });
  assert.equal(benchSchema.parse(JSON.parse(JSON.stringify(measured))), measured);
  assert.is(measured.results.length, 3 + 1 + 1 + 1 + 4);
  assert.is(measured.machine.device.kind, 'cpu');
  assert.match(measured.machine.versions.isa ?? '', /^(baseline|avx2|avx512)$/, "the loops' instruction set");
  assert.match(measured.machine.versions['oneDNN isa'] ?? '', /^(sse41|avx\w*|native)$/, "oneDNN's instruction set");
  positive(measured.roofline.gflops.median);
  positive(measured.roofline.gbps.median);
  for (const { entries, ofRoofline } of measured.results) {
    assert.equal(
      entries.map(({ contestant }) => contestant),
      ['gannet'],
    );
    positive(entries[0]?.ms.median as number);
    positive(ofRoofline.median);
  }
});

test('a whole step tells its memory and its crossings beside its time', async () => {
  const { results } = await run({ recipes: ['dcgan'], only: ['3x3'] });
  const [{ flops, entries }] = results as [Bench['results'][number]];
  positive(flops);
  const { crossingsPerStep, variableBytes = 0, outsideNative = -1 } = entries[0]?.details ?? {};
  assert.is(crossingsPerStep, 1);
  positive(variableBytes);
  assert.ok(outsideNative >= 0 && outsideNative < 1);
});

test('on the simulator of the CUDA kernels, sizes are small whatever was asked', async () => {
  const { results, machine } = await run({ device: 'simt', small: false, only: ['mixing'] });
  assert.is(machine.device.kind, 'simt');
  assert.equal(
    results.map(({ size }) => size),
    ['small'],
  );
});

test('tfjs takes part at the same small shapes, named for what it is', async () => {
  const { results, peers } = await run({ peers: ['tfjs'], only: ['mixing'] });
  assert.match(peers.tfjs as string, /^.*tfjs.* \d+\.\d+\.\d+/);
  const [{ entries }] = results as [Bench['results'][number]];
  assert.equal(
    entries.map(({ contestant }) => contestant),
    ['gannet', 'tfjs'],
  );
  positive(entries[1]?.ratio?.median as number);
});

test('PyTorch takes part at the published widths, with every op of the cases', async () => {
  if (!(await findPytorch())) return;
  const only = [
    'conv5 s2 3->128',
    'linear 128->16384 forward',
    'norm forward and',
    'mixing',
    'ELU, residual',
    'critic slope',
  ];
  const { results, peers } = await run({ peers: ['pytorch'], small: false, batch: 1, only });
  assert.match(peers.pytorch as string, /^PyTorch \d/);
  for (const { entries } of results) positive(entries[1]?.ratio?.median as number);
});

test('a Python that cannot time PyTorch is an error that names it', async () => {
  try {
    await Pytorch.start('/bin/false', { device: 'cpu', precision: 'float32' });
    assert.unreachable();
  } catch (error) {
    assert.is((error as { code?: string }).code, 'pytorch_failed');
  }
});

test.run();
