import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { CheckpointError, ConfigError } from '../../errors.ts';
import type { ExportRuntime, HostTensor } from '../check.ts';
import { findTorch } from './python.ts';

/** Loads the exported module, and answers each line of inputs with a line of its output. */
const DRIVER = `
import base64, json, sys
sys.path.insert(0, sys.argv[1])
import torch, model
network = model.load(sys.argv[1] + "/model.safetensors")
for line in sys.stdin:
    given = {
        name: torch.frombuffer(bytearray(base64.b64decode(value["data"])), dtype=torch.float32).reshape(value["shape"])
        for name, value in json.loads(line).items()
    }
    with torch.no_grad():
        output = network(**given).contiguous()
    data = base64.b64encode(output.numpy().tobytes()).decode()
    print(json.dumps({"shape": list(output.shape), "data": data}), flush=True)
`;

/** Runs an exported module in PyTorch. @throws ConfigError torch_missing */
export async function openTorch(folder: string): Promise<ExportRuntime> {
  const python = await findTorch();
  if (python === undefined)
    throw new ConfigError(
      'torch_missing',
      'checking an export to pytorch needs a Python with torch, which is not here\n  Install it with: apt-get install python3-torch (or pip install torch)',
    );
  const child = spawn(python, ['-B', '-c', DRIVER, folder]);
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const complaint = complaintOf(child);
  const closed = new Promise((resolve) => child.once('close', resolve));
  return {
    name: 'PyTorch',
    async run(inputs) {
      const given = Object.entries(inputs).map(([name, { data, shape }]) => [name, { shape, data: toBase64(data) }]);
      child.stdin.write(`${JSON.stringify(Object.fromEntries(given))}\n`);
      const { value, done } = await answers.next();
      if (done) {
        // Its last words may come behind the end of its answers.
        await closed;
        throw failed(complaint());
      }
      const { shape, data } = JSON.parse(value) as { readonly shape: number[]; readonly data: string };
      return { shape, data: fromBase64(data) };
    },
    async close() {
      child.stdin.end();
      await closed;
    },
  };
}

/** What a process has written to stderr so far. */
function complaintOf(child: ChildProcessWithoutNullStreams): () => string {
  let text = '';
  child.stderr.on('data', (part: Buffer) => {
    text += part;
  });
  child.on('error', ({ message }) => {
    text += message;
  });
  // A process that is gone shows as the end of its answers.
  child.stdin.on('error', () => {});
  return () => text;
}

const failed = (complaint: string): CheckpointError =>
  new CheckpointError(
    'export_wrong',
    `The export is not what gannet computes: PyTorch does not run it. It was not kept. Please report it; --no-check writes it all the same.\n${complaint}`,
  );

const toBase64 = ({ buffer, byteOffset, byteLength }: Float32Array): string =>
  Buffer.from(buffer, byteOffset, byteLength).toString('base64');

function fromBase64(text: string): HostTensor['data'] {
  const bytes = new Uint8Array(Buffer.from(text, 'base64'));
  return new Float32Array(bytes.buffer);
}
