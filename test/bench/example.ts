import type { Bench, BenchResult } from '../../src/bench/result.ts';
import type { Spread } from '../../src/bench/statistics.ts';

const around = (median: number): Spread => ({ median, lower: 0.9 * median, upper: 1.1 * median });

const convolution: BenchResult = {
  group: 'dcgan conv5',
  name: 'forward',
  kind: 'op',
  size: 'published',
  rounds: 7,
  shape: '[2,8,8,4] -> [2,4,4,8]',
  images: 2,
  flops: 2e9,
  bytes: 1e7,
  ofRoofline: around(0.5),
  entries: [
    { contestant: 'gannet', ms: around(10) },
    { contestant: 'pytorch', ms: around(25), ratio: { ...around(2.5), told: true } },
  ],
};

/** A benchmark as it might have been measured. */
export const exampleBench: Bench = {
  machine: {
    processor: 'Abacus 3000',
    cores: 2,
    memoryBytes: 24 * 2 ** 30,
    device: { kind: 'cpu', description: 'Abacus 3000', precision: 'auto' },
    versions: { gannet: '0.1.0', Node: '20.0.0' },
  },
  loadBefore: 0.25,
  seconds: 300,
  peers: { pytorch: 'PyTorch 1.13.0 (openblas)', tfjs: 'tfjs 4.22.0 cpu (pure JavaScript)' },
  roofline: { gflops: around(400), gbps: around(20) },
  results: [
    {
      ...convolution,
      group: 'dcgan',
      name: '5x5 step',
      kind: 'step',
      rounds: 3,
      shape: '64x64, width 128',
      images: 32,
      flops: 490e9,
      entries: [
        {
          contestant: 'gannet',
          ms: around(1000),
          details: {
            arenaBytes: 230e6,
            workspaceBytes: 147e6,
            variableBytes: 439e6,
            crossingsPerStep: 1,
            outsideNative: 0.0005,
            timerDelayMs: 3.8,
          },
        },
        {
          contestant: 'pytorch',
          ms: around(2400),
          ratio: { ...around(2.4), told: true },
          details: { channelsLast: 0, peakRssBytes: 942e6 },
        },
      ],
    },
    convolution,
    {
      ...convolution,
      name: 'input gradient',
      entries: [
        { contestant: 'gannet', ms: around(10) },
        { contestant: 'pytorch', ms: around(10.1), ratio: { median: 1.01, lower: 0.95, upper: 1.2, told: false } },
      ],
    },
    {
      ...convolution,
      size: 'small',
      entries: [
        { contestant: 'gannet', ms: around(0.1) },
        { contestant: 'tfjs', ms: around(400), ratio: { ...around(4000), told: true } },
      ],
    },
  ],
};
