// `npm run gpu-kit:prove`: unpacks the archive of the kit in an empty Debian without network and runs it there: stages b and d on the
// simulator at tiny sizes, and all stages on `cuda`, which must say for each that no driver answers and end with 3. Needs root.
//   --archive build/gpu-kit.tar.xz

import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { createDebian, remove, run } from './chroot.mjs';
import { option, root } from './kernels/toolchain.mjs';

const archive = resolve(root, option('archive') ?? 'build/gpu-kit.tar.xz');
const kit = `/opt/${basename(archive, '.tar.xz')}`;

const TRIALS = [
  {
    what: 'the simulator',
    args: 'b d --device simt --minutes 30 --out /tmp/simt',
    exitCode: 0,
    says: /b parity +12 .*\nd benchmark +2 /s,
  },
  { what: 'no driver', args: '--out /tmp/cuda', exitCode: 3, says: /(?:not here .*){5}/s },
];

const debian = createDebian();
try {
  mkdirSync(join(debian, 'opt'), { recursive: true });
  unpack();
  const passed = TRIALS.filter(holds);
  console.log(`${passed.length} of ${TRIALS.length} trials passed`);
  process.exitCode = passed.length === TRIALS.length ? 0 : 1;
} finally {
  remove(debian);
}

/** By this machine's tar: an empty Debian has no xz. */
function unpack() {
  const { status } = spawnSync('tar', ['-xJf', archive, '-C', join(debian, 'opt')], { stdio: 'inherit' });
  if (status !== 0) throw new Error(`${archive} could not be unpacked; npm run gpu-kit makes it`);
}

function holds({ what, args, exitCode, says }) {
  const { status, stdout, stderr } = run(debian, `${kit}/run.sh ${args}`, { network: false });
  console.log(`== ${what}: run.sh ${args}\n${stdout}${stderr}== exit code ${status}, expected ${exitCode}\n`);
  return status === exitCode && says.test(stdout);
}
