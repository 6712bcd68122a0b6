// Runs a long command whose signals are handled: a signal to this process reaches the whole process group of the command, and this
// process ends after it.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** Runs a command. `ownGroup`: in a process group of its own, without standard input. `output` receives what the command prints,
 *  piece by piece; without it the command prints by itself. `started(pid)` is told its id.
 *  Resolves with its exit code, or with a message in `problem` if it could not start. If this process is sent a signal, the command
 *  receives it, and this process ends once the command has and `interrupted()` has returned. */
export function run(command, args, options = {}) {
  const { cwd, env = process.env, ownGroup = false, output, started = () => {}, interrupted = () => {} } = options;
  const printed = output ? 'pipe' : 'inherit';
  const child = spawn(command, args, {
    ...{ cwd, env, detached: ownGroup },
    stdio: [ownGroup ? 'ignore' : 'inherit', printed, printed],
  });
  return new Promise((resolve) => {
    let received;
    const forward = (signal) => {
      received = signal;
      if (child.pid === undefined) return;
      // A command that shares the terminal has got the signal of Ctrl-C already; a second one does no harm.
      signalProcess(ownGroup ? -child.pid : child.pid, signal);
    };
    for (const signal of SIGNALS) process.on(signal, forward);
    const settle = (result) => {
      for (const signal of SIGNALS) process.off(signal, forward);
      if (received === undefined) return resolve(result);
      interrupted();
      process.exit(128 + constants.signals[received]);
    };
    child.on('error', ({ message }) => settle({ code: undefined, problem: message }));
    child.on('close', (code) => settle({ code }));
    if (child.pid === undefined) return;
    started(child.pid);
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', output);
  });
}

/** Sends a signal to a process (pid) or a process group (-pid) that may have ended. */
export function signalProcess(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}
