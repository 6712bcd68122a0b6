export type { CheckReport } from './check/check.ts';
export { type DeviceChoice, type DeviceListener, findDevice } from './choice.ts';
export { countCost, type LaunchCost, type ProgramCost, precisionOn } from './cost_model.ts';
export {
  type Call,
  DEVICE_KINDS,
  type Device,
  type DeviceKind,
  type Executable,
  type Feeds,
  type HostArray,
  type MemoryUse,
  type Outputs,
  type OutputsOf,
  type RunOptions,
  type RunResult,
} from './device.ts';
export { type Architecture, GPUS, type Gpu, type GpuName } from './gpus.ts';
export type { Environment, Launched, TcpPlace } from './launcher.ts';
export type { NativeCommunicator, NativeDeviceInfo } from './native.ts';
export {
  type BestDevice,
  bestDevice,
  type DeviceOptions,
  listDevices,
  openDevice,
  PRECISIONS,
  type Precision,
} from './open.ts';
export { addProduct } from './product.ts';
export { joinRanks, Ranks } from './ranks.ts';
export { type DeviceTest, testDevices } from './self_test.ts';
