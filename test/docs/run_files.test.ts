import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { gannet, tinyTraining } from '../cli/command.ts';
import { temporaryFolder } from '../data/temporary.ts';
import { twoModules } from '../models/recipe_file.ts';
import { tinyData } from '../train/tiny.ts';
import { root } from './markdown.ts';

/** What other processes leave in a run's folder while it trains, or by the page of `gannet watch`. */
const OF_OTHERS = ['traits.json', 'request-stop.json', 'request-sample.json', 'lock.json'];

const section = (text: string, heading: string): string =>
  (text.split(`\n## ${heading}\n`)[1] as string).split('\n## ')[0] as string;

/** The names in the first columns of the tables of a section. */
const namesIn = (text: string): string[] =>
  [...text.matchAll(/^\| (`.+?) \| /gm)].flatMap(([, cell]) =>
    [...(cell as string).matchAll(/`([^`]+)`/g)].map(([, name]) => name as string),
  );

/** Files that the page describes, seen from a run's folder, by the name that it gives them. */
function describedFiles(): ReadonlyMap<string, RegExp> {
  const page = readFileSync(join(root, 'docs/formats.md'), 'utf8');
  const parts = namesIn(section(page, 'Checkpoints')).filter((name) => /\.(safetensors|json)$/.test(name));
  const names = namesIn(section(page, "A run's folder")).filter((name) => !name.endsWith('/'));
  return new Map(
    [...names, ...parts.map((part) => `checkpoints/step-NNNNNN/${part}`)].map((name) => [name, patternOf(name)]),
  );
}

/** N stands for digits, NAME for a name, and * for anything. */
function patternOf(name: string): RegExp {
  const source = name
    .replaceAll('.', '\\.')
    .replaceAll('*', '.+')
    .replaceAll('NAME', '[^/]+')
    .replaceAll(/N+/g, (letters) => (letters.length > 1 ? `\\d{${letters.length}}` : '\\d+'));
  return new RegExp(`^${source}$`);
}

async function succeeds(...argv: string[]): Promise<void> {
  const { exitCode, stderr } = await gannet(argv);
  assert.is(exitCode, 0, `${argv.join(' ')}: ${stderr}`);
}

/** Files of a run that keeps all that a checkpoint may hold, and of which every command has written. */
async function conditionalRun(): Promise<string> {
  const run = join(temporaryFolder(), 'run');
  const norms = ['--set', 'model.generatorNorm=virtual', '--set', 'model.discriminatorNorm=virtual'];
  const kept = ['--set', 'model.referenceBatch=8', '--set', 'replay.share=0.5', '--set', 'ema.halfLife=10'];
  const measured = ['--set', 'health.outputHistograms=true', '--set', 'evaluateEvery=3', '--set', 'evaluateCount=20'];
  const conditional = ['--set', 'model.condition=embedding', '--set', 'sampleCount=20'];
  await succeeds(...tinyTraining('--out', run, ...norms, ...kept, ...measured, ...conditional));
  const picture = join(run, 'samples/step-000003.png');
  await succeeds('sample', run, '--count', '2');
  await succeeds('sample', run, '--count', '2', '--separate');
  await succeeds('explore', run, 'interpolate', '--rows', '1', '--columns', '3', '--class', '1');
  await succeeds('project', run, picture, '--class', '1', '--steps', '2');
  for (const to of ['onnx', 'pytorch', 'tfjs', 'html']) await succeeds('export', run, '--to', to, '--no-check');
  await succeeds('evaluate', run, '--count', '20');
  await succeeds('curves', run);
  await succeeds('report', run);
  return run;
}

async function ownRun(): Promise<string> {
  const [folder, run] = [temporaryFolder(), join(temporaryFolder(), 'run')];
  mkdirSync(join(folder, 'layers'));
  for (const [name, text] of Object.entries(twoModules())) writeFileSync(join(folder, name), text);
  const tiny = ['--data', tinyData(), '--batch', '8', '--steps', '2', '--device', 'cpu', '--threads', '1'];
  await succeeds('train', join(folder, 'mine.ts'), '--out', run, ...tiny, '--set', 'sampleCount=4');
  return run;
}

async function beganRun(): Promise<string> {
  const run = join(temporaryFolder(), 'run');
  const tiny = ['--data', tinyData(), '--size', '16', '--channels', '1', '--batch', '4', '--steps', '2'];
  const small = ['--set', 'model.width=2', '--set', 'latent.size=4', '--set', 'sampleCount=4'];
  await succeeds('train', 'began', '--out', run, ...tiny, ...small, '--device', 'cpu', '--threads', '1');
  return run;
}

const filesOf = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath ?? entry.path, entry.name)).replaceAll(sep, '/'));

test('docs/formats.md describes every file that runs and commands leave in their folders, and no other', async () => {
  const described = describedFiles();
  const files = [await conditionalRun(), await ownRun(), await beganRun()].flatMap(filesOf);
  const patterns = [...described.values()];
  assert.equal(
    files.filter((file) => !patterns.some((pattern) => pattern.test(file))),
    [],
    'files that are not described',
  );
  const unseen = [...described].filter(([, pattern]) => !files.some((file) => pattern.test(file)));
  assert.equal(
    unseen.map(([name]) => name),
    OF_OTHERS,
    'files that are described, and that no run has',
  );
});

test.run();
