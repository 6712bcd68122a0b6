// One of several processes: joins the others and agrees with them on a kind of device.
import { joinRanks } from '../../src/device/index.ts';

const ranks = joinRanks(process.env);
try {
  ranks?.communicatorFor(process.argv[2] as 'simt' | 'cuda');
} catch (error) {
  ranks?.abort((error as Error).message);
}
