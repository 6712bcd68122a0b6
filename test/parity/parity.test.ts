import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ConfigError, DeviceError } from '../../src/errors.ts';
import { recipes } from '../../src/models/index.ts';
import { ops } from '../../src/ops/rules.ts';
import { Budget } from '../../src/parity/budget.ts';
import { type ParityEvent, type ParityOptions, parity } from '../../src/parity/parity.ts';
import { openSide } from '../../src/parity/sides.ts';
import { allTrials, chooseTrials } from '../../src/parity/trial.ts';
import { brokenSide, compare, failingSide, oracle } from './support.ts';

async function eventsOf(options: ParityOptions): Promise<ParityEvent[]> {
  const events: ParityEvent[] = [];
  for await (const event of parity(options)) events.push(event);
  return events;
}

async function rejectsConfig(options: ParityOptions, code: string, message: RegExp): Promise<void> {
  const error = await eventsOf(options).catch((reason) => reason);
  assert.instance(error, ConfigError, `${error}`);
  assert.is(error.code, code);
  assert.match(error.message, message);
}

test('the trials are about every op and every recipe', () => {
  const subjects = new Set(allTrials.map(({ subject }) => subject));
  const wanted = [...Object.keys(ops), ...recipes.map(({ name }) => `step of ${name}`)];
  // Every case feeds its inputs, and every update has variables.
  assert.equal(
    wanted.filter((subject) => !subjects.has(subject)),
    ['feed', 'variable'],
  );
  assert.is(new Set(allTrials.map(({ name }) => name)).size, allTrials.length);
});

test('what is compared with what comes first, then each result, then the worst of every op', async () => {
  const [start, ...rest] = await eventsOf({ device: 'cpu', against: 'oracle', only: ['relu [7,5]', 'sgd'] });
  assert.equal(start?.type === 'start' && [start.device.name, start.against.name, start.precisions, start.total], [
    ...['cpu', 'oracle', ['float32'], 3],
  ]);
  const end = rest.pop();
  assert.equal(
    rest.map((event) => event.type === 'result' && [event.name, event.status, Object.keys(event.errors)]),
    [
      ['relu [7,5]', 'passed', ['value', 'gradient', 'secondGradient']],
      ['sgd unclipped', 'passed', ['value']],
      ['sgd clipped', 'passed', ['value']],
    ],
  );
  assert.ok(end?.type === 'end' && end.ok);
  assert.equal(end.type === 'end' && [end.passed, end.failed, end.skipped], [3, 0, 0]);
  assert.equal(end.type === 'end' && end.rows.map(({ subject, cases }) => [subject, cases]), [
    ['relu', 1],
    ['sgd', 2],
  ]);
});

test('a device is compared in every precision that is asked for, training steps in float32 alone', async () => {
  const events = await eventsOf({
    ...{ device: 'simt', against: 'oracle', precisions: ['float32', 'bfloat16'] },
    only: ['conv2d [2,5,4,3]', 'step of dcgan-draft'],
  });
  const found = events.flatMap((event) => (event.type === 'result' ? [event] : []));
  assert.equal(
    found.map(({ subject, precision, tolerance }) => [subject, precision, tolerance]),
    [
      ['conv2d', 'float32', 1e-4],
      ['conv2d', 'bfloat16', 1e-2],
      ['step of dcgan-draft', 'float32', 1e-4],
    ],
  );
  assert.ok(found.every(({ status }) => status === 'passed'));
  const [exact, rounded] = found.map(({ worst }) => worst?.error as number);
  assert.ok((rounded as number) > 100 * (exact as number), 'rounding shows');
});

