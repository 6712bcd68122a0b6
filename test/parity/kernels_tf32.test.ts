import { test } from 'uvu';
import { cases } from '../cases.ts';
import { openKernelDevice, roundingTolerance } from '../devices.ts';
import { testParity } from './parity.ts';

testParity(() => openKernelDevice('tf32'), cases, roundingTolerance('tf32'));

test.run();
