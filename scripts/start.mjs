// `npm start`: sets everything up, then trains a DCGAN on the MNIST digits into a new folder under runs/, and names the final
// grid of images and the command that shows the run in a browser. `npm start -- --steps 200` adds arguments.

import { spawn } from 'node:child_process';
import { root, setup } from './setup.mjs';

const TRAINING = ['train', 'dcgan-digits', '--data', 'mnist'];

await setup({ simulator: false });
const command = ['--import', 'tsx', 'src/cli/main.ts', ...TRAINING, ...process.argv.slice(2)];
const training = spawn(process.execPath, command, { cwd: root, stdio: 'inherit' });

// Ctrl-C reaches the training itself, which saves before it ends; this process only waits for it.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => training.kill('SIGTERM'));
training.on('exit', (code, signal) => {
  if (signal) console.error(`The training was ended by ${signal}.`);
  process.exitCode = code ?? 1;
  // 130: it was interrupted and has saved.
  if (code === 0 || code === 130) console.log('Look at it in a browser:  npm run -s gannet -- watch');
});
