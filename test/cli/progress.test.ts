import picocolors from 'picocolors';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createProgress, type ProgressOptions } from '../../src/cli/progress.ts';
import { formatBar, formatDuration, formatLine, type ProgressState } from '../../src/cli/progress_text.ts';
import { wrapWords } from '../../src/cli/wrap_words.ts';

const state: ProgressState = {
  step: 500,
  total: 1000,
  imagesPerSecond: 312.4,
  values: { d: 0.6842, g: 12.3456 },
  remainingMs: 125_000,
};

/** A display whose output and clock are the test's. */
function display(options: ProgressOptions & { tty?: boolean; columns?: number }) {
  const written: string[] = [];
  const clock = { ms: 0 };
  const stream = {
    isTTY: options.tty ?? false,
    columns: options.columns ?? 80,
    write: (text: string) => written.push(text),
  };
  const progress = createProgress({ environment: {}, ...options, stream, now: () => clock.ms });
  const at = (ms: number, step: number): void => {
    clock.ms = ms;
    progress.update({ step, total: 1000, imagesPerSecond: 100, values: { d: 1 } });
  };
  return { progress, written, at };
}

test('a plain line tells step, speed, losses and time left', () => {
  assert.is(formatLine(state), 'step 500/1000  312 img/s  d 0.6842  g 12.35  2m 05s left');
});

test('a line without a known pace tells no time left', () => {
  assert.is(formatLine({ ...state, remainingMs: undefined, values: {} }), 'step 500/1000  312 img/s');
});

test('a bar is filled in proportion and the line as wide as the terminal at most', () => {
  assert.is(
    formatBar(state, 100),
    '███████████████░░░░░░░░░░░░░░░  500/1000   312 img/s  d 0.6842   g 12.35    2m 05s left ',
  );
  assert.is(formatBar(state, 74), '████████░░░░░░░░  500/1000   312 img/s  d 0.6842   g 12.35    2m 05s left ');
  assert.is(formatBar({ ...state, step: 0 }, 74).slice(0, 16), '░'.repeat(16));
  assert.is(formatBar({ ...state, step: 1000 }, 74).slice(0, 16), '█'.repeat(16));
});

test('on a narrow terminal values are left out from the back, then all but the count', () => {
  assert.is(formatBar(state, 56), '█████░░░░  500/1000   312 img/s  d 0.6842   2m 05s left ');
  assert.is(formatBar(state, 20), '█████░░░░░  500/1000');
  for (let columns = 15; columns < 120; columns++) assert.ok(formatBar(state, columns).length <= columns, `${columns}`);
});

