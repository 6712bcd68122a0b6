// `npm run node-versions`: the quick tests on every version of Node that gannet supports. The versions come as npm packages, which
// hold Node's own binaries, and are kept in build/nodes.
//   --node 22,24    only these
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { arch, platform } from 'node:os';
import { join } from 'node:path';
import { option, root } from './kernels/toolchain.mjs';

const VERSIONS = option('node')?.split(',') ?? ['20', '22', '24'];

const results = VERSIONS.map((version) => {
  const node = fetchNode(version);
  const exact = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim();
  console.log(`Node ${exact}`);
  const { status } = spawnSync(node, ['scripts/test.mjs', '--quick'], { cwd: root, stdio: 'inherit' });
  return { exact, passed: status === 0 };
});
for (const { exact, passed } of results) console.log(`Node ${exact}: ${passed ? 'passed' : 'failed'}`);
process.exitCode = results.every(({ passed }) => passed) ? 0 : 1;

/** The path of the newest Node of a major version that npm has for this platform. */
function fetchNode(version) {
  const folder = join(root, 'build/nodes', version);
  const node = join(folder, 'package/bin/node');
  if (existsSync(node)) return node;
  const partial = `${folder}.partial`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  const name = `node-${platform()}-${arch()}@${version}`;
  const packed = execFileSync('npm', ['pack', '--silent', '--pack-destination', partial, name], { encoding: 'utf8' });
  const tarball = join(partial, packed.trim().split('\n').at(-1));
  execFileSync('tar', ['-xzf', tarball, '-C', partial, 'package/bin/node']);
  rmSync(tarball);
  renameSync(partial, folder);
  return node;
}
