// The Node packages of package-lock.json.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SetupError } from './problem.mjs';

/** Installs the packages where they do not match package-lock.json. An installation that was killed has left no record of its
 *  packages, so it starts anew. @throws SetupError */
export async function installPackages(root, execute) {
  const reason = reasonToInstall(root);
  if (reason === undefined) return;
  console.log(`Installing the Node packages with npm ci (${reason})`);
  const { code } = await execute('npm', ['ci', '--include=dev', '--loglevel=error', '--no-audit', '--no-fund']);
  if (code === 0) return;
  throw new SetupError(
    'npm ci failed; its messages stand above. It needs the network, and a package-lock.json that fits package.json.\nRun it by hand, then try again:\n\n  npm ci',
  );
}

/** Why node_modules does not serve, or undefined where it matches package-lock.json. */
export function reasonToInstall(root) {
  const installed = packagesOf(join(root, 'node_modules', '.package-lock.json'));
  if (installed === undefined) return 'node_modules is missing or incomplete';
  const locked = Object.entries(packagesOf(join(root, 'package-lock.json')) ?? {});
  const needed = locked.filter(([path, { optional }]) => path !== '' && !optional);
  const differing = needed.find(
    ([path, { version }]) => installed[path]?.version !== version || !existsSync(join(root, path, 'package.json')),
  );
  return differing && `${differing[0]} is not at version ${differing[1].version}`;
}

function packagesOf(lockFile) {
  try {
    return JSON.parse(readFileSync(lockFile, 'utf8')).packages;
  } catch {
    return undefined;
  }
}