test('colours take no width', () => {
  const colored = formatBar(state, 60, picocolors.createColors(true));
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
  assert.is(colored.replaceAll(/\x1b\[\d+m/g, ''), formatBar(state, 60));
  assert.is.not(colored, formatBar(state, 60));
});

test('numbers show four digits, and an exponent only where there must be one', () => {
  const shown = (value: number): string => formatLine({ ...state, values: { x: value } }).split('  ')[2] as string;
  assert.is(shown(0), 'x 0.000');
  assert.is(shown(-1.5), 'x -1.500');
  assert.is(shown(1234.56), 'x 1235');
  assert.is(shown(123456), 'x 1.23e+5');
  assert.is(shown(2e-4), 'x 2.00e-4');
  assert.is(shown(Number.NaN), 'x NaN');
});

test('speed shows three digits', () => {
  const shown = (imagesPerSecond: number): string => formatLine({ ...state, imagesPerSecond }).split('  ')[1] as string;
  assert.is(shown(6.2832), '6.28 img/s');
  assert.is(shown(999.7), '1000 img/s');
  assert.is(shown(12345.6), '12346 img/s');
});

test('durations are told in two units', () => {
  assert.is(formatDuration(41_600), '42s');
  assert.is(formatDuration(59_900), '1m 00s');
  assert.is(formatDuration(125_000), '2m 05s');
  assert.is(formatDuration(3 * 3_600_000 + 7 * 60_000), '3h 07m');
});

test('on a terminal one line is drawn again, ten times a second at most', () => {
  const { progress, written, at } = display({ tty: true });
  at(0, 0);
  at(50, 5);
  at(100, 10);
  assert.is(written.length, 2);
  assert.ok(written.every((text) => text.startsWith('\r\x1b[J') && !text.includes('\n')));
  at(150, 15);
  progress.finish();
  assert.match(written[2] as string, '15/1000');
  assert.is(written.at(-1), '\n');
});

test('elsewhere there is one plain line per interval, and the last state', () => {
  const { progress, written, at } = display({ intervalMs: 1000 });
  for (let ms = 0; ms <= 2500; ms += 100) at(ms, ms / 10);
  progress.finish();
  progress.finish();
  assert.equal(
    written.map((text) => text.split('  ')[0]),
    ['step 0/1000', 'step 100/1000', 'step 200/1000', 'step 250/1000'],
  );
  assert.ok(written.every((text) => text.endsWith('\n') && !text.includes('\x1b')));
});

test('a last state that was shown is not shown again', () => {
  const { progress, written, at } = display({});
  at(0, 1000);
  progress.finish();
  assert.is(written.length, 1);
});

test('the time left follows the pace of this sitting, not of the steps before it', () => {
  const { written, at } = display({ intervalMs: 0 });
  at(5000, 400);
  at(15_000, 500);
  assert.not.match(written[0] as string, 'left');
  assert.match(written[1] as string, '50s left');
});

test('a message stands above the bar, which is drawn again below it', () => {
  const { progress, written, at } = display({ tty: true });
  at(0, 7);
  progress.message('saved step 7');
  assert.is(written[1], '\r\x1b[Jsaved step 7\n');
  assert.match(written[2] as string, '7/1000');
});

test('a message before the first step or without a terminal stands alone', () => {
  const { progress, written } = display({});
  progress.message('reading images');
  progress.finish();
  assert.equal(written, ['reading images\n']);
});

test('NO_COLOR takes the colours, a dumb terminal the redrawing too', () => {
  const colored = display({ tty: true });
  colored.at(0, 1);
  assert.match(colored.written[0] as string, '\x1b[32m');
  const plain = display({ tty: true, environment: { NO_COLOR: '1' } });
  plain.at(0, 1);
  assert.not.match(plain.written[0] as string, '\x1b[32m');
  const dumb = display({ tty: true, environment: { TERM: 'dumb' } });
  dumb.at(0, 1);
  assert.is(dumb.written[0], 'step 1/1000  100 img/s  d 1.000\n');
});

test('the bar keeps its length while numbers change', () => {
  const bars = [
    { ...state, step: 7, imagesPerSecond: 9.87, values: { d: 2e-4, g: 1234 }, remainingMs: 3 * 3_600_000 },
    { ...state, step: 1000, imagesPerSecond: 1234, values: { d: 0.5, g: -1.234 }, remainingMs: 1000 },
  ].map((shown) => formatBar(shown, 90));
  assert.equal([...new Set(bars.map((bar) => /^[█░]+/.exec(bar)?.[0].length))], [30]);
  assert.equal([...new Set(bars.map((bar) => bar.indexOf(' img/s')))].length, 1);
});

test('the speed is smoothed: half of a change shows after three seconds', () => {
  const { progress, written } = display({ intervalMs: 0 });
  const clock = { ms: 0 };
  const smooth = createProgress({
    stream: { write: (text) => written.push(text) },
    intervalMs: 0,
    now: () => clock.ms,
    environment: {},
  });
  progress.finish();
  const at = (ms: number, imagesPerSecond: number) => {
    clock.ms = ms;
    smooth.update({ step: 1, total: 2, imagesPerSecond, values: {} });
  };
  at(0, 100);
  at(3106, 200);
  assert.match(written.at(-1) as string, '150 img/s');
});

test('a bar that a narrower terminal has broken into lines goes as a whole', () => {
  const written: string[] = [];
  const stream = { isTTY: true, columns: 80, write: (text: string) => written.push(text) };
  const progress = createProgress({ stream, environment: { NO_COLOR: '1' } });
  progress.update({ step: 1, total: 1000, imagesPerSecond: 100, values: { d: 1 } });
  stream.columns = 40;
  progress.message('saved');
  assert.is(written[1], '\r\x1b[1A\x1b[Jsaved\n');
});

test('a message breaks between words where the terminal ends', () => {
  assert.is(wrapWords('the samples have become alike', 16), 'the samples have\nbecome alike');
  assert.is(wrapWords('one\n  two three four', 10), 'one\n  two\n  three\n  four');
  assert.is(wrapWords('a/very/long/path is whole', 6), 'a/very/long/path\nis\nwhole');
  const { progress, written } = display({ tty: true, columns: 20 });
  progress.message('their diversity is 0.2 of that of real images');
  assert.ok(
    (written[0] as string)
      .trimEnd()
      .split('\n')
      .every((line) => line.replace(/^\r\S+J/, '').length <= 20),
  );
});

test('a silent display writes nothing', () => {
  const { progress, written, at } = display({ silent: true, tty: true });
  at(0, 1);
  progress.message('x');
  progress.finish();
  assert.equal(written, []);
});

test.run();
