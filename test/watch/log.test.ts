import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { endOf, LogReader } from '../../src/watch/runs/log.ts';

const lines = (...messages: string[]): string[] => messages.map((message) => `2026-11-28T10:00:00.000Z ${message}`);

test('the last lines of the log tell how a run ended', () => {
  const stateOf = (...messages: string[]) => endOf(lines(...messages))?.state;
  assert.is(stateOf('started on cpu', 'saved x', 'finished at step 100'), 'finished');
  assert.is(stateOf('interrupted at step 10', 'note at step 10: too slow'), 'stopped');
  assert.is(stateOf('collapsed at step 10'), 'stopped');
  assert.is(stateOf('diverged: generatorLoss is NaN at step 7.'), 'diverged');
  assert.is(stateOf('finished at step 100', 'resumed at step 100 on cpu', 'saved x'), undefined);
  assert.is(stateOf(), undefined);
  assert.is(endOf(['finished at step 3']), undefined, 'a line without its time is none of the log');
});

test('the log tells what happened at which step', () => {
  const reader = new LogReader(3);
  const told = lines(
    'started on cpu',
    'warning at step 40: the samples are alike',
    'saved runs/a/checkpoints/step-000050',
    'rolled back to the weights of step 20',
    'resumed at step 50 on cpu',
    'changed after step 50: steps 10 -> 20',
    'note at step 60: <b>looks</b> good',
  );
  for (const line of told) reader.line(line);
  assert.equal(reader.marks, [
    { kind: 'warning', step: 40, text: 'the samples are alike' },
    { kind: 'rollback', step: 50, text: 'rolled back to the weights of step 20' },
    { kind: 'resume', step: 50, text: 'resumed at step 50 on cpu' },
    { kind: 'change', step: 50, text: 'steps 10 -> 20' },
    { kind: 'note', step: 60, text: '<b>looks</b> good' },
  ]);
  assert.equal(reader.tail, told.slice(-3));
  reader.restart();
  assert.equal([reader.marks, reader.tail], [[], []]);
});

test.run();
