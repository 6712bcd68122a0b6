import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** What a checkout holds beyond what git tracks, and what packing does not need. */
const LEFT_OUT = /^(node_modules|build.*|dist|prebuilds|runs|test|\..*)$/;

/** Copies the checkout to `folder`, makes prebuilds there from the addon built here, and packs it as a release is packed.
 *  Returns the tarball's path. */
export function packCheckout(folder: string): string {
  const checkout = join(folder, 'checkout');
  for (const name of readdirSync(root).filter((name) => !LEFT_OUT.test(name))) {
    cpSync(join(root, name), join(checkout, name), { recursive: true });
  }
  symlinkSync(join(root, 'node_modules'), join(checkout, 'node_modules'));
  execFileSync(process.execPath, ['scripts/prebuild.mjs', '--from', join(root, 'build/Release')], {
    cwd: checkout,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const packed = execFileSync('npm', ['pack', '--silent', '--pack-destination', folder], {
    cwd: checkout,
    encoding: 'utf8',
  });
  return join(folder, packed.trim().split('\n').at(-1) ?? '');
}

/** Every file under a folder: path from there -> bytes. */
export function filesOf(folder: string): Map<string, number> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    entries.map((entry) => {
      const path = join(entry.parentPath ?? entry.path, entry.name);
      return [relative(folder, path), statSync(path).size];
    }),
  );
}

/** The packages that gannet needs to run, as installed here: paths such as `node_modules/zod`. */
export function productionPackages(): string[] {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean; peer?: boolean }>;
  };
  return Object.entries(packages)
    .filter(([path, { dev, peer }]) => path !== '' && !dev && !peer && existsSync(join(root, path)))
    .map(([path]) => path);
}
