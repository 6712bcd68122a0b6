import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { buildExecutor, compileToPtx, runCase } from './build.ts';

function runOn(mode: string, name: string): string[] {
  return runCase(name, { GANNET_SIMT_EXECUTOR: buildExecutor('counting'), COUNTING_EXECUTOR: mode });
}

test('an executor is handed every allocation, launch and free; what it leaves to the simulator runs there', () => {
  const lines = runOn('twin', 'reverse');
  const reversed = Array.from({ length: 64 }, (_, i) => String(63 - i));
  assert.equal(lines.slice(0, 2), ['allocated 256', 'allocated 256']);
  assert.match(lines[2] as string, /^launch \S*reverse_kernel\S* grid 1,1,1 block 64,1,1 shared 512 arguments 16 /);
  assert.equal(lines.slice(3), [...reversed, 'freed', 'freed']);
});

test('what the executor has run, the simulator does not', () => {
  const values = runOn('done', 'reverse').filter((line) => /^-?nan$/.test(line));
  assert.is(values.length, 64);
});

test('a failure of the executor fails the launch', () => {
  const lines = runOn('fail', 'reverse');
  assert.ok(
    lines.some((line) =>
      /^error: kernel gannet::kernels::reverse_kernel.*the executor failed: no PTX for it$/.test(line),
    ),
  );
});

test('arguments are packed as CUDA packs kernel parameters', () => {
  const [, launch] = runOn('done', 'arguments');
  const packed = /arguments 34 ([0-9a-f]+)$/.exec(launch as string)?.[1] as string;
  // float* at 0, unsigned char 3 at 8, { double 0.5, float 0.25 } at 16, short 8 at 32; the bytes between are padding.
  assert.is(packed.slice(16, 18), '03');
  assert.is(packed.slice(32, 56), '000000000000e03f0000803e');
  assert.is(packed.slice(64, 68), '0800');
});

test('a library without an executor, or no library, is refused by name', () => {
  const [missing] = runCase('reverse', { GANNET_SIMT_EXECUTOR: '/nonexistent/executor.so' });
  assert.match(missing as string, /GANNET_SIMT_EXECUTOR cannot be loaded: \/nonexistent\/executor\.so/);
});

/** Of each kernel in a PTX text: the bytes of its packed parameters. */
function parameterBytes(ptx: string): Map<string, number> {
  const kernels = new Map<string, number>();
  for (const [, symbol, parameters] of ptx.matchAll(/\.entry (\w+)\(([^)]*)\)/g)) {
    let bytes = 0;
    for (const [, align, bits, count] of (parameters as string).matchAll(
      /\.param (?:\.align (\d+) )?\.[ubf](\d+)(?: [^\s,[]+\[(\d+)\])?/g,
    )) {
      const size = (Number(bits) / 8) * Number(count ?? 1);
      const alignment = Number(align ?? size);
      bytes = Math.ceil(bytes / alignment) * alignment + size;
    }
    kernels.set(symbol as string, bytes);
  }
  return kernels;
}

const CASES = [
  'reverse',
  'two writers of a word',
  'copy',
  'read unwritten global memory',
  'aligned vectors',
  'atomic count',
];

test('symbols and parameter sizes are those of the PTX that nvcc emits', () => {
  const ptx = compileToPtx('faults.cu');
  if (ptx === undefined) {
    console.log('nvcc was not found: symbols were not compared with its PTX');
    return;
  }
  const kernels = parameterBytes(ptx);
  for (const name of CASES) {
    const launch = runOn('done', name).find((line) => line.startsWith('launch ')) as string;
    const [, symbol, bytes] = /^launch (\S+) .* arguments (\d+) /.exec(launch) as RegExpExecArray;
    assert.ok(kernels.has(symbol as string), `${symbol} is no kernel of the PTX`);
    assert.is(kernels.get(symbol as string), Number(bytes), symbol);
  }
});

test.run();
