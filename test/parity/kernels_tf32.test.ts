import { test } from 'uvu';
import { cases } from '../cases.ts';
import { openKernelDevice } from '../devices.ts';
import { testParity } from './parity.ts';

testParity(() => openKernelDevice('tf32'), cases, 'tf32');

test.run();
