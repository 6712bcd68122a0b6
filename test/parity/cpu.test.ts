import { test } from 'uvu';
import { devices } from '../devices.ts';
import { testParity } from './parity.ts';

testParity(devices.cpu);

test.run();
