import { type ChildProcess, fork } from 'node:child_process';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DeviceError } from '../errors.ts';
import type { CheckReport } from './check/check.ts';
import type { NativeDeviceInfo } from './native.ts';
import { deviceRemedy } from './open.ts';
import type { SelfTestReport } from './self_test_child.ts';

/** What came of testing a device. */
export interface DeviceTest {
  readonly info: NativeDeviceInfo;
  /** What its self-check came to; undefined if it failed. */
  readonly check?: CheckReport | undefined;
  /** Why it does not work, and what to do; undefined if it works. */
  readonly failure?: DeviceError;
}

const LONGEST_TEST_MS = 60_000;

/** Loads the addon and has each device that is available check itself, each in a process of its own, so that an addon that crashes is
 *  reported and not suffered.
 *  @throws DeviceError if the addon cannot be loaded; `addon_crashed` if loading it ends the process */
export async function testDevices(): Promise<readonly DeviceTest[]> {
  const { devices = [] } = await inChild('loading it');
  return Promise.all(devices.map(testDevice));
}

async function testDevice(info: NativeDeviceInfo): Promise<DeviceTest> {
  const { kind, available, problem } = info;
  if (!available) {
    return { info, failure: new DeviceError(`${kind}_unavailable`, `${problem}\n  ${deviceRemedy(kind)}`) };
  }
  try {
    const { check } = await inChild(`the device ${kind} checked itself`, kind);
    return { info, check };
  } catch (failure) {
    return { info, failure: failure as DeviceError };
  }
}

/** Runs self_test_child.ts. @param doing what the child does, for the message */
async function inChild(doing: string, ...args: string[]): Promise<SelfTestReport> {
  const { report, output, ended } = await runChild(args);
  if (report?.failure) throw new DeviceError(report.failure.code, report.failure.message);
  if (report && ended === WELL) return report;
  const said = output.trim().split('\n').at(-1);
  throw new DeviceError(
    'addon_crashed',
    `the native addon crashed: its process ended with ${ended} while ${doing}${said ? ` and said '${said}'` : ''}\n  ${remedyFor(ended)}`,
  );
}

const WELL = 'exit code 0';

interface ChildOutcome {
  readonly report: SelfTestReport | undefined;
  /** What the child wrote to stderr. */
  readonly output: string;
  /** The signal or exit code that it ended with. */
  readonly ended: string;
}

function runChild(args: readonly string[]): Promise<ChildOutcome> {
  return new Promise((resolve, reject) => {
    const child: ChildProcess = fork(childModule(), args, {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      timeout: LONGEST_TEST_MS,
      killSignal: 'SIGKILL',
    });
    let report: SelfTestReport | undefined;
    let output = '';
    child.on('message', (message) => {
      report = message as SelfTestReport;
    });
    child.stderr?.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ report, output, ended: signal ?? `exit code ${code}` }));
  });
}

/** The child's file lies beside this one, compiled or not. */
function childModule(): string {
  const extension = extname(fileURLToPath(import.meta.url));
  return fileURLToPath(new URL(`./self_test_child${extension}`, import.meta.url));
}

function remedyFor(ended: string): string {
  if (ended === 'SIGILL') {
    return 'This processor lacks an instruction that the addon uses. Build it here with `npx gannet build`; or set GANNET_CPU_ISA=baseline, with which it uses older ones.';
  }
  if (ended === 'SIGKILL') {
    return `Either it took longer than ${LONGEST_TEST_MS / 1000} s, or the system ended it for want of memory. Close other programs and try again.`;
  }
  return 'Build the addon on this machine with `npx gannet build`. If it crashes then as well, that is a fault of gannet: please report it with the output of `gannet doctor`.';
}
