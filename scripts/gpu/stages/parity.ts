import type { Part, Setting, Stage } from '../part.ts';
import { gannet, program } from '../programs.ts';

const PRECISIONS = ['float32', 'tf32', 'bfloat16'] as const;

/** What the simulator does within seconds: an op of each kind, and a whole step. */
const TINY = ['matmul 33x19x17', 'conv2d [2,5,5,17]', 'layerNorm [2,3,3,17]', 'adam clipped', 'step of dcgan-digits'];

/** The files of tests of the kernels. */
const KERNEL_TESTS = [
  ...[
    'bfloat16',
    'convolutions',
    'conv_statistics',
    'epilogues',
    'expressions',
    'lookup',
    'movement',
    'norms',
    'optimizers',
  ],
  ...['pooling', 'random', 'reductions'],
].map((name) => `test/cuda/${name}.test`);

const WAITED_FOR = { GANNET_CUDA_SYNC: '1' };

/** Whether every number is right: by themselves, every launch waited for, in whole steps, again and again, and after errors. */
export const parity: Stage = {
  name: 'b',
  title: 'parity',
  weight: 6,
  parts: (setting: Setting) => [
    ...PRECISIONS.map((precision) => table(setting, precision)),
    ...['dcgan', 'wgan_gp', 'began'].map((name) =>
      testFile(setting, `steps of PyTorch, ${name}`, `test/train/${name}_replay.test`),
    ),
    testFile(setting, 'errors, graphs, runs', 'test/cuda/device.test'),
    repeated(setting),
    inTurn(setting),
    ...PRECISIONS.map((precision) => table(setting, precision, WAITED_FOR)),
    ...(setting.device === 'cuda' ? onHardware(setting) : []),
  ],
};

/** Tests that take the simulator minutes. */
const onHardware = (setting: Setting): Part[] => [
  testFile(setting, 'losses in bfloat16', 'test/train/bfloat16.test'),
  testFile(setting, 'table with small values in bfloat16', 'test/parity/kernels_bfloat16.test', WAITED_FOR),
  ...KERNEL_TESTS.map((path) => testFile(setting, `kernels, ${path.split('/').at(-1)?.split('.')[0]}`, path)),
];

/** The whole table of cases against loops in float64. */
const table = (
  { device }: Setting,
  precision: (typeof PRECISIONS)[number],
  environment?: Readonly<Record<string, string>>,
): Part => ({
  name: `table in ${precision}${environment ? ', every launch waited for' : ''}`,
  command: () =>
    gannet(
      ...['parity', '--device', device, '--against', 'oracle', '--precision', precision, '--budget', '60', '--json'],
      ...(device === 'simt' ? ['--only', ...TINY] : []),
    ),
  ...(environment && { environment }),
  limitS: 180,
  extension: 'jsonl',
  note: (output) => `${precision}${environment ? ' waited for' : ''} ${countCases(output)}`,
});

interface CaseResult {
  readonly type: string;
  readonly status: 'passed' | 'failed' | 'skipped';
  readonly tolerance: number;
  readonly worst?: { readonly error: number };
}

/** `285 of 285, at worst 0.45 of the tolerance` */
export function countCases(output: string): string {
  const lines = output.trim().split('\n');
  const results = lines.map((line) => JSON.parse(line) as CaseResult).filter(({ type }) => type === 'result');
  const passed = results.filter(({ status }) => status === 'passed').length;
  const worst = Math.max(0, ...results.map(({ worst, tolerance }) => (worst?.error ?? 0) / tolerance));
  return `${passed} of ${results.length}, at worst ${worst.toFixed(2)} of the tolerance`;
}

/** A file of tests, on the device alone: what else they compare with is tested without a GPU. */
const testFile = (
  { device }: Setting,
  name: string,
  path: string,
  environment?: Readonly<Record<string, string>>,
): Part => ({
  name,
  command: () => program(path),
  environment: { GANNET_KERNEL_DEVICE: device, GANNET_TEST_DEVICES: device, ...environment },
  limitS: 120,
});

/** Equal bits of training steps that are repeated, with captured graphs and without. */
const repeated = ({ device }: Setting): Part => ({
  name: 'repeated steps',
  command: () => program('scripts/gpu/repeat_steps', '--device', device),
  limitS: 180,
  extension: 'jsonl',
  note: (output) => `${output.trim().split('\n').length} trainings repeat bit for bit`,
});

/** Devices that are opened, used and closed one after another, and the memory they leave. */
const inTurn = ({ device }: Setting): Part => ({
  name: 'devices in turn',
  command: () => program('scripts/gpu/open_in_turn', '--device', device),
  limitS: 120,
  extension: 'jsonl',
});
