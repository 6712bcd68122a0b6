// Loaded before a bundled test, and before each program of the checkout that one starts: such a program comes from its bundle as well.
// Forks inherit this from the options of Node that a process was started with.
import { register } from 'node:module';
import { BUNDLES } from './bundle.mjs';

if (!process.argv[1]?.startsWith(BUNDLES)) register('./loader.mjs', import.meta.url);
