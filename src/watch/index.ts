export { openWatch, type Watch, type WatchOptions } from './server.ts';
