import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readArguments, STAGES } from '../../scripts/gpu/arguments.ts';
import { heaviestLaunches, readLaunches, totalMs } from '../../scripts/gpu/launches.ts';
import { speedOf } from '../../scripts/gpu/stages/benchmark.ts';
import { countCases } from '../../scripts/gpu/stages/parity.ts';

/** What ncu prints of four launches, between lines of its own and of the program. */
const NCU = [
  '==PROF== Connected to process 41',
  'some line of the program',
  '"ID","Process ID","Kernel Name","Context","gpu__time_duration.sum"',
  '"","","","","nsecond"',
  '"0","41","conv_forward<Bf16, (int)128>(Args)","1","1,200,000"',
  '"1","41","adam(Args)","1","700000"',
  '"2","41","conv_forward<Bf16, (int)128>(Args)","1","300000"',
  '"3","41","norm ""x""(Args)","1","1600000"',
  '==PROF== Disconnected',
].join('\n');

test("launches are read from ncu's table whatever stands around it", () => {
  const launches = readLaunches(NCU);
  assert.equal(
    launches.map(({ index, kernel, ms }) => [index, kernel, ms]),
    [
      [0, 'conv_forward<Bf16, (int)128>(Args)', 1.2],
      [1, 'adam(Args)', 0.7],
      [2, 'conv_forward<Bf16, (int)128>(Args)', 0.3],
      [3, 'norm "x"(Args)', 1.6],
    ],
  );
  assert.is(totalMs(launches).toFixed(3), '3.800');
  assert.equal(readLaunches('==ERROR== ERR_NVGPUCTRPERM'), []);
});

test('the heaviest kernels are those with the most time in all, each by its longest launch', () => {
  const heaviest = heaviestLaunches(
    [0.9, 0.5, 0.6, 0.2].map((ms, index) => ({ index, kernel: index === 0 ? 'once' : 'often', ms })),
    2,
  );
  assert.equal(
    heaviest.map(({ index }) => index),
    [2, 0],
  );
  assert.is(heaviestLaunches(readLaunches(NCU), 1).length, 1);
});

test('cases are counted with the largest part of a tolerance that any error takes', () => {
  const lines = [
    { type: 'start', total: 3 },
    { type: 'result', status: 'passed', tolerance: 1e-3, worst: { error: 5e-4 } },
    { type: 'result', status: 'failed', tolerance: 1e-4, worst: { error: 3e-4 } },
    { type: 'result', status: 'failed', tolerance: 1e-4 },
    { type: 'end', ok: false },
  ];
  assert.is(countCases(lines.map((line) => JSON.stringify(line)).join('\n')), '1 of 3, at worst 3.00 of the tolerance');
});

test('the speed of a step is told in images and operations a second beside PyTorch', () => {
  const results = [
    { images: 128, flops: 2e12, entries: [{ ms: { median: 4 } }, { ms: { median: 5 }, ratio: { median: 1.25 } }] },
  ];
  assert.is(speedOf({ results }, 'dcgan'), 'dcgan 32000 img/s, 500.0 TFLOP/s, 1.25 times PyTorch');
  assert.match(speedOf({ results }, 'dcgan', 800), /500\.0 TFLOP\/s \(63 % of the library's product\)/);
  assert.is(speedOf({ results: [] }, 'dcgan'), '');
});

test('stages run in their own order, whatever the order in which they are named, and all if none is', () => {
  const named = readArguments(['d', 'b', '--minutes', '9', '--out', '/tmp/x']);
  assert.equal(named !== 'help' && named.stages.map(({ name }) => name), ['b', 'd']);
  assert.is(named !== 'help' && named.pack, '/tmp/x/results.tar.gz');
  const all = readArguments([]);
  assert.equal(all !== 'help' && all.stages, STAGES);
  for (const wrong of [['x'], ['--minutes', 'soon'], ['--device', 'cpu'], ['--fast']]) {
    assert.throws(() => readArguments(wrong));
  }
});

test.run();
