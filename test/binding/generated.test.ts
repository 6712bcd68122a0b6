import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { generatedHeaders } from '../../scripts/ops/native.ts';
import { PACKAGE_ROOT } from '../../src/package.ts';

const test = suite('generated headers');

// clang-format lays the files out, and a machine that only runs gannet has none.
const withoutLayout = (text: string): string => text.replaceAll(/\\$|\s/gm, '');

for (const [path, text] of generatedHeaders())
  test(`${path} says what the table of ops says; otherwise: npm run generate`, () => {
    assert.is(withoutLayout(readFileSync(join(PACKAGE_ROOT, path), 'utf8')), withoutLayout(text));
  });

test.run();
