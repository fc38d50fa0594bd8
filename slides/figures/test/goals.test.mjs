// Every goal can be reached, is not reached when it opens, and its number of steps is the fewest: breadth first over all orders.
import test from 'node:test';
import assert from 'node:assert/strict';
import { goals } from '../goals.js';
import { models } from '../models.js';
import { solve } from '../solve.js';

test('every figure has goals, and says what it shows', () => {
  assert.deepEqual(Object.keys(goals), Object.keys(models));
  for (const { about, levels } of Object.values(goals)) assert.ok(about.length > 40 && levels.length >= 3);
});

for (const [name, { levels }] of Object.entries(goals))
  for (const [at, goal] of levels.entries())
    test(`${name}, goal ${at + 1}: the fewest steps`, () => {
      const search = goal.least === 0; // reached by a search that finds nothing
      assert.equal(solve(models[name], goal)?.length ?? null, search ? null : goal.least);
      if (search) assert.ok(goal.reached({}, {}, true) && models[name].search);
    });
