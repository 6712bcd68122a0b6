import * as assert from 'node:assert/strict';
import { Worker } from 'node:worker_threads';
import { addonPath, loadSum, open, outputOf, sum, type Use } from './use.ts';

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

/** A worker thread that opens and closes devices one after another, with work under way when it closes them. */
const opening = `
const { parentPort, workerData } = require('node:worker_threads');
const { openDevice } = require(workerData.addon);
const openOne = async () => {
  const device = openDevice('cpu', { threads: 1 });
  const variable = device.createVariable(workerData.program.variables[0].shape[0] * 4);
  const { program } = await device.load(workerData.program, [variable]);
  const feeds = [new Float32Array(workerData.program.feeds[0].shape[0])];
  const runs = [0, 1].map(() => device.run([{ program, feeds, fetch: true }], { profile: false }));
  device.close();
  await Promise.all(runs);
};
(async () => {
  for (let i = 0; i < workerData.devices; i++) await openOne();
  parentPort.postMessage('done');
})();
`;

async function openDevices(devices: number): Promise<void> {
  const worker = new Worker(opening, { eval: true, workerData: { addon: addonPath, program: sum(16), devices } });
  const messages: unknown[] = [];
  worker.on('message', (message) => messages.push(message));
  await new Promise((resolve, reject) => worker.once('exit', resolve).once('error', reject));
  assert.deepEqual(messages, ['done']);
}

async function terminate(source: string, afterMs: number, size: number): Promise<void> {
  const worker = new Worker(source, { eval: true, workerData: { addon: addonPath, program: sum(size) } });
  const failed = new Promise<never>((_, reject) => worker.once('error', reject));
  failed.catch(() => {});
  await Promise.race([new Promise((resolve) => worker.once('message', resolve)), failed]);
  await new Promise((resolve) => setTimeout(resolve, afterMs));
  assert.equal(await worker.terminate(), 1);
}

/** Elements of a feed that takes a device longer than it takes JavaScript to settle a promise. */
const LONG = 2 ** 18;

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

  'promises settle while the device works on': async () => {
    const device = open();
    const { program } = await loadSum(device, LONG);
    const feed = new Float32Array(LONG);
    const runs = async () => {
      for (let i = 0; i < 50; i++) await outputOf(device, program, feed);
    };
    await Promise.all([0, 1, 2, 3].map(runs));
    device.close();
  },

  '1,000 devices are opened and closed by four worker threads': async () => {
    await Promise.all([0, 1, 2, 3].map(() => openDevices(250)));
  },
};
