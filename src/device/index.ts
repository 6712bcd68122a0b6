export {
  type Call,
  DEVICE_KINDS,
  type Device,
  type DeviceKind,
  type Executable,
  type Feeds,
  type HostArray,
  type Outputs,
  type RunResult,
} from './device.ts';
export type { NativeDeviceInfo } from './native.ts';
export { bestDevice, type DeviceOptions, listDevices, openDevice, PRECISIONS, type Precision } from './open.ts';
