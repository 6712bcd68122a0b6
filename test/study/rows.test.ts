import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ConfigError } from '../../src/errors.ts';
import { parseStudy, type StudyFile } from '../../src/study/file.ts';
import { rowsOf } from '../../src/study/rows.ts';
import { tinyStudy } from './tiny.ts';

const test = suite('rows of a study');

const rows = async (changes: object) => rowsOf(parseStudy(tinyStudy(changes as Partial<StudyFile>)));

async function refusal(changes: object): Promise<ConfigError> {
  try {
    await rows(changes);
  } catch (error) {
    assert.instance(error, ConfigError);
    return error as ConfigError;
  }
  throw new Error('the study was accepted');
}

test('values of several keys multiply, the last key changing fastest', async () => {
  const found = await rows({ vary: { 'model.kernel': [3, 4], seed: [1, 2] } });
  assert.equal(
    found.map(({ name, config }) => [name, config.model.kernel, config.seed]),
    [
      ['kernel-3-seed-1', 3, 1],
      ['kernel-3-seed-2', 3, 2],
      ['kernel-4-seed-1', 4, 1],
      ['kernel-4-seed-2', 4, 2],
    ],
  );
});

test('explicit rows change the base, keep its other keys, and multiply with varied ones', async () => {
  const found = await rows({
    rows: [{ name: 'plain' }, { loss: 'hinge', model: { kernel: 5 } }],
    vary: { loss: undefined, seed: [7, 8] },
  }).catch(() => undefined);
  assert.is(found, undefined, 'a key without values is refused');
  const names = await rows({
    rows: [{ name: 'plain' }, { loss: 'hinge', model: { kernel: 5 } }],
    vary: { seed: [7, 8] },
  });
  assert.equal(
    names.map(({ name, config }) => [name, config.loss, config.model.kernel, config.model.width]),
    [
      ['plain-seed-7', 'nonSaturating', 5, 2],
      ['plain-seed-8', 'nonSaturating', 5, 2],
      ['row-2-seed-7', 'hinge', 5, 2],
      ['row-2-seed-8', 'hinge', 5, 2],
    ],
  );
});

test('a recipe may be varied, and a word names a row by itself', async () => {
  const found = await rows({ vary: { recipe: ['dcgan-digits', 'dcgan'], loss: ['hinge'] } });
  assert.equal(
    found.map(({ name, config }) => [name, config.recipe]),
    [
      ['dcgan-digits-hinge', 'dcgan-digits'],
      ['dcgan-hinge', 'dcgan'],
    ],
  );
});

test('a row that its recipe refuses is named before anything is trained', async () => {
  const range = await refusal({ vary: { 'model.kernel': [3, 9] } });
  assert.is(range.code, 'invalid_config');
  assert.match(range.message, /the study, row 'kernel-9': .*model\.kernel: .* received 9/s);
  const unread = await refusal({ rows: [{ name: 'clip', equilibrium: { gamma: 0.3 } }] });
  assert.is(unread.code, 'unread_key');
  assert.match(unread.message, /row 'clip.*equilibrium\.gamma/s);
  const unknown = await refusal({ vary: { 'model.kernl': [3] } });
  assert.match(unknown.message, /row 'kernl-3': .*'model\.kernl' is no key.* Did you mean .*model\.kernel/s);
  const size = await refusal({ vary: { size: [16, 30] } });
  assert.is(size.code, 'unreachable_size');
  assert.match(size.message, /row 'size-30'/);
});

test('rows of one name, and rows that are the same run, are refused', async () => {
  const name = await refusal({ vary: undefined, rows: [{ name: 'a' }, { name: 'a', seed: 2 }] });
  assert.is(name.code, 'study_duplicate');
  assert.match(name.message, /two rows are called 'a'/);
  const same = await refusal({ vary: undefined, rows: [{ name: 'a' }, { name: 'b' }] });
  assert.is(same.code, 'study_duplicate');
  assert.match(same.message, /the rows 'a' and 'b' are the same run/);
});

test('a study without a recipe says where one may stand', async () => {
  const { code, message } = await refusal({ base: {} });
  assert.is(code, 'recipe_missing');
  assert.match(message, /`base`, in the row or in `vary`/);
});

const invalid = (changes: object): string => {
  try {
    parseStudy({ ...tinyStudy(), ...changes });
  } catch (error) {
    assert.is((error as ConfigError).code, 'invalid_study');
    return (error as ConfigError).message;
  }
  throw new Error('the study was accepted');
};

test('every mistake in the file names its key', () => {
  assert.match(invalid({ varry: {} }), /'varry' is no key of a study\. Did you mean .*vary/);
  assert.match(invalid({ evaluation: { feature: 'pixels' } }), /'feature' is no key of `evaluation` of a study/);
  assert.match(invalid({ samples: { count: 0 } }), /samples\.count: /);
  assert.match(invalid({ vary: { seed: [] } }), /vary\.seed: /);
  assert.match(invalid({ rows: [{}, { name: '../out' }] }), /row 2 of `rows`, name: expected letters/);
  assert.match(invalid({ title: undefined }), /title: /);
  assert.match(invalid({ vary: undefined }), /expected `rows`, `vary` or both/);
});

test.run();
