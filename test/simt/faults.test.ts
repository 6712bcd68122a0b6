import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { runCase } from './build.ts';

/** A planted fault, the kernel without it, and what the simulator must say. */
interface Fault {
  readonly name: string;
  readonly sound?: string;
  readonly says: readonly RegExp[];
}

const THREAD = /block \(0,0,0\), thread \(\d+,\d+,\d+\)/;

/** A missing barrier shows as a race, or as a read before the write, whichever thread comes first. */
const UNORDERED = /data race|uninitialised read/;

const FAULTS: readonly Fault[] = [
  { name: 'reverse without its barrier', sound: 'reverse', says: [/reverse_kernel/, THREAD, UNORDERED] },
  {
    name: 'reuse without its barrier',
    sound: 'reuse',
    says: [/reuse_kernel/, THREAD, /data race with thread \(\d+,0,0\)/],
  },
  {
    name: 'warp exchange without __syncwarp',
    sound: 'warp exchange',
    says: [/warp_exchange_kernel/, THREAD, UNORDERED],
  },
  { name: 'two writers of a word', says: [/write_race_kernel/, THREAD, /writes 4 bytes .* data race with thread/] },
  { name: 'two writers of half a word', sound: 'halves of words', says: [/writes 2 bytes .* data race with thread/] },
  {
    name: 'global exchange without its barrier',
    sound: 'global exchange',
    says: [/of an allocation/, THREAD, UNORDERED],
  },
  { name: 'blocks that write one word', sound: 'atomic count', says: [/data race between blocks/] },
  {
    name: 'write past the end',
    says: [/beyond_end_kernel: .*thread \(63,0,0\): writes 4 bytes at byte 256 of 256 .*out of range/],
  },
  { name: 'write before the start', says: [/thread \(0,0,0\): writes 4 bytes at byte -4 of 256 .*out of range/] },
  { name: 'write far past the end', says: [/not the device's: out of range/] },
  {
    name: 'write past shared memory',
    sound: 'write within shared memory',
    says: [/thread \(63,0,0\): writes 4 bytes at byte 256 of 256 of shared memory: out of range/],
  },
  {
    name: 'misaligned vectors',
    sound: 'aligned vectors',
    says: [THREAD, /misaligned access .*8 bytes past a multiple of 16/],
  },
  { name: 'read unwritten shared memory', says: [/thread \(5,0,0\): reads 4 bytes at byte 20 .*uninitialised read/] },
  { name: 'read unwritten global memory', says: [/of an allocation, which nothing has written: uninitialised read/] },
  { name: 'read freed memory', says: [/not the device's: out of range/] },
  { name: 'read host memory', says: [/not the device's: out of range/] },
  { name: 'copy without a wait', sound: 'copy', says: [THREAD, /asynchronous copy is under way/] },
  { name: 'copy with a wait for too few groups', says: [THREAD, /asynchronous copy is under way/] },
  { name: 'copy without a commit', says: [THREAD, /asynchronous copy is under way/] },
  { name: 'copy without a barrier', says: [THREAD, /asynchronous copy is under way|uninitialised read|data race/] },
  { name: 'write over a copy under way', says: [THREAD, /writes 4 bytes .*asynchronous copy is under way/] },
  { name: 'misaligned copy', says: [/misaligned cp.async/] },
  {
    name: 'barrier for some threads',
    says: [
      /divergent_kernel: block \(0,0,0\): divergent barrier: 16 of 64 threads, \(0,0,0\) to \(15,0,0\), are at __syncthreads/,
    ],
  },
  { name: 'two kinds of barrier', says: [/divergent barrier: .*62 of 64 .*__syncwarp; 2 of 64 .*__syncthreads/] },
  { name: 'shuffle from outside the mask', says: [/the value of lane 20 for lane \d+, which is not in its mask/] },
  { name: 'product in a partial warp', says: [/mma.m16n8k8.tf32 in a warp of fewer than 32 threads/] },
  { name: 'local memory of another thread', says: [/the local memory of another thread: out of range/] },
  {
    name: 'block of 1025 threads',
    sound: 'block of 1024 threads',
    says: [/launched with a block of 1025x1x1 threads/],
  },
  { name: 'block 65 deep', says: [/launched with a block of 1x1x65 threads/] },
  { name: 'grid of 65536 rows', says: [/launched with a grid of 1x65536x1 blocks/] },
  { name: 'empty grid', says: [/launched with a grid of 0x1x1 blocks/] },
  {
    name: 'more than 227 KB of shared memory',
    sound: '227 KB of shared memory',
    says: [/launched with 232449 bytes of shared memory; a block has at most 232448/],
  },
];

for (const { name, sound, says } of FAULTS) {
  test(`reports: ${name}`, () => {
    for (const seed of ['1', '2']) {
      const output = runCase(name, { GANNET_SIMT_SEED: seed }).join('\n');
      assert.match(output, /^error: kernel gannet::kernels::/);
      for (const pattern of says) assert.match(output, pattern);
    }
  });
  if (sound !== undefined) {
    test(`accepts: ${sound}`, () => {
      assert.not.match(runCase(sound).join('\n'), /error/);
    });
  }
}

const reversed = Array.from({ length: 64 }, (_, i) => 63 - i);

test('a sound kernel computes the same with and without checks', () => {
  assert.equal(runCase('reverse').map(Number), reversed);
  assert.equal(runCase('reverse', { GANNET_SIMT_CHECK: '0' }).map(Number), reversed);
});

test('without checks a missing barrier or wait leaves poison in the result', () => {
  for (const name of ['reverse without its barrier', 'copy without a wait']) {
    assert.ok(runCase(name, { GANNET_SIMT_CHECK: '0' }).map(Number).some(Number.isNaN), name);
  }
});

test('without checks a write into a guard zone is found when the launch ends', () => {
  const [message] = runCase('written guard zone', { GANNET_SIMT_CHECK: '0' });
  assert.match(message as string, /touch_kernel: wrote outside of an allocation of 64 bytes/);
});

test.run();
