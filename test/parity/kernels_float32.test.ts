import { test } from 'uvu';
import { cases, largeCases } from '../cases.ts';
import { openKernelDevice } from '../devices.ts';
import { testParity } from './parity.ts';

testParity(() => openKernelDevice(), [...cases, ...largeCases]);

test.run();
