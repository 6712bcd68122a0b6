import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { benchCases, chooseCases } from '../../src/bench/choose.ts';
import { fullName } from '../../src/bench/op_cases.ts';
import { floorMs } from '../../src/bench/roofline.ts';
import type { Size } from '../../src/bench/workload.ts';
import { openDevice } from '../../src/device/index.ts';
import { own } from '../models/own.ts';

const names = benchCases.map(fullName);

const find = (name: string, size: Size, batch?: number) => {
  const row = benchCases.find((each) => fullName(each) === name);
  assert.ok(row, name);
  return row.workload(size, batch);
};

test('whole steps of every family, of the DCGAN with every kernel, and of the BEGAN updated simultaneously', () => {
  const steps = benchCases.filter(({ kind }) => kind === 'step').map(fullName);
  const dcgan = ['dcgan 3x3 step', 'dcgan 4x4 step', 'dcgan 5x5 step'];
  assert.equal(steps, [...dcgan, 'wgan-gp step', 'began step', 'began simultaneous step']);
});

test('the step of a variant is that variant for gannet and for PyTorch, at both sizes', () => {
  const began = find('began step', 'published', 8);
  const simultaneous = find('began simultaneous step', 'published', 8);
  assert.ok(simultaneous.flops < 0.76 * began.flops);
  assert.equal(simultaneous.pytorch, { op: 'step', recipe: 'began', batch: 8, schedule: 'simultaneous' });
  assert.equal(began.pytorch, { op: 'step', recipe: 'began', batch: 8 });
  assert.ok(find('began simultaneous step', 'small').flops < 0.8 * find('began step', 'small').flops);
  assert.equal(find('dcgan 4x4 step', 'published').pytorch, { op: 'step', recipe: 'dcgan', batch: 32, kernel: 4 });
});

test('every layer of the DCGAN in three directions, and one with each of the other kernels', () => {
  for (const layer of ['3->128 at 64', '128->256 at 32', '256->512 at 16', '512->1024 at 8']) {
    for (const direction of ['forward', 'input gradient', 'filter gradient'])
      assert.ok(names.includes(`dcgan conv5 s2 ${layer} ${direction}`), layer);
  }
  for (const kernel of [3, 4]) assert.ok(names.includes(`dcgan conv${kernel} s2 128->256 at 32 filter gradient`));
});

test("the WGAN-GP's critic up to its penalty, and the BEGAN's encoder and decoder", () => {
  for (const pass of ['forward', 'slope', "penalty's gradients"]) assert.ok(names.includes(`wgan-gp critic ${pass}`));
  const began = names.filter((name) => name.startsWith('began conv3') && name.endsWith('forward'));
  assert.is(began.length, 7);
  assert.ok(names.includes('began linear 32768->64 forward'));
});

test('norms, what is elementwise, and the optimiser', () => {
  for (const norm of ['batch', 'layer']) assert.ok(names.includes(`${norm} norm forward and backward`));
  assert.equal(
    names.filter((name) => name.startsWith('elementwise')),
    ['bias, leaky ReLU', 'bias, ELU, residual', 'mixing images', 'Adam update'].map((name) => `elementwise ${name}`),
  );
});

test('names are unique', () => {
  assert.is(new Set(names).size, names.length);
});

test('a convolution does the same operations in every direction, worked out by hand', () => {
  const byHand = 2 * 32 * 16 * 16 * 256 * 5 * 5 * 128;
  for (const direction of ['forward', 'input gradient', 'filter gradient'])
    assert.is(find(`dcgan conv5 s2 128->256 at 32 ${direction}`, 'published').flops, byHand);
});

test('what must be moved is every input and every result once: 28 bytes for a weight of Adam, and its two scalars', () => {
  const weights = 1024 * 5 * 5 * 512;
  // The step count is read, raised and written; the learning rate is read.
  assert.is(find('elementwise Adam update', 'published').bytes, 28 * weights + 12);
  const { bytes } = find('elementwise bias, leaky ReLU', 'published');
  assert.is(bytes, 4 * (2 * 32 * 32 * 32 * 128 + 128));
});

test('a small case has one image and an eighth of the channels that are multiplied', () => {
  assert.is(find('dcgan conv5 s2 128->256 at 32 forward', 'small').shape, '[1,32,32,16] -> [1,16,16,32]');
  assert.is(find('dcgan conv5 s2 3->128 at 64 forward', 'small').shape, '[1,64,64,3] -> [1,32,32,16]');
  assert.is(find('batch norm forward', 'small').shape, '[1,16,16,256]');
});

test('a batch changes the published size alone', () => {
  assert.is(find('dcgan conv5 s2 3->128 at 64 forward', 'published', 2).images, 2);
  assert.is(find('dcgan conv5 s2 3->128 at 64 forward', 'small', 2).images, 1);
});

test('under a roofline, work takes as long as the slower of its operations and its bytes', () => {
  assert.is(floorMs({ flops: 4e9, bytes: 1e6 }, { gflops: 100, gbps: 10 }), 40);
  assert.is(floorMs({ flops: 4e3, bytes: 1e9 }, { gflops: 100, gbps: 10 }), 100);
});

test('cases are chosen by parts of their names, by recipe, and a few for all', () => {
  assert.equal(
    chooseCases({ only: ['adam', 'Mixing'] }).map(({ name }) => name),
    ['mixing images', 'Adam update'],
  );
  assert.equal(
    chooseCases({ recipes: ['dcgan'] }).map(({ name }) => name),
    ['3x3 step', '4x4 step', '5x5 step'],
  );
  assert.is(chooseCases({ only: ['adam'], quick: true }).length, chooseCases({ only: ['adam'] }).length);
  const quick = chooseCases({ quick: true }).map(fullName);
  for (const part of ['dcgan 5x5 step', 'dcgan conv5', 'began conv3', 'batch norm', 'layer norm', 'Adam'])
    assert.ok(
      quick.some((name) => name.includes(part)),
      part,
    );
  assert.ok(quick.length < 15);
});

test('a recipe that has no case of its own, such as one of a user, is timed in a step by its defaults', () => {
  const [row, ...others] = chooseCases({ recipes: [own], quick: true });
  assert.equal([row && fullName(row), others], ['own step', []]);
  assert.is(row?.workload('published').shape, '16x16, batch 128');
  assert.is(row?.workload('published', 7).shape, '16x16, batch 7');
  assert.is(row?.workload('small').shape, '16x16, batch 2');
  const [guide] = chooseCases({ recipes: ['conv-guide'] });
  assert.is(guide?.workload('small').shape, '32x32, width 8, batch 2');
});

test('a step of a conditional recipe is told labels', async () => {
  const [row] = chooseCases({ recipes: [own] });
  const device = openDevice('cpu', { threads: 1 });
  const contestant = await (row as NonNullable<typeof row>).workload('small').open(device);
  assert.ok((await contestant.measure(1)) > 0);
  device.close();
});

test('a choice of nothing is refused with what there is', () => {
  assert.throws(() => chooseCases({ only: ['conv7'] }), /none holds 'conv7'.*\n.*dcgan 3x3 step/);
  assert.throws(() => chooseCases({ recipes: ['dcgam'] }), /no recipe 'dcgam'\. Did you mean 'dcgan'\?/);
});

test.run();
