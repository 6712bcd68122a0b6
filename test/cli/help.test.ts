import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createProgram } from '../../src/cli/run.ts';
import { gannet } from './command.ts';

const silent = { write: () => true };
const program = createProgram({
  io: { stdout: silent, stderr: silent, environment: {}, signals: process, quit: () => {} } as never,
  exitCode: 0,
});

const commands = program.commands.map((command) => ({
  name: command.name(),
  flags: command.options.map(({ long }) => long),
}));

const helpOf = async (name: string): Promise<string> => (await gannet([name, '--help'])).stdout;

test('no line of help is wider than a terminal of 80 columns', async () => {
  for (const { name } of commands) {
    const wide = (await helpOf(name)).split('\n').filter((line) => line.length > 80);
    assert.equal(wide, [], name);
  }
});

test('an option that is off or empty by default tells no default', async () => {
  for (const { name } of commands) assert.not.match(await helpOf(name), /\(default: (\[\]|false)\)/, name);
  assert.match(await helpOf('sample'), /the same seed [^-]*\(default:\s+1\)/);
});

test('the examples of a command use its options', async () => {
  let examples = 0;
  for (const { name, flags } of commands) {
    for (const [line] of (await helpOf(name)).matchAll(/^ {2}gannet .*$/gm)) {
      examples += 1;
      assert.match(line, new RegExp(`^  gannet ${name}\\b`));
      for (const [flag] of line.matchAll(/--[a-z-]+/g)) assert.ok(flags.includes(flag), `${line}: ${flag}`);
    }
  }
  assert.ok(examples > 10);
});

test('every command that trains or draws takes the device, the threads and the precision', () => {
  for (const name of ['train', 'resume', 'sample', 'explore', 'evaluate']) {
    const flags = commands.find((command) => command.name === name)?.flags;
    for (const flag of ['--device', '--threads', '--precision']) assert.ok(flags?.includes(flag), `${name} ${flag}`);
  }
});

test.run();
