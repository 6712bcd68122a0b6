// An empty Debian in a folder, for proving that a thing needs no more than it says. debootstrap makes it, as root. A command in it
// has processes, mounts and, if asked for, a network of its own, which all end with the command: a folder can always be removed.
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What debootstrap made is kept here, one archive for each suite: unpacking takes two seconds, making half a minute. */
const cache = join(dirname(fileURLToPath(import.meta.url)), '../build/debian');

const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt';
const PROXIES = ['http_proxy', 'https_proxy', 'no_proxy'].flatMap((name) => [name, name.toUpperCase()]);

/** Makes a folder that holds an empty Debian (`--variant=minbase`) with this machine's certificates, name servers and settings of
 *  apt. `folder` must not exist yet; without it one is made among the temporary files. Returns its path.
 *  @throws Error with the remedy where root or debootstrap is missing */
export function createDebian({ suite = 'bookworm', folder } = {}) {
  requireRoot();
  const archive = debianArchive(suite);
  if (folder !== undefined) mkdirSync(folder);
  const made = folder ?? mkdtempSync(join(tmpdir(), `debian-${suite}-`));
  mustRun('tar', ['--extract', '--numeric-owner', '--file', archive, '--directory', made]);
  copyMachineSettings(made);
  return made;
}

/** Copies the running Node, and npm alone, into /usr/local: a whole folder of programs would bring in compilers too. */
export function installNode(folder) {
  const local = join(folder, 'usr/local');
  copyFileSync(process.execPath, join(local, 'bin/node'));
  const npm = dirname(dirname(realpathSync(onPath('npm'))));
  mkdirSync(join(local, 'lib/node_modules'), { recursive: true });
  cpSync(npm, join(local, 'lib/node_modules/npm'), { recursive: true });
  for (const name of ['npm', 'npx']) {
    symlinkSync(`../lib/node_modules/npm/bin/${name}-cli.js`, join(local, 'bin', name));
  }
}

/** Runs a line of shell in the Debian of a folder, as its root. Returns what spawnSync does, with text as `stdout` and `stderr`.
 *  `env` is added to a login's environment; `network: false` leaves no network; `stdio` and `timeout` (ms) are spawnSync's. */
export function run(folder, command, { env = {}, cwd = '/', network = true, stdio = 'pipe', timeout } = {}) {
  const enter = [
    'mount -t proc proc "$1/proc"',
    'mount -t tmpfs tmpfs "$1/dev/shm"',
    `exec chroot "$1" /bin/sh -c 'cd "$1" || exit; eval "$2"' sh "$2" "$3"`,
  ].join(' && ');
  const namespaces = ['--mount', '--pid', '--fork', '--kill-child', ...(network ? [] : ['--net'])];
  return spawnSync('unshare', [...namespaces, '/bin/sh', '-c', enter, 'sh', folder, cwd, command], {
    env: { ...environment(), ...env },
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    stdio,
    timeout,
    killSignal: 'SIGKILL',
  });
}

/** Removes the folder of a Debian. Nothing is mounted in it outside a running command. */
export function remove(folder) {
  rmSync(folder, { recursive: true, force: true });
}

function requireRoot() {
  if (process.getuid?.() === 0) return;
  const again = [process.execPath, ...process.argv.slice(1)].join(' ');
  throw new Error(`An empty Debian is made by root. Run this again as root:\n\n  sudo ${again}`);
}

/** The path of an archive of the suite's smallest installation, which is made on first use. */
function debianArchive(suite) {
  const archive = join(cache, `${suite}.tar`);
  if (existsSync(archive)) return archive;
  if (onPath('debootstrap') === undefined) {
    throw new Error(
      'debootstrap, which makes an empty Debian, is missing. Install it:\n\n  apt-get install -y --no-install-recommends debootstrap',
    );
  }
  mkdirSync(cache, { recursive: true });
  const work = mkdtempSync(join(cache, `${suite}-`));
  try {
    const base = join(work, 'base');
    mustRun('debootstrap', ['--variant=minbase', suite, base, mirrorOf(suite)]);
    mustRun('tar', ['--create', '--numeric-owner', '--file', join(work, 'base.tar'), '--directory', base, '.']);
    renameSync(join(work, 'base.tar'), archive);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return archive;
}

/** The mirror from which this machine's own apt takes a suite; for a suite that it does not use, the one of the suite that it does. */
function mirrorOf(suite) {
  const lines = mustRun('apt-get', [
    'indextargets',
    '--format',
    '$(ORIGIN) $(CODENAME) $(REPO_URI)',
    'COMPONENT: main',
  ]);
  const sources = lines.split('\n').map((line) => line.split(' '));
  const whole = sources.filter(([origin, codename]) => origin === 'Debian' && !codename.includes('-'));
  const [, , mirror] = whole.find(([, codename]) => codename === suite) ?? whole[0] ?? [];
  if (mirror !== undefined) return mirror;
  throw new Error(
    "This machine's apt knows no source of Debian. See /etc/apt/sources.list.d, then run apt-get update.",
  );
}

/** Certificates with those that this machine was given, name servers, and what apt needs to reach its mirrors. */
function copyMachineSettings(folder) {
  // Debian's links point into /usr/share/ca-certificates, which the package brings later: the files themselves are copied.
  const certificates = join(folder, 'etc/ssl/certs');
  mkdirSync(certificates, { recursive: true });
  spawnSync('cp', ['--recursive', '--dereference', '/etc/ssl/certs/.', certificates]);
  const own = '/usr/local/share/ca-certificates';
  if (existsSync(own)) cpSync(own, join(folder, own), { recursive: true, dereference: true });
  copyFileSync('/etc/resolv.conf', join(folder, 'etc/resolv.conf'));
  const settings = mustRun('apt-config', ['dump']).match(/^Acquire::.*(Proxy|Verify|Check|CaInfo).*;$/gim) ?? [];
  writeFileSync(join(folder, 'etc/apt/apt.conf.d/90machine'), settings.map((line) => `${line}\n`).join(''));
}

/** What a login has, and of this machine's environment what reaches npm's registry. */
function environment() {
  const proxies = Object.fromEntries(PROXIES.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
  const registry = spawnSync('npm', ['config', 'get', 'registry'], { encoding: 'utf8' }).stdout?.trim();
  return {
    HOME: '/root',
    LANG: 'C.UTF-8',
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    ...(existsSync(CERTIFICATES) && { NODE_EXTRA_CA_CERTS: CERTIFICATES }),
    ...(registry && { npm_config_registry: registry }),
    ...proxies,
  };
}

function onPath(command) {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return folders.map((folder) => join(folder, command)).find((file) => existsSync(file));
}

/** Runs a command to its end; returns what it printed. @throws Error with that if it fails */
function mustRun(command, args) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 28 });
  if (status === 0) return stdout;
  const output = `${stdout ?? ''}${stderr ?? ''}`.trim().split('\n').slice(-20).join('\n');
  throw new Error(`${[command, ...args].join(' ')} failed: ${error?.message ?? output}`);
}
