import { EventEmitter } from 'node:events';
import { chmodSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { temporaryFolder } from '../data/temporary.ts';
import { gannet } from './command.ts';

const test = suite('gannet build');

/** A compiler that tells its process id and never ends. */
const COMPILER = `#!/bin/sh
[ "$1" = --version ] && exit 0
cd "$(dirname "$0")" && echo $$ > writing && mv writing started
exec sleep 600
`;

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

test('an interruption ends the compiler too and is blamed on nothing', async () => {
  const folder = temporaryFolder({ mpicxx: COMPILER });
  chmodSync(join(folder, 'mpicxx'), 0o755);
  const { PATH } = process.env;
  process.env.PATH = `${folder}:${PATH}`;
  const signals = new EventEmitter();
  const command = gannet(['build', '--mpi'], { signals });
  const started = join(folder, 'started');
  while (!existsSync(started)) await new Promise((resolve) => setImmediate(resolve));
  process.env.PATH = PATH;
  signals.emit('SIGINT');
  const { exitCode, stdout, stderr } = await command;
  assert.is(exitCode, 130);
  assert.is(stdout, '');
  assert.match(stderr, 'Stopping the build.');
  assert.not.match(stderr, 'could not be compiled');
  assert.is(signals.listenerCount('SIGINT'), 0);
  assert.not(isAlive(Number(readFileSync(started, 'utf8'))));
});

test.run();
