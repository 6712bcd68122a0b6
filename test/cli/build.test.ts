import { EventEmitter } from 'node:events';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { gannet } from './command.ts';

const test = suite('gannet build');

test('an interruption stops the build and is blamed on nothing', async () => {
  const signals = new EventEmitter();
  const command = gannet(['build', '--mpi'], { signals });
  while (signals.listenerCount('SIGINT') === 0) await new Promise((resolve) => setImmediate(resolve));
  signals.emit('SIGINT');
  const { exitCode, stdout, stderr } = await command;
  assert.is(exitCode, 130);
  assert.is(stdout, '');
  assert.match(stderr, 'Stopping the build.');
  assert.not.match(stderr, 'could not be compiled');
  assert.is(signals.listenerCount('SIGINT'), 0);
});

test.run();
