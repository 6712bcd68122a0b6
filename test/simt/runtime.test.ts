import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { runCase } from './build.ts';

test('arguments of every size and alignment reach the kernel, converted to its types', () => {
  assert.equal(runCase('arguments').map(Number), [3 * 0.5 + 0.25 * 8]);
});

test('a captured graph does nothing until it is launched, and the same again at each launch', () => {
  // y = 1 at first; each launch adds the x that it copies in: 10, then 100. Work outside of the graph adds 100 once more.
  assert.equal(runCase('graph').map(Number), [1, 11, 111, 211]);
});

test('what a stream does that waits for another one is seen once it is waited for', () => {
  // y = 1 at first; each time 2 are added. Asked before anything waits, after a stream has waited, after an event has been, and a stream.
  assert.equal(runCase('following stream').map(Number), [1, 3, 5, 7]);
});

test('no graph comes of a capture that spread to a stream which is not waited for at the end', () => {
  assert.equal(runCase('capture that spreads'), ['cudaSuccess', 'cudaErrorStreamCaptureUnjoined']);
});

test('what CUDA refuses during a capture is refused, and no graph comes of it', () => {
  const refused = 'cudaErrorStreamCaptureUnsupported, cudaErrorStreamCaptureInvalidated';
  assert.equal(runCase('refused during capture'), [
    // allocating, freeing, allocating page-locked memory, a copy that waits, copies from and to pageable memory, waiting
    ...Array(7).fill(refused),
    // a copy from page-locked memory; and afterwards a copy that waits
    'cudaSuccess, cudaSuccess',
    'cudaSuccess',
  ]);
});

test('a kernel that is first loaded during a capture is refused, one that was preloaded is not', () => {
  const [error, ...rest] = runCase('load during capture');
  assert.match(error as string, /add_kernel: cudaFuncGetAttributes: cudaErrorStreamCaptureUnsupported/);
  assert.equal(rest, ['cudaSuccess, cudaErrorStreamCaptureInvalidated', 'cudaSuccess, cudaSuccess']);
});

test('shared memory beyond 48 KiB is asked for once, with room for it on the multiprocessor', () => {
  assert.equal(runCase('large shared memory'), [
    '49152 bytes, carveout -1',
    '65536 bytes, carveout 100',
    '65536 bytes, carveout 100',
  ]);
});

test('a launch of no kernel is an error', () => {
  assert.match(runCase('no kernel')[0] as string, /^error: .*no kernel was compiled for this configuration/);
});

test('allocations beyond the limit fail, and succeed when memory was freed', () => {
  assert.equal(runCase('memory limit', { GANNET_SIMT_MEMORY: '5000' }), [
    'cudaSuccess',
    '2000 of 5000',
    'cudaErrorMemoryAllocation',
    'null cudaErrorMemoryAllocation',
    'cudaSuccess',
  ]);
});

test('copies and fills stay inside of one allocation', () => {
  assert.equal(runCase('misuse of memory'), ['cudaSuccess', ...Array(5).fill('cudaErrorInvalidValue')]);
});

test('gaps declared inside of an allocation are out of range for kernels', () => {
  const [touched, error] = runCase('gap in an allocation');
  assert.is(touched, 'touched');
  assert.match(
    error as string,
    /writes 4 bytes at byte 128 of an allocation, which lie between two buffers: out of range/,
  );
});

test('poisoned elements count as never written', () => {
  assert.match(runCase('poison')[0] as string, /thread \(7,0,0\): reads 4 bytes at byte 28 .*uninitialised read/);
});

test.run();
