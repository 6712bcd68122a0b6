// One training step of the DCGAN in bfloat16, for a profiler to look at; nothing but the first weights is launched before. With --times,
// prints as CSV how long each op takes by the device's own clock, the median of three steps run op by op, and at last the whole step.

import { quantile } from '../../src/bench/statistics.ts';
import type { Call } from '../../src/device/index.ts';
import { configOn, imagesFor, openSession, readOptions } from './step_setup.ts';

const { device, times } = readOptions('times');
const session = await openSession(device, configOn(device, { recipe: 'dcgan', batch: 128 }), 'bfloat16');
if (times) await printTimes();
else await session.step(1, imagesFor(session, 1), { fetch: true });
session.close();

async function printTimes(): Promise<void> {
  const [batch] = imagesFor(session, 1);
  const calls: Call[] = session.executables.map((executable) => ({
    executable,
    feeds: Object.fromEntries(
      executable.graph.feeds.map(({ attributes }) => [attributes.name, batch?.images as Float32Array]),
    ),
  }));
  const rounds = [];
  for (let round = 0; round < 3; round++)
    rounds.push((await session.device.run(calls, { profile: true })).stepMs ?? []);
  const whole = await session.device.run(calls, { timed: true });
  console.log('program,step,op,scope,ms');
  for (const [i, { program }] of session.executables.entries()) {
    for (const [at, { op, scope }] of (program?.steps ?? []).entries()) {
      const ms = quantile(
        rounds.map((round) => round[i]?.[at] ?? Number.NaN),
        0.5,
      );
      console.log([program?.name, at, op, JSON.stringify(scope), ms.toFixed(4)].join(','));
    }
  }
  console.log(['whole step', '', '', '', (whole.elapsedMs ?? whole.nativeMs).toFixed(4)].join(','));
}
