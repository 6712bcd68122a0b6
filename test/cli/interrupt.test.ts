import { execFileSync, spawnSync } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { setImmediate } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { temporaryFolder } from '../data/temporary.ts';
import { STARTER } from '../starter.ts';
import { gannet, jsonLines, spawnGannet, tinyTraining } from './command.ts';

const newRun = (): string => join(temporaryFolder(), 'run');

/** Sends a signal once an output says that a step has been done. */
const afterStep = (step: number, send: () => void) => (text: string) => {
  if (text.includes(`"type":"step","step":${step},`)) send();
};

test('the first signal finishes the step, saves, and ends with 130 and how to go on', async () => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    const run = newRun();
    const signals = new EventEmitter();
    const { exitCode, stdout, stderr } = await gannet(tinyTraining('--out', run, '--json', '--steps', '1000'), {
      signals,
      onStdout: afterStep(5, () => signals.emit(signal)),
    });
    assert.is(exitCode, 130);
    assert.match(stderr, /Saving and stopping after this step\. Ctrl-C again quits at once/);
    const events = jsonLines(stdout);
    assert.equal(events.at(-1), { type: 'end', step: 5, reason: 'interrupted', skipped: '' });
    assert.ok(existsSync(join(run, 'checkpoints', 'step-000005')));
    assert.is(signals.listenerCount(signal), 0, 'signals have their usual meaning again');
  }
});

test('the second signal quits at once', async () => {
  const signals = new EventEmitter();
  let quits = 0;
  const twice = (): void => {
    signals.emit('SIGINT');
    assert.is(quits, 0);
    signals.emit('SIGINT');
  };
  await gannet(tinyTraining('--out', newRun(), '--json', '--steps', '1000'), {
    signals,
    onStdout: afterStep(3, twice),
    quit: () => quits++,
  });
  assert.is(quits, 1);
});

test('a terminal that goes away sends its signal several times, and nothing is lost', async () => {
  const signals = new EventEmitter();
  let quits = 0;
  const run = newRun();
  const { exitCode } = await gannet(tinyTraining('--out', run, '--json', '--steps', '1000'), {
    signals,
    onStdout: afterStep(3, () => {
      signals.emit('SIGHUP');
      signals.emit('SIGHUP');
    }),
    quit: () => quits++,
  });
  assert.equal([exitCode, quits], [130, 0]);
  assert.ok(existsSync(join(run, 'checkpoints', 'step-000003')));
});

test('the second signal ends the process, even if a read that never returns holds one of its threads', async () => {
  const pipe = join(temporaryFolder(), 'pipe');
  execFileSync('mkfifo', [pipe]);
  const reading = `data:text/javascript,import{open}from'node:fs';open('${pipe}','r',()=>{})`;
  const training = spawnGannet(tinyTraining('--out', newRun(), '--steps', '100000', '--json'), ['--import', reading]);
  training.stdout.once('data', () => {
    training.kill('SIGINT');
    training.kill('SIGTERM');
  });
  training.stdout.resume();
  const [, signal] = await once(training, 'exit');
  assert.ok(['SIGINT', 'SIGTERM'].includes(signal), `it ended by ${signal}`);
});

test('a signal before the first step ends with 130 too', async () => {
  const run = newRun();
  const signals = new EventEmitter();
  const training = gannet(tinyTraining('--out', run), { signals });
  while (signals.listenerCount('SIGINT') === 0) await setImmediate();
  signals.emit('SIGINT');
  const { exitCode, stdout } = await training;
  assert.is(exitCode, 130);
  // Whatever was there already when the signal came can be taken up again.
  if (stdout !== '') assert.is((await gannet(['resume', run])).exitCode, 0);
});

test('Ctrl-C of a real process saves; resuming it reaches the end', async () => {
  const run = newRun();
  const training = spawnGannet(tinyTraining('--out', run, '--steps', '100000', '--json'));
  const told = createInterface(training.stdout);
  const interruptOnce = (line: string) => {
    if (!line.includes('"metrics"')) return;
    told.off('line', interruptOnce);
    training.kill('SIGINT');
  };
  told.on('line', interruptOnce);
  const [code] = await once(training, 'exit');
  assert.is(code, 130);
  const log = readFileSync(join(run, 'log.txt'), 'utf8');
  const step = Number(/interrupted at step (\d+)\n$/.exec(log)?.[1]);
  const { exitCode, stdout } = await gannet(['resume', run, '--steps', String(step + 2), '--json']);
  assert.is(exitCode, 0);
  assert.is(jsonLines(stdout)[0]?.step, step);
});

test('a reader that goes away ends a listing quietly, and saves a training', async () => {
  const main = `"${process.execPath}" --import ${STARTER} src/cli/main.ts`;
  const listing = spawnSync('sh', ['-c', `${main} plan dcgan --program | head -n 1`], { encoding: 'utf8' });
  assert.match(listing.stdout, /^program 'discriminator step'/);
  assert.is(listing.stderr.replaceAll(/^npm .*\n/gm, ''), '');

  const run = newRun();
  const training = spawnGannet(tinyTraining('--out', run, '--steps', '100000', '--json'));
  training.stdout.once('data', () => training.stdout.destroy());
  const [stderr, [code]] = await Promise.all([text(training.stderr), once(training, 'exit')]);
  assert.is(code, 130);
  assert.match(stderr, /Saving and stopping/);
  assert.match(readFileSync(join(run, 'log.txt'), 'utf8'), /interrupted at step \d+\n$/);
});

test.run();
