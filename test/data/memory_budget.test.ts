import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { MemoryBudget } from '../../src/data/memory_budget.ts';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Runs work of these sizes, each of which ends when the event loop has turned; answers what was in memory at each beginning. */
async function runAll(budget: MemoryBudget, sizes: readonly number[]): Promise<number[]> {
  const held: number[] = [];
  let now = 0;
  const work = (bytes: number) => async () => {
    now += bytes;
    held.push(now);
    await turn();
    now -= bytes;
  };
  await Promise.all(sizes.map((bytes) => budget.run(bytes, work(bytes))));
  return held;
}

test('work waits until it fits, and keeps its order', async () => {
  assert.equal(await runAll(new MemoryBudget(10), [4, 6, 5, 5]), [4, 10, 5, 10]);
});

test('what is larger than the budget runs alone', async () => {
  assert.equal(await runAll(new MemoryBudget(10), [3, 25, 3]), [3, 25, 3]);
});

test('small work does not overtake large work for ever', async () => {
  const held = await runAll(new MemoryBudget(10), [6, 10, 1, 1]);
  assert.equal(held, [6, 10, 1, 2]);
});

test('failed work gives its memory back', async () => {
  const budget = new MemoryBudget(10);
  const failure = budget.run(10, () => Promise.reject(new Error('no')));
  assert.is(await failure.catch((error: Error) => error.message), 'no');
  assert.is(await budget.run(10, async () => 'begun'), 'begun');
});

test.run();
