import type { Device } from '../device/index.ts';
import type { SystemFigures } from './run/metrics.ts';

/** Measures what this process takes of its machine, each time since the time before, and what is used of its device's memory. */
export class SystemMeter {
  private cpu = process.cpuUsage();
  private at = performance.now();

  constructor(private readonly device: Pick<Device, 'memoryUse'>) {}

  /** @throws DeviceError */
  async measure(): Promise<SystemFigures> {
    const [cpu, now] = [process.cpuUsage(), performance.now()];
    const busyMs = (cpu.user - this.cpu.user + cpu.system - this.cpu.system) / 1000;
    const processors = busyMs / (now - this.at);
    [this.cpu, this.at] = [cpu, now];
    const gpu = await this.device.memoryUse();
    return {
      processors: Number(processors.toFixed(3)),
      memoryBytes: process.memoryUsage.rss(),
      ...(gpu && { gpuMemoryBytes: gpu.usedBytes }),
    };
  }
}
