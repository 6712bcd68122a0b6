#!/usr/bin/env node
import type { Io } from './io.ts';
import { run } from './run.ts';

const io: Io = {
  stdout: process.stdout,
  stderr: process.stderr,
  environment: process.env,
  signals: process,
  // process.exit would wait for what runs on other threads, such as a read from a disk that does not answer.
  quit: (signal) => {
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  },
};

// A reader that went away, such as `head` or a closed terminal, lets training save and stop, and ends any other command at once.
const GONE = ['EPIPE', 'EIO'];
let readerIsThere = true;
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (!GONE.includes(error.code ?? '')) throw error;
    if (readerIsThere && !process.emit('SIGHUP')) process.exit(0);
    readerIsThere = false;
  });
}

process.exitCode = await run(process.argv.slice(2), io);
