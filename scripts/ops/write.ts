// `npm run generate`: writes what the native code knows of ops and scalar functions, from the table in src/tensor/operators.ts.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../src/package.ts';
import { generatedHeaders } from './native.ts';

for (const [path, text] of generatedHeaders()) {
  writeFileSync(join(PACKAGE_ROOT, path), text);
  console.log(path);
}
// Layout alone: the files serve without it, and a test compares all but white space.
execFileSync('clang-format-14', ['-i', ...generatedHeaders().keys()], { cwd: PACKAGE_ROOT, stdio: 'inherit' });
