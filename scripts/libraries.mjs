// The libraries that the addon needs beyond those of every machine with Node, and the licences of all that it carries of others, for
// what brings them along: the package and the kit for machines with a GPU. NOTICE.md lists the same.
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, realpathSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { findNvcc } from './kernels/toolchain.mjs';

/** What every machine on which Node runs has: the C library, and the C++ runtime that Node itself uses. */
const OF_NODE = /^(linux-vdso|ld-linux|lib(c|m|dl|rt|pthread|stdc\+\+|gcc_s)\.so)/;

/** Packages whose headers are compiled into the addon. */
const HEADERS = ['node-addon-api', 'node-api-headers'];

/** Copies the libraries that an addon needs, and those need in turn, into `folder`, and the licences of all that it carries of others
 *  into `licenses`, beside a list of the Debian packages that the libraries are from.
 *  @throws Error that names a library which is not installed */
export function copyLibraries(addon, { folder, licenses, cuda }) {
  mkdirSync(licenses, { recursive: true });
  const libraries = librariesOf(addon);
  for (const library of libraries) {
    copyFileSync(library, join(folder, basename(library)));
    copyFileSync(licenseOf(library), join(licenses, `${basename(library).split('.')[0]}.txt`));
  }
  if (cuda) copyFileSync(licenseOfCudaRuntime(), join(licenses, 'cudart.txt'));
  for (const name of HEADERS) copyFileSync(licenseOfPackage(name), join(licenses, `${name}.txt`));
  writeFileSync(join(licenses, 'sources.txt'), libraries.map((library) => `${sourceOf(library)}\n`).join(''));
  copyCommonLicenses(licenses);
}

function librariesOf(addon) {
  const lines = execFileSync('ldd', [addon], { encoding: 'utf8' }).trim().split('\n');
  const needed = lines.map((line) => line.trim().split(/\s+/)).filter(([name]) => !OF_NODE.test(basename(name)));
  for (const [name, , path] of needed) {
    if (!path?.startsWith('/')) throw new Error(`${addon} needs ${name}, which is not installed`);
  }
  return needed.map(([, , path]) => path);
}

/** The Debian package that a library is from. */
const ownerOf = (library) =>
  execFileSync('dpkg', ['-S', `*/${basename(realpathSync(library))}`], { encoding: 'utf8' }).split(/[:,\n]/)[0];

/** What Debian tells of a library's copyright. */
const licenseOf = (library) => join('/usr/share/doc', ownerOf(library), 'copyright');

/** Where the source of a library can be had, such as `libdnnl.so.2: Debian's package libdnnl2 2.6.3-1, from the source onednn 2.6.3-1`. */
function sourceOf(library) {
  const fields = ['Package', 'Version', 'source:Package', 'source:Version'].map((field) => `\${${field}}`).join(' ');
  const answer = execFileSync('dpkg-query', ['-W', '-f', `${fields}\n`, ownerOf(library)], { encoding: 'utf8' });
  const [name, version, source, sourceVersion] = answer.split('\n')[0].split(' ');
  return `${basename(library)}: Debian's package ${name} ${version}, from the source ${source} ${sourceVersion}`;
}

function licenseOfPackage(name) {
  const folder = dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));
  return join(
    folder,
    readdirSync(folder).find((file) => /^licen[cs]e/i.test(file)),
  );
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
