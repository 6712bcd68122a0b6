export { openTfjsDevice } from './tfjs/device.ts';
