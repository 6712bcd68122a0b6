// One of several processes: does nothing for as many seconds as it is told, and then leaves the others. Rank 1 hears of nothing
// meanwhile where that is `blocked`; where it is `tell`, each says when it has joined the others.
import { joinRanks } from '../../src/device/index.ts';

const [seconds, how] = process.argv.slice(2);
const ranks = joinRanks(process.env);
const ms = 1000 * Number(seconds);
if (how === 'tell') console.log('joined');
if (how === 'blocked' && ranks?.rank === 1) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
else await new Promise((resolve) => setTimeout(resolve, ms));
ranks?.leave();
