// node --import tsx scripts/torture/files/child.ts SEED FIRST [LAST]: does the cases from FIRST on, and tells of each what it is
// and how it ended: to its parent, or on stdout.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Random } from '../random.ts';
import { mutateFile, signCheckpoint } from './formats.ts';
import { gannet } from './gannet.ts';
import { makeTargets, type Target } from './targets.ts';

/** What a child tells its parent. */
export type Message =
  /** The folder that it works in, which is left behind if the child is killed. */
  | { readonly type: 'start'; readonly root: string }
  | { readonly type: 'begin'; readonly index: number; readonly target: string }
  | { readonly type: 'found'; readonly what: string };

const tell = (message: Message): void => {
  if (process.send) process.send(message);
  else console.log(JSON.stringify(message));
};

/** Things other than regular files, under the name of one. */
const ODD_FILES: readonly ((path: string) => void)[] = [
  (path) => execFileSync('mkfifo', [path]),
  (path) => mkdirSync(path),
  (path) => symlinkSync('/dev/zero', path),
  (path) => symlinkSync(path, path),
  (path) => symlinkSync('gone', path),
  (path) => writeFileSync(path, ''),
  (path) => writeFileSync(path, 'null'),
];

const ODD_CASES_IN_HUNDRED = 5;

/** A copy of the target's folder in which its file met with an accident. */
function damage({ folder, file, format, checkpoint }: Target, copy: string, random: Random): void {
  cpSync(folder, copy, { recursive: true });
  const path = join(copy, file);
  if (random.below(100) < ODD_CASES_IN_HUNDRED) {
    rmSync(path);
    random.pick(ODD_FILES)(path);
    return;
  }
  writeFileSync(path, mutateFile(readFileSync(path), format, random));
  if (checkpoint !== undefined && random.below(2) === 0) signCheckpoint(dirname(path));
}

/** 0 done, 1 failure, 2 configuration, 3 device, 4 data, 5 diverged. */
const DOCUMENTED = [0, 1, 2, 3, 4, 5];

async function tryCase(target: Target, index: number, copy: string): Promise<void> {
  for (const argv of target.commands(copy)) {
    const { exitCode, errors } = await gannet(argv);
    const isForeseen = DOCUMENTED.includes(exitCode) && !errors.includes('not foreseen');
    if (isForeseen && (exitCode === 0 || !target.mustWork)) continue;
    tell({
      type: 'found',
      what: `case ${index}: a damaged ${target.name} lets \`gannet ${argv[0]}\` end with ${exitCode}: ${errors.trim()}`,
    });
  }
}

const [seed = 0, first = 0, last = Number.MAX_SAFE_INTEGER] = process.argv.slice(2).map(Number);
const root = mkdtempSync(join(tmpdir(), 'gannet-torture-'));
process.once('exit', () => rmSync(root, { recursive: true, force: true }));
// The parent ends a child by its channel, so that the folder is removed.
process.once('disconnect', () => process.exit());

tell({ type: 'start', root });
const targets = await makeTargets(join(root, 'whole'));
const copy = join(root, 'damaged');
for (let index = first; index <= last; index++) {
  const random = new Random(seed + Math.imul(index, 0x9e3779b1));
  const target = random.pick(targets);
  tell({ type: 'begin', index, target: target.name });
  damage(target, copy, random);
  await tryCase(target, index, copy);
  rmSync(copy, { recursive: true, force: true });
}
process.exit();
