import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { adversarialLosses } from '../../src/losses/adversarial.ts';

test('one label stands for one measure: probabilities are D(x), scores of other losses say that they are scores', () => {
  const meanings = new Map<string, Set<string>>();
  for (const { monitors, generatorMonitors } of Object.values(adversarialLosses)) {
    for (const { label, meaning } of Object.values({ ...monitors, ...generatorMonitors }))
      meanings.set(label, (meanings.get(label) ?? new Set()).add(meaning));
  }
  assert.equal([...(meanings.get('D(x)') ?? [])], ['probability']);
  assert.equal([...(meanings.get('score(x)') ?? [])], ['score']);
  for (const [label, said] of meanings) assert.is(said.size, 1, label);
});

test.run();
