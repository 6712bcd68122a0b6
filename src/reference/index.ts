export { type LoadedTfjs, loadTfjs, type TfjsOptions } from './tfjs/backend.ts';
export { createTfjsDevice, openTfjsDevice } from './tfjs/device.ts';