test('tfjs agrees on a case and a step', async () => {
  const events = await eventsOf({ device: 'cpu', against: 'tfjs', only: ['averagePool [2,4', 'step of wgan-clip'] });
  const [start] = events;
  assert.match((start?.type === 'start' && start.against.description) || '', /^@tensorflow\/tfjs\S* \d\S+ \(\w+/);
  const end = events.at(-1);
  assert.ok(end?.type === 'end' && end.ok && end.passed === 2);
});

test('one wrong kernel fails by its name, in every case that uses it, and nowhere else', async () => {
  const chosen = chooseTrials({ only: ['averagePool', 'maxPool [2,4', 'conv2d [2,5,4,3]'] });
  const { results, end } = await compare({ trials: chosen, against: await oracle() }, brokenSide('averagePool'));
  const failed = results.filter(({ status }) => status === 'failed');
  assert.equal([...new Set(failed.map(({ subject }) => subject))], ['averagePool', 'averagePoolGradient']);
  assert.is(failed[0]?.name, 'averagePool [2,4,6,3] by 2');
  assert.is(failed[0]?.errors.value?.toFixed(6), '2.000000', 'the sign is wrong');
  assert.not(end.ok);
  assert.is(end.failed, failed.length);
});

test('a wrong kernel fails the training steps of the recipes that use it', async () => {
  const chosen = chooseTrials({ only: ['step of conv-guide', 'step of wgan-clip'] });
  const { results } = await compare({ trials: chosen, against: await oracle() }, brokenSide('maxPoolGradient'));
  assert.equal(
    results.map(({ subject, status }) => [subject, status]),
    [
      ['step of conv-guide', 'failed'],
      ['step of wgan-clip', 'passed'],
    ],
  );
});

test('a device that fails is a finding of each case, told by its message', async () => {
  const chosen = chooseTrials({ only: ['sgd'] });
  const side = failingSide(new DeviceError('device_failed', 'the device is gone'));
  const { results, end } = await compare({ trials: chosen, against: await oracle() }, side);
  assert.equal(
    results.map(({ status, problem }) => [status, problem]),
    [
      ['failed', 'cpu: the device is gone'],
      ['failed', 'cpu: the device is gone'],
    ],
  );
  assert.not(end.ok);
});

test('a case that runs out of its budget is skipped; if all are, that is no success', async () => {
  let seconds = 0;
  // Every look at the clock takes a second, and there is one before each op.
  const budget = new Budget(25, () => 1000 * seconds++);
  const against = await openSide('oracle', { precision: 'float32', budget });
  const side = await oracle();
  const both = await compare({ trials: chooseTrials({ only: ['relu [7,5]', 'layerNorm [5,3]'] }), against }, side);
  assert.equal(
    both.results.map(({ name, status, problem }) => [name, status, problem]),
    [
      ['relu [7,5]', 'passed', undefined],
      ['layerNorm [5,3]', 'skipped', 'oracle: took longer than 25 s'],
    ],
  );
  assert.ok(both.end.ok);
  const none = await compare({ trials: chooseTrials({ only: ['layerNorm [5,3]'] }), against }, side);
  assert.equal([none.end.passed, none.end.failed, none.end.skipped, none.end.ok], [0, 0, 1, false]);
});

test('a device with itself, an unknown case, a precision it lacks and no time are refused before anything runs', async () => {
  await rejectsConfig({ device: 'cpu', against: 'cpu' }, 'same_device', /both cpu/);
  await rejectsConfig({ device: 'cpu', only: ['averagePol'] }, 'no_such_case', /Did you mean 'averagePool'\?/);
  await rejectsConfig({ device: 'cpu', only: [''] }, 'no_such_case', /contains ''/);
  await rejectsConfig({ device: 'cpu', precisions: ['tf32'] }, 'precision_unsupported', /'cpu' multiplies in float32/);
  await rejectsConfig({ device: 'cpu', budgetSeconds: 0 }, 'budget', /more than 0, but received 0/);
});

test('patterns are parts of names, in which * stands for anything and brackets for themselves', () => {
  const names = (...patterns: string[]) => chooseTrials({ only: patterns }).map(({ name }) => name);
  assert.equal(names('conv2d [2,5,4,3] by'), ['conv2d [2,5,4,3] by [7,1,1,3]']);
  assert.equal(names('STEP OF WGAN-GP-G'), ['step of wgan-gp-guide', 'step of wgan-gp-guide-thorough']);
  assert.equal(names('step*n-clip', 'sgd clip'), ['sgd clipped', 'step of wgan-clip']);
  assert.is(chooseTrials(), allTrials);
});

test.run();
