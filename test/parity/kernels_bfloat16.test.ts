import { test } from 'uvu';
import { cases } from '../cases.ts';
import { openKernelDevice, roundingTolerance } from '../devices.ts';
import { testParity } from './parity.ts';

testParity(() => openKernelDevice('bfloat16'), cases, roundingTolerance('bfloat16'));

test.run();
