import { test } from 'uvu';
import { cases, largeCases } from '../cases.ts';
import { devices } from '../devices.ts';
import { testParity } from './parity.ts';

testParity(devices.cpu, [...cases, ...largeCases]);

test.run();
