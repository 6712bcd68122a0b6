#!/usr/bin/env node
import type { Io } from './io.ts';
import { run } from './run.ts';

const io: Io = {
  stdout: process.stdout,
  stderr: process.stderr,
  environment: process.env,
  signals: process,
  quit: () => process.exit(130),
};

// A reader that went away, such as `head`, ends training as Ctrl-C does, and any other command at once.
let readerIsThere = true;
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    if (readerIsThere && !process.emit('SIGINT')) process.exit(0);
    readerIsThere = false;
  });
}

process.exitCode = await run(process.argv.slice(2), io);
