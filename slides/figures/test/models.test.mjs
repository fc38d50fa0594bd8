// What the figures claim, checked in every order of their steps.
import test from 'node:test';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { explore, linkRead, linkText, replay, runLetters, runText, settingsFrom } from '../core.js';
import { models } from '../models.js';
import { bytesOf, layoutOf, mirrorOf, NAMES, ownerOf, readingOf } from '../models/layout.js';
import { PROCESSES, references } from '../models/lifetime.js';
import { SLOTS, WHO, waitsFor } from '../models/semaphores.js';

const found = (name, wanted = {}, visit) => explore(models[name], settingsFrom(models[name], wanted), visit);
const answer = (name, wanted = {}) => {
  const { choices, answer: at } = models[name].predict(settingsFrom(models[name], wanted));
  return choices[at];
};

// The schedule that the search shows must be one that a reader can take, and end where it says.
const replayed = (name, wanted, run) => {
  const settings = settingsFrom(models[name], wanted);
  return { settings, state: replay(models[name], settings, run).at(-1) };
};

test('handshake: only release with acquire is right in every order', () => {
  for (const program of ['plain', 'flag-first', 'half', 'release']) {
    const { fault, stuck, ends, states } = found('handshake', { program });
    assert.equal(stuck, null, program);
    assert.ok(ends > 0 && states > 5, program);
    assert.equal(fault === null, program === 'release', program);
    assert.equal(answer('handshake', { program }), program === 'release' ? 'Never' : 'In some orders');
    if (fault) {
      const { settings, state } = replayed('handshake', { program }, fault.run);
      assert.equal(models.handshake.fault(state, settings), fault.words);
    }
  }
});

test('handshake: a flag that is raised first fails without any reordering by the machine', () => {
  const { state } = replayed('handshake', { program: 'flag-first' }, ['w', 'f', 'r', 'r']);
  assert.equal(state.printed, 0);
});

test('handshake: with release the flag never reaches memory before the value', () => {
  for (const program of ['half', 'release'])
    found('handshake', { program }, (state) => assert.ok(state.ready === 0 || state.value === 42));
});

test('semaphores: the right order with the right values ends well in every order', () => {
  const { fault, stuck, ends } = found('semaphores', {}, (state) => {
    const held = state.slots.filter((item) => item !== '').length;
    assert.ok(state.semaphores.mutex <= 1);
    assert.ok(state.semaphores.empty + state.semaphores.full <= SLOTS);
    assert.ok(held <= SLOTS);
  });
  assert.deepEqual({ fault, stuck }, { fault: null, stuck: null });
  assert.equal(ends, 1);
});

test('semaphores: each wrong value or order fails in its own way', () => {
  const outcome = (wanted) => {
    const { fault, stuck } = found('semaphores', wanted);
    return `${fault ? 'spoilt' : ''}${stuck ? 'stuck' : ''}`;
  };
  assert.equal(outcome({ order: 'swapped' }), 'stuck');
  assert.equal(outcome({ mutex: '0' }), 'stuck');
  assert.equal(outcome({ empty: '0' }), 'stuck');
  assert.match(outcome({ mutex: '2' }), /spoilt/);
  assert.match(outcome({ empty: '3' }), /spoilt/);
  assert.match(outcome({ full: '1' }), /spoilt/);
  assert.equal(outcome({ empty: '1' }), '');
});

test('semaphores: in the standstill everybody waits, one of them with the mutex', () => {
  const { stuck } = found('semaphores', { order: 'swapped' });
  const { settings, state } = replayed('semaphores', { order: 'swapped' }, stuck.run);
  const waited = WHO.map((who) => waitsFor(state, who, settings)).filter((what) => what !== '');
  assert.ok(waited.includes('empty') && waited.includes('mutex'), waited.join());
  assert.equal(state.semaphores.mutex, 0);
});

test('snapshot: a sequence counter, and nothing less, keeps a mixture from being used', () => {
  for (const guard of ['none', 'once', 'sequence']) {
    const { fault, stuck, ends } = found('snapshot', { guard });
    assert.equal(stuck, null, guard);
    assert.ok(ends > 0, guard);
    assert.equal(fault === null, guard === 'sequence', guard);
    assert.equal(answer('snapshot', { guard }), guard === 'sequence' ? 'Never' : 'In some orders');
  }
});

test('snapshot: the reader retries at most once for each update', () => {
  let most = 0;
  found('snapshot', { guard: 'sequence' }, (state) => { most = Math.max(most, state.retries); });
  assert.equal(most, 2);
});

