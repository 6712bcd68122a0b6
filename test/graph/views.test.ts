import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compile } from '../../src/graph/compile.ts';
import type { Program, Slot } from '../../src/graph/program.ts';
import { verifyProgram } from '../../src/graph/verify.ts';
import { exp, slice } from '../../src/ops/index.ts';
import type { Shape } from '../../src/tensor/shape.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { feed, trace } from '../../src/tensor/trace.ts';

/** The program that slices e^x (x itself if `ofFeed`), and returns the whole and the slice. */
function sliced(shape: Shape, begin: readonly number[], size: Shape, ofFeed = false): Program {
  const cut = (x: Tensor) => ({ whole: exp(x), part: slice(ofFeed ? x : exp(x), begin, size) });
  return compile(
    trace('slice', () => cut(feed('x', shape))),
    new Set(),
  );
}

const slotOf = ({ outputs }: Program, name: string): Slot =>
  outputs.find((output) => output.name === name)?.slot as Slot;

const opsOf = ({ steps }: Program): string[] => steps.map(({ op }) => op);

test('a slice whose elements lie together is a view: no step, and memory within that of the whole', () => {
  for (const [begin, size, bytes] of [
    [[2, 0, 0], [1, 4, 8], 256],
    [[1, 0, 0], [2, 4, 8], 128],
    [[1, 2, 0], [1, 2, 8], 192],
  ] as const) {
    const program = sliced([3, 4, 8], begin, size);
    verifyProgram(program);
    assert.equal(opsOf(program), ['elementwise']);
    assert.is(slotOf(program, 'part').offset, slotOf(program, 'whole').offset + bytes);
    assert.equal(slotOf(program, 'part').shape, size);
  }
});

test('a slice is copied where its elements lie scattered, or not at a multiple of 64 bytes, and out of a feed', () => {
  assert.equal(opsOf(sliced([3, 4, 8], [0, 1, 0], [2, 2, 8])), ['elementwise', 'slice']);
  assert.equal(opsOf(sliced([3, 5], [1, 0], [1, 5])), ['elementwise', 'slice']);
  assert.equal(opsOf(sliced([3, 16], [1, 0], [1, 16], true)).sort(), ['elementwise', 'slice']);
});

test.run();
