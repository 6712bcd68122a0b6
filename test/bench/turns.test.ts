import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Contestant, takeTurns } from '../../src/bench/turns.ts';

/** A contestant that takes the same time whenever asked, and notes by whom and how often it was. */
const constant = (name: string, ms: number, log: string[]): Contestant => ({
  measure: async (runs) => {
    log.push(`${name} ${runs}`);
    return ms;
  },
});

test('everyone warms up, then has a turn in every round, each round begun by another', async () => {
  const log: string[] = [];
  const contestants = new Map(['a', 'b', 'c'].map((name, i) => [name, constant(name, 100 + i, log)]));
  const times = await takeTurns(contestants, { rounds: 3, turnMs: 30, budgetMs: Number.POSITIVE_INFINITY });
  assert.equal(
    log,
    ['a', 'b', 'c', 'a', 'b', 'c', 'b', 'c', 'a', 'c', 'a', 'b'].map((name) => `${name} 1`),
  );
  assert.equal(
    times,
    new Map([
      ['a', [100, 100, 100]],
      ['b', [101, 101, 101]],
      ['c', [102, 102, 102]],
    ]),
  );
});

test('short work is repeated until it fills a turn, behind half as many runs that do not count', async () => {
  const log: string[] = [];
  // What follows the turn of another is slow at first.
  const slow: Record<string, number> = { '1': 20, '4': 9 };
  const contestant: Contestant = {
    measure: async (runs) => {
      log.push(String(runs));
      const ms = slow[runs] ?? 4;
      delete slow['1'];
      return ms;
    },
  };
  assert.equal(
    await takeTurns(new Map([['a', contestant]]), { rounds: 2, turnMs: 30, budgetMs: Number.POSITIVE_INFINITY }),
    new Map([['a', [4, 4]]]),
  );
  assert.equal(log, ['1', '1', '4', '8', '4', '8']);
});

test('a run that the clock does not see is repeated a bounded number of times', async () => {
  const log: string[] = [];
  await takeTurns(new Map([['a', constant('a', 0, log)]]), {
    rounds: 1,
    turnMs: 30,
    budgetMs: Number.POSITIVE_INFINITY,
  });
  assert.equal(log, ['a 1', 'a 1', 'a 500', 'a 1000']);
});

test('who has been warmed up already begins with its turns', async () => {
  const log: string[] = [];
  const contestants = new Map([['a', { ...constant('a', 10, log), warmMs: 10 }]]);
  await takeTurns(contestants, { rounds: 2, turnMs: 30, budgetMs: Number.POSITIVE_INFINITY });
  assert.equal(log, ['a 1', 'a 3', 'a 1', 'a 3']);
});

test('rounds end with the budget, but not before there are quartiles', async () => {
  const roundsIn = async (budgetMs: number) => {
    const contestants = new Map([['a', { ...constant('a', 10, []), warmMs: 10 }]]);
    return (await takeTurns(contestants, { rounds: 7, turnMs: 30, budgetMs })).get('a')?.length;
  };
  assert.is(await roundsIn(0), 3);
  assert.is(await roundsIn(150), 4);
  assert.is(await roundsIn(1000), 7);
});

test.run();
