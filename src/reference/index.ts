export { loadTfjs } from './tfjs/backend.ts';
export { createTfjsDevice, openTfjsDevice } from './tfjs/device.ts';