test('lifetime: the kernel frees a segment when it has no name and no references, never before', () => {
  for (const api of ['sysv', 'posix']) {
    const settings = settingsFrom(models.lifetime, { api });
    const { states, fault } = found('lifetime', { api }, (state) => {
      const ids = state.segments.map((each) => each.id);
      assert.ok(state.segments.filter((each) => each.named).length <= 1);
      for (const segment of state.segments) assert.ok(segment.named || references(state, segment, settings) > 0);
      for (const who of PROCESSES) {
        assert.ok(state[who].alive || !state[who].attached);
        if (state[who].attached) assert.ok(ids.includes(state[who].id), `${who} has a segment attached that is gone`);
      }
    });
    assert.ok(states > 100);
    assert.deepEqual(fault.run, ['c', 'k', 'K']);
  }
});

test('lifetime: killed processes leave a named segment behind, a marked one goes with the last', () => {
  assert.equal(replayed('lifetime', {}, [...'caCAkK']).state.segments.length, 1);
  assert.equal(replayed('lifetime', {}, [...'caCArkK']).state.segments.length, 0);
  assert.equal(replayed('lifetime', { api: 'posix' }, [...'caCArk']).state.segments.length, 1);
});

test('lifetime: a marked segment has no key, so that the next create makes another', () => {
  const { state } = replayed('lifetime', {}, [...'caCArksc']);
  assert.deepEqual(state.segments.map((each) => each.named), [false, true]);
});

test('lifetime: creating twice fails with EEXIST, finding nothing with ENOENT', () => {
  assert.match(replayed('lifetime', {}, [...'cksc']).state.said, /EEXIST/);
  assert.match(replayed('lifetime', {}, ['C']).state.said, /ENOENT/);
});

// Every order of producing, consuming and ticking, to a depth.
const queueOrders = (wanted, ids, depth, visit) => {
  const settings = settingsFrom(models.queue, wanted);
  const seen = new Set();
  let level = [{ state: models.queue.start(settings), shown: [] }];
  for (let at = 0; at < depth; at++) {
    const next = [];
    for (const { state, shown } of level)
      for (const { id, waits } of models.queue.steps(state, settings)) {
        if (waits || !ids.includes(id)) continue;
        const after = models.queue.take(state, id, settings);
        const fresh = after.shown !== null && after.shown.frame !== state.shown?.frame;
        const all = fresh ? [...shown, after.shown.frame] : shown;
        const key = JSON.stringify([after, all]);
        if (seen.has(key)) continue;
        seen.add(key);
        visit(after, all);
        next.push({ state: after, shown: all });
      }
    level = next;
  }
  return seen.size;
};

test('queue: frames come out in order, once, and all of them when the producer waits', () => {
  for (const policy of ['block', 'newest', 'oldest']) {
    const states = queueOrders({ policy, slots: '2', producer: '1', consumer: '2' }, 'ptc', 9, (state, shown) => {
      const inside = state.slots.filter((slot) => slot !== null).map((slot) => slot.frame);
      assert.equal(state.count, inside.length);
      assert.deepEqual(shown, [...new Set(shown)].sort((a, b) => a - b), 'in order and once');
      if (policy === 'block') assert.deepEqual(shown, shown.map((_, at) => at + 1), 'none is left out');
      assert.equal(state.next - 1, shown.length + inside.length + state.dropped, 'every frame is shown, inside or dropped');
    });
    assert.ok(states > 500, `${policy}: ${states} states`);
  }
});

test('queue: a blocked producer makes every frame a full queue old, overwriting keeps them fresh', () => {
  const age = (policy) => replayed('queue', { policy, producer: '1', consumer: '3' }, Array(60).fill('t')).state.shown.age;
  assert.ok(age('oldest') < age('newest'));
  assert.ok(age('oldest') < age('block'));
});

test('queue: the prediction is what a long run shows', () => {
  const told = (wanted) => answer('queue', wanted);
  assert.equal(told({ policy: 'block', producer: '1', consumer: '2' }), 'The producer has to wait');
  assert.equal(told({ policy: 'oldest', producer: '1', consumer: '2' }), 'Frames are lost');
  assert.equal(told({ producer: '3', consumer: '2' }), 'The consumer has to wait');
  assert.equal(told({ producer: '2', consumer: '2' }), 'Nobody waits, nothing is lost');
});

const permutations = (items) => (items.length < 2 ? [items] : items.flatMap((item) => permutations(items.filter((each) => each !== item)).map((rest) => [item, ...rest])));
const ORDERS = permutations(NAMES);
const declared = { ready: '_Bool ready', value: 'double value', count: 'int32_t count', stamp: 'int64_t stamp', rgb: 'uint8_t rgb[3]' };

