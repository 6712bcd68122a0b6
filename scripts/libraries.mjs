// The libraries that the addon needs beyond those of every machine with Node, and their licences, for what brings them along: the
// package and the kit for machines with a GPU.
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { findNvcc } from './kernels/toolchain.mjs';

/** What every machine on which Node runs has: the C library, and the C++ runtime that Node itself uses. */
const OF_NODE = /^(linux-vdso|ld-linux|lib(c|m|dl|rt|pthread|stdc\+\+|gcc_s)\.so)/;

/** Copies the libraries that an addon needs, and those need in turn, into `folder`, and their licences into `licenses`.
 *  @throws Error that names a library which is not installed */
export function copyLibraries(addon, { folder, licenses, cuda }) {
  mkdirSync(licenses, { recursive: true });
  const libraries = librariesOf(addon);
  for (const library of libraries) {
    copyFileSync(library, join(folder, basename(library)));
    copyFileSync(licenseOf(library), join(licenses, `${basename(library).split('.')[0]}.txt`));
  }
  if (cuda) copyFileSync(licenseOfCudaRuntime(), join(licenses, 'cudart.txt'));
  if (libraries.length > 0) copyCommonLicenses(licenses);
}

function librariesOf(addon) {
  const lines = execFileSync('ldd', [addon], { encoding: 'utf8' }).trim().split('\n');
  const needed = lines.map((line) => line.trim().split(/\s+/)).filter(([name]) => !OF_NODE.test(basename(name)));
  for (const [name, , path] of needed) {
    if (!path?.startsWith('/')) throw new Error(`${addon} needs ${name}, which is not installed`);
  }
  return needed.map(([, , path]) => path);
}

/** What Debian tells of a library's copyright. */
function licenseOf(library) {
  const file = basename(realpathSync(library));
  const owner = execFileSync('dpkg', ['-S', `*/${file}`], { encoding: 'utf8' }).split(/[:,\n]/)[0];
  return join('/usr/share/doc', owner, 'copyright');
}

/** The licences that Debian's copyright files refer to instead of repeating them. */
function copyCommonLicenses(folder) {
  for (const name of ['Apache-2.0', 'GPL-3']) {
    copyFileSync(join('/usr/share/common-licenses', name), join(folder, `${name}.txt`));
  }
}

/** The licence that the CUDA toolkit came with: in its own folder, or with its Python packages. */
function licenseOfCudaRuntime() {
  const homes = [process.env.CUDA_HOME, join(dirname(findNvcc()), '..'), '/usr/local/cuda'].filter(Boolean);
  const places = homes.flatMap((home) => {
    const packages = join(home, 'dist-info');
    const names = existsSync(packages) ? readdirSync(packages) : [];
    const runtime = names.filter((name) => name.startsWith('nvidia_cuda_runtime-'));
    return [join(home, 'EULA.txt'), ...runtime.map((name) => join(packages, name, 'licenses/License.txt'))];
  });
  const found = places.find((file) => existsSync(file));
  if (found === undefined) throw new Error(`the licence of the CUDA runtime was not found under ${homes.join(', ')}`);
  return found;
}
