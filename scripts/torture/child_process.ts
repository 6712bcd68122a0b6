import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** How a process ended. */
export interface Ending {
  readonly ok: boolean;
  /** Such as `exit code 1` or `signal SIGSEGV`. */
  readonly how: string;
  readonly stdout: string;
  /** The last lines that it printed, of errors first. */
  readonly lastWords: string;
}

/** Runs a script of this folder in a process of its own and waits for its end, or ends it after `limitMs`. */
export async function runChild(script: string, args: readonly string[], limitMs: number): Promise<Ending> {
  const file = fileURLToPath(new URL(script, import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', file, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: limitMs,
    killSignal: 'SIGKILL',
  });
  const [stdout, stderr]: [string[], string[]] = [[], []];
  child.stdout.on('data', (chunk) => stdout.push(String(chunk)));
  child.stderr.on('data', (chunk) => stderr.push(String(chunk)));
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve) =>
    child.on('close', (...ending) => resolve(ending)),
  );
  const text = [...stdout, ...stderr].join('').trim();
  const how = signal === null ? `exit code ${code}` : `signal ${signal}`;
  return { ok: code === 0, how, stdout: stdout.join(''), lastWords: text.split('\n').slice(-8).join('\n    ') };
}