test('layout: all orders are what gcc lays out', (t) => {
  const body = ORDERS.map((order, at) => {
    const numbers = NAMES.map((name) => `offsetof(struct s${at}, ${name})`).join(', ');
    return `struct s${at} { ${order.map((name) => `${declared[name]};`).join(' ')} };\nstatic const size_t n${at}[] = { ${numbers}, sizeof(struct s${at}) };`;
  });
  const source = `#include <stddef.h>\n#include <stdint.h>\n#include <stdio.h>\n${body.join('\n')}\nint main(void){${ORDERS.map((_, at) => `for (int i = 0; i < 6; i++) printf("%zu ", n${at}[i]); putchar('\\n');`).join('')}}`;
  const scratch = `${process.env.TMPDIR ?? '/tmp'}/shmlab-layout-${process.pid}`;
  const compiled = spawnSync('gcc', ['-xc', '-', '-o', scratch], { input: source, encoding: 'utf8' });
  if (compiled.error) return t.skip('gcc is missing');
  assert.equal(compiled.status, 0, compiled.stderr);
  const { stdout } = spawnSync(scratch, { encoding: 'utf8' });
  spawnSync('rm', [scratch]);
  const rows = stdout.trim().split('\n').map((row) => row.trim().split(' ').map(Number));
  assert.equal(rows.length, 120);
  ORDERS.forEach((order, at) => {
    const { fields, size } = layoutOf(order);
    assert.deepEqual(rows[at], [...NAMES.map((name) => fields.find((each) => each.name === name).offset), size], order.join());
  });
});

test('layout: the mirrors are what ctypes makes of the order', (t) => {
  const ctypes = { ready: 'c_bool', value: 'c_double', count: 'c_int32', stamp: 'c_int64', rgb: 'c_uint8 * 3' };
  const script = ORDERS.flatMap((order) =>
    ['', '_pack_ = 1'].map((pack) => `class S(Structure):\n    ${pack || 'pass'}\n    _fields_ = [${order.map((name) => `("${name}", ${ctypes[name]})`).join(', ')}]\nprint(*[getattr(S, n).offset for n in ${JSON.stringify(NAMES)}])\n`),
  );
  const { stdout, error, status } = spawnSync('python3', ['-W', 'ignore', '-'], { input: `from ctypes import *\n${script.join('')}`, encoding: 'utf8' });
  if (error) return t.skip('python3 is missing');
  assert.equal(status, 0);
  const rows = stdout.trim().split('\n');
  ORDERS.forEach((order, at) => {
    const told = (mirror) => NAMES.map((name) => mirrorOf(order, mirror)[name]).join(' ');
    assert.equal(told('right'), rows[2 * at]);
    assert.equal(told('packed'), rows[2 * at + 1]);
  });
});

test('layout: every byte has one owner or is padding, and a right mirror reads everything right', () => {
  for (const order of ORDERS) {
    const { fields, holes, size } = layoutOf(order);
    const covered = [...fields, ...holes].reduce((sum, each) => sum + each.size, 0);
    assert.equal(covered, size);
    bytesOf(order).forEach((value, byte) => assert.ok(ownerOf(order, byte) || value === 0));
    assert.ok(readingOf(order, 'right').every((each) => each.right));
  }
  assert.deepEqual(readingOf(NAMES, 'table').filter((each) => !each.right).map((each) => each.name), ['stamp', 'rgb']);
  assert.ok(readingOf(NAMES, 'packed').some((each) => !each.right));
});

test('settings: a name or a value that does not exist is refused', () => {
  assert.throws(() => settingsFrom(models.queue, { slots: '99' }), /slots cannot be/);
  assert.throws(() => settingsFrom(models.queue, { colour: 'red' }), /no setting colour/);
  assert.throws(() => settingsFrom(models.layout, { order: 'ready,ready,value,count,stamp' }), /order cannot be/);
  assert.throws(() => replay(models.handshake, settingsFrom(models.handshake, {}), ['r']), /cannot be taken/);
});

test('links: what a link says is what it opens', () => {
  assert.equal(runText(runLetters('w3rt12')), 'w3rt12');
  assert.throws(() => runLetters('3w'), /not a run/);
  const settings = settingsFrom(models.semaphores, { order: 'swapped', empty: '1' });
  const text = linkText(models.semaphores, settings, [...'aab'], 1);
  assert.equal(text, 'figure=semaphores&order=swapped&empty=1&guess=1&run=aab');
  assert.deepEqual(linkRead(models.semaphores, new URLSearchParams(text)), { settings, letters: [...'aab'], guess: 1 });
});

test('predictions: each has one right answer among its choices and says why', () => {
  for (const model of Object.values(models)) {
    const { question, choices, answer: at, because } = model.predict(settingsFrom(model, {}));
    assert.ok(question.endsWith('?') && choices.length >= 3 && at >= 0 && at < choices.length && because.length > 10, model.name);
    assert.equal(new Set(choices).size, choices.length, model.name);
  }
});
