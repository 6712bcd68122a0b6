// Loaded before a bundled test, and before each program of the checkout that one starts: such a program comes from its bundle as well.
// Forks inherit this from the options of Node that a process was started with.
import { register } from 'node:module';
import { fileURLToPath } from 'node:url';

const isBundle = process.argv[1]?.startsWith(fileURLToPath(new URL('../../build/tests/', import.meta.url)));
if (!isBundle) register('./loader.mjs', import.meta.url);
