// `npm run measure:watch`: how long the page of `gannet watch` takes to open many long runs, in what memory, and how soon a picture of a latent is
// there. The runs share one file of metrics by hard links, so that they take no room; each is read and parsed by itself all the same.

import { type ChildProcess, fork } from 'node:child_process';
import { linkSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { resolveConfig } from '../src/models/index.ts';
import { train } from '../src/train/index.ts';
import type { LatentInfo, RunDetail, RunList } from '../src/watch/protocol.ts';
import { openWatch } from '../src/watch/server.ts';

const RUNS = 100;
const POINTS = 100_000;
const PIXELS = 600;
const PICTURES = 40;
/** Of the clock that Linux counts processor time by. */
const TICK_MS = 10;

/** Writes runs of a DCGAN that logged at each of its steps. */
function writeRuns(root: string): void {
  const lines = Array.from({ length: POINTS }, (_, i) => {
    const values = {
      discriminatorLoss: 1 + Math.sin(i),
      dReal: 0.6,
      dFake: 0.4,
      generatorLoss: Math.random(),
      dGenerated: 0.4,
    };
    const [step, imagesSeen, elapsedMs] = [i + 1, 64 * (i + 1), 41.7 * (i + 1)];
    const system = { processors: 1.93, memoryBytes: 3e8 + i };
    const speed = { elapsedMs, imagesPerSecond: 1534.8, system };
    return JSON.stringify({ step, epoch: imagesSeen / 60_000, imagesSeen, ...speed, values });
  });
  const metrics = join(root, 'metrics.jsonl');
  writeFileSync(metrics, `${lines.join('\n')}\n`);
  const config = JSON.stringify(resolveConfig({ recipe: 'dcgan', data: 'photos', steps: POINTS }));
  for (let i = 0; i < RUNS; i++) {
    const run = join(root, `run-${i}`);
    mkdirSync(join(run, 'samples'), { recursive: true });
    writeFileSync(join(run, 'config.json'), config);
    writeFileSync(join(run, 'log.txt'), '2026-11-28T10:00:00.000Z started on cpu\n');
    linkSync(metrics, join(run, 'metrics.jsonl'));
  }
}

interface Server {
  readonly url: string;
  /** The most memory that it has had. */
  readonly megabytes: () => number;
  /** Processor time up to now, which other work on the machine does not lengthen. */
  readonly processorMs: () => number;
  readonly child: ChildProcess;
}

/** A server in a process of its own, whose memory is its alone. */
async function startServer(root: string): Promise<Server> {
  const child = fork(fileURLToPath(import.meta.url), [root], { execArgv: ['--import', 'tsx'] });
  const url = await new Promise<string>((resolve) => child.once('message', (text) => resolve(String(text))));
  const megabytes = (): number => {
    const [, peak] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8')) ?? [];
    return Number(peak) / 1024;
  };
  const processorMs = (): number => {
    const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
  };
  return { url, megabytes, processorMs, child };
}

async function timed<T>(work: () => Promise<T>): Promise<{ ms: number; value: T }> {
  const started = performance.now();
  const value = await work();
  return { ms: performance.now() - started, value };
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] as number;

async function measureRuns(): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), 'gannet-watch-'));
  try {
    writeRuns(root);
    const { url, megabytes, processorMs, child } = await startServer(root);
    const json = async <T>(path: string): Promise<T> => (await (await fetch(url + path)).json()) as T;
    const list = await timed(() => json<RunList>('api/runs'));
    console.log(
      `list of ${list.value.runs.length} runs of ${POINTS} points: ${list.ms.toFixed(0)} ms, ${megabytes().toFixed(0)} MB at most`,
    );
    const openRun = async (id: string): Promise<void> => {
      const { panels } = await json<RunDetail>(`api/run?id=${id}`);
      const plots = panels.map(({ metrics }) => metrics.map(({ name }) => `name=${name}`).join('&'));
      await Promise.all(
        plots.map((names) => json(`api/series?id=${id}&${names}&axis=step&pixels=${PIXELS}&halfLife=usual`)),
      );
    };
    const times: number[] = [];
    const before = processorMs();
    for (let i = 0; i < RUNS; i++) times.push((await timed(() => openRun(`run-${i}`))).ms);
    const each = (processorMs() - before) / RUNS;
    const again = await timed(() => openRun(`run-${RUNS - 1}`));
    console.log(
      `all curves of a run: ${median(times).toFixed(0)} ms in the median, ${Math.max(...times).toFixed(0)} ms at most, ${again.ms.toFixed(0)} ms again`,
    );
    console.log(`  of that ${each.toFixed(0)} ms of a processor in the mean`);
    console.log(`memory of the server after all ${RUNS}: ${megabytes().toFixed(0)} MB at most`);
    child.kill();
  } finally {
    rmSync(root, { recursive: true });
  }
}

async function measurePictures(recipe: string): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), 'gannet-watch-'));
  try {
    const config = resolveConfig({
      recipe,
      data: 'emoji',
      size: 64,
      batch: 2,
      steps: 1,
      sampleCount: 1,
      model: { width: 64 },
    });
    for await (const _ of train(config, { out: join(root, 'run') }));
    const { url, child } = await startServer(root);
    const { size } = (await (await fetch(`${url}api/latents?id=run&step=1`)).json()) as LatentInfo;
    const draw = async (): Promise<void> => {
      const latent = Array.from({ length: size }, () => Math.random());
      const body = JSON.stringify({ id: 'run', step: 1, latent, place: 'a' });
      const headers = { 'Content-Type': 'application/json' };
      await (await fetch(`${url}api/latents/picture`, { method: 'POST', headers, body })).arrayBuffer();
    };
    const first = await timed(draw);
    const times: number[] = [];
    for (let i = 0; i < PICTURES; i++) times.push((await timed(draw)).ms);
    console.log(
      `a picture of a latent, ${recipe} 64x64 at width 64: ${median(times).toFixed(0)} ms in the median, the first ${first.ms.toFixed(0)} ms`,
    );
    child.kill();
  } finally {
    rmSync(root, { recursive: true });
  }
}

const [served] = process.argv.slice(2);
if (served === undefined) {
  await measureRuns();
  for (const recipe of ['dcgan', 'began']) await measurePictures(recipe);
} else process.send?.((await openWatch(served, { port: 0, intervalMs: 60_000 })).url);
