import * as assert from 'node:assert/strict';
import { Worker } from 'node:worker_threads';
import { addonPath, sum, type Use } from './use.ts';

/** A worker thread that says so when its device is at work, and goes on until it is terminated. */
const training = `
const { parentPort, workerData } = require('node:worker_threads');
const device = require(workerData.addon).openDevice('cpu', { threads: 1 });
const variable = device.createVariable(workerData.program.variables[0].shape[0] * 4);
device.load(workerData.program, [variable]).then(async ({ program }) => {
  const feeds = [new Float32Array(workerData.program.feeds[0].shape[0])];
  const step = () => device.run([{ program, feeds, fetch: true }], { profile: false });
  const train = async () => { while (true) await step(); };
  for (let i = 0; i < 4; i++) train();
  await step();
  parentPort.postMessage('busy');
});
`;

/** A worker thread that is terminated within a getter that the addon calls. */
const reading = `
const { parentPort, workerData } = require('node:worker_threads');
const device = require(workerData.addon).openDevice('cpu', { threads: 1 });
const endless = { get program() { parentPort.postMessage('busy'); while (true); } };
device.run([endless], { profile: false });
`;

async function terminate(source: string, afterMs: number, size: number): Promise<void> {
  const worker = new Worker(source, { eval: true, workerData: { addon: addonPath, program: sum(size) } });
  const failed = new Promise<never>((_, reject) => worker.once('error', reject));
  failed.catch(() => {});
  await Promise.race([new Promise((resolve) => worker.once('message', resolve)), failed]);
  await new Promise((resolve) => setTimeout(resolve, afterMs));
  assert.equal(await worker.terminate(), 1);
}

/** Threads of JavaScript that end while the addon is at work. */
export const threadUses: Readonly<Record<string, Use>> = {
  'worker threads are terminated while they train': async (random) => {
    for (let i = 0; i < 10; i++) await terminate(training, random.below(20), 2 ** random.below(16));
  },

  'a worker thread is terminated within a getter': async (random) => {
    for (let i = 0; i < 3; i++) await terminate(reading, random.below(5), 1);
  },

  'several worker threads are terminated at once': async (random) => {
    await Promise.all([0, 1, 2, 3].map(() => terminate(training, random.below(20), 1024)));
  },
};
