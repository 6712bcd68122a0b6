import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  cacheFolder,
  IrregularFileError,
  makeFolder,
  type OpenMode,
  openRegularFile,
  parseJson,
  readRegularFile,
  readRegularFileSync,
} from '../src/files.ts';
import { temporaryFolder } from './data/temporary.ts';

/** What opening a path is refused with. */
async function refusal(path: string, mode: OpenMode = 'read'): Promise<IrregularFileError> {
  const error = await openRegularFile(path, mode).catch((reason: unknown) => reason);
  assert.instance(error, IrregularFileError);
  return error as IrregularFileError;
}

test('a regular file is read as it is, through a link too', async () => {
  const folder = temporaryFolder({ 'a.txt': 'text' });
  symlinkSync('a.txt', join(folder, 'link'));
  for (const name of ['a.txt', 'link']) {
    assert.is(String(await readRegularFile(join(folder, name))), 'text');
    assert.is(String(readRegularFileSync(join(folder, name))), 'text');
  }
});

test('a name that is not UTF-8 is given as bytes', async () => {
  const folder = temporaryFolder();
  const path = Buffer.concat([Buffer.from(`${folder}/caf`), Buffer.of(0xe9)]);
  const handle = await openRegularFile(path, 'create');
  await handle.writeFile('coffee');
  await handle.close();
  assert.is(String(await readRegularFile(path)), 'coffee');
});

test('a file is written anew, where none was, or behind its end', async () => {
  const path = join(temporaryFolder(), 'a.txt');
  const write = async (mode: OpenMode, text: string) => {
    const handle = await openRegularFile(path, mode);
    await handle.writeFile(text);
    await handle.close();
  };
  await write('create', 'first');
  await write('append', ' second');
  assert.is(readFileSync(path, 'utf8'), 'first second');
  await write('write', 'third');
  assert.is(readFileSync(path, 'utf8'), 'third');
  const error = await openRegularFile(path, 'create').catch((reason: NodeJS.ErrnoException) => reason.code);
  assert.is(error, 'EEXIST');
});

test('nothing is written through a link, whatever it leads to', async () => {
  const folder = temporaryFolder({ 'a.txt': 'text' });
  symlinkSync('a.txt', join(folder, 'link'));
  symlinkSync('gone', join(folder, 'broken'));
  for (const mode of ['write', 'append'] as const)
    for (const name of ['link', 'broken']) assert.is((await refusal(join(folder, name), mode)).kind, 'a link');
  assert.is(readFileSync(join(folder, 'a.txt'), 'utf8'), 'text');
  assert.not.ok(existsSync(join(folder, 'gone')));
});

test('a folder is refused by name, to read and to write', async () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'config.json'));
  for (const mode of ['read', 'write', 'append'] as const) {
    const { message, kind } = await refusal(join(folder, 'config.json'), mode);
    assert.is(kind, 'a folder');
    assert.is(message, `${join(folder, 'config.json')} is a folder, where a regular file is expected`);
  }
  assert.throws(() => readRegularFileSync(folder), /is a folder, where a regular file is expected/);
});

test('a named pipe is refused at once, whoever would wait for its other end', async () => {
  const path = join(temporaryFolder(), 'pipe.png');
  execFileSync('mkfifo', [path]);
  assert.is((await refusal(path)).kind, 'a named pipe');
  assert.is((await refusal(path, 'append')).kind, 'a named pipe');
  assert.throws(() => readRegularFileSync(path), /is a named pipe/);
});

test('a socket is refused', async () => {
  const path = join(temporaryFolder(), 'socket');
  const server = createServer().listen(path);
  await new Promise((resolve) => server.once('listening', resolve));
  assert.is((await refusal(path)).kind, 'a socket');
  server.close();
});

if (existsSync('/dev/zero')) {
  test('a link to a device is refused, for it has no end', async () => {
    const path = join(temporaryFolder(), 'zero.png');
    symlinkSync('/dev/zero', path);
    assert.is((await refusal(path)).kind, 'a device');
    assert.throws(() => readRegularFileSync(path), /is a device/);
  });
}

test('what is not there is the own error of the file system', async () => {
  const error = await openRegularFile(join(temporaryFolder(), 'nothing')).catch((reason: unknown) => reason);
  assert.is((error as NodeJS.ErrnoException).code, 'ENOENT');
});

test('folders are made with those above them, and what stands in the way has its own errno', async () => {
  const folder = temporaryFolder({ file: '' });
  assert.is(await makeFolder(join(folder, 'a', 'b')), true);
  assert.is(await makeFolder(join(folder, 'a', 'b')), false);
  const codeOf = (path: string) => makeFolder(path).catch((reason: NodeJS.ErrnoException) => reason.code);
  assert.is(await codeOf(join(folder, 'file')), 'EEXIST');
  assert.is(await codeOf(join(folder, 'file', 'a', 'b')), 'ENOTDIR');
});

if (existsSync('/proc/self')) {
  test('a file system that takes no folders ends the search for one that does', async () => {
    const error = await makeFolder('/proc/nothing/run').catch((reason: NodeJS.ErrnoException) => reason.code);
    assert.is(error, 'ENOENT');
  });
}

if (spawnSync('unshare', ['-rm', 'true']).status === 0) {
  test('a read-only file system is told as one', () => {
    const folder = temporaryFolder();
    const script =
      "import('./src/files.ts').then(({ makeFolder }) => makeFolder(process.env.PLACE)).catch((e) => console.log(e.code))";
    const { stdout } = spawnSync(
      'unshare',
      [
        '-rm',
        'sh',
        '-c',
        'mount -t tmpfs -o ro none "$1" && exec "$2" --import tsx -e "$3"',
        'sh',
        folder,
        process.execPath,
        script,
      ],
      {
        encoding: 'utf8',
        env: { ...process.env, PLACE: join(folder, 'a', 'b') },
      },
    );
    assert.is(stdout, 'EROFS\n');
  });
}

test("the place for caches is the system's own, and XDG_CACHE_HOME wins where it is an absolute path", () => {
  const home = homedir();
  assert.is(cacheFolder({}, 'linux'), join(home, '.cache', 'gannet'));
  assert.is(cacheFolder({ XDG_CACHE_HOME: '/fast/cache' }, 'darwin'), '/fast/cache/gannet');
  assert.is(cacheFolder({ XDG_CACHE_HOME: 'cache' }, 'linux'), join(home, '.cache', 'gannet'));
  assert.is(cacheFolder({}, 'darwin'), join(home, 'Library/Caches', 'gannet'));
  assert.is(cacheFolder({ LOCALAPPDATA: '/local' }, 'win32'), '/local/gannet');
});

test('JSON may begin with a byte order mark', () => {
  assert.equal(parseJson('\uFEFF{"a": 1}'), { a: 1 });
  assert.throws(() => parseJson('\uFEFF'), SyntaxError);
});

test.run();
