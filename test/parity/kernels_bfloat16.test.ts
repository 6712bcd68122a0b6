import { test } from 'uvu';
import { cases } from '../cases.ts';
import { openKernelDevice } from '../devices.ts';
import { testParity } from './parity.ts';

testParity(() => openKernelDevice('bfloat16'), cases, 'bfloat16');

test.run();
