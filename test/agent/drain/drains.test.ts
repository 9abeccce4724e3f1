import { Drains } from '../../../src/agent/drain/drains.ts';

/** Drains of one service `db`, with what happened to it. */
function drains(kept: readonly string[] = []) {
  const seen: string[] = [];
  const note = (text: string, name: string): boolean => name === 'db' && seen.push(text) > 0;
  const made = new Drains({
    drain: (name, reason) => note(`out: ${reason}`, name),
    undrain: (name) => note('back', name),
    kept: {
      read: () => Promise.resolve(kept),
      add: (name) => Promise.resolve(void seen.push(`kept ${name}`)),
      remove: (name) => Promise.reject(new Error(`disk full: ${name}`)),
    },
    onNotKept: (error) => void seen.push(String(error)),
  });
  return { made, seen };
}

test('a service returns when the last cause has ended', () => {
  const { made, seen } = drains();
  expect([made.begin('db', 'unit'), made.begin('db', 'host')]).toEqual([true, true]);
  expect(made.end('db', 'unit')).toBe(true);
  expect(seen).not.toContain('back');
  expect(made.end('db', 'host')).toBe(true);
  expect(seen).toEqual(['out: its unit stops', 'out: the machine is about to stop', 'back']);
});

test('a unit that starts does not end what people asked for', () => {
  const { made, seen } = drains();
  made.begin('db', 'request');
  made.begin('db', 'unit');
  made.end('db', 'unit');
  expect(seen).not.toContain('back');
  made.end('db', 'request');
  expect(seen.at(-1)).toBe('back');
});

test('people end every cause', () => {
  const { made, seen } = drains();
  made.begin('db', 'host');
  made.end('db', 'request');
  expect(seen).toContain('back');
});

test('only what people asked for is kept, and begins again at the start', async () => {
  const { made, seen } = drains(['db', 'gone']);
  await made.start();
  made.begin('db', 'unit');
  expect(seen).toEqual(['out: drained on request', 'out: its unit stops']);
  made.begin('db', 'request');
  expect(seen.at(-1)).toBe('kept db');
});

test('a drain that cannot be kept is said, and is one all the same', async () => {
  const { made, seen } = drains();
  made.begin('db', 'request');
  expect(made.end('db', 'request')).toBe(true);
  await Promise.resolve();
  expect(seen).toEqual(['out: drained on request', 'kept db', 'back', 'Error: disk full: db']);
});

test('an unknown service is not there', () => {
  const { made } = drains();
  expect([made.begin('none', 'unit'), made.end('none', 'unit')]).toEqual([false, false]);
});
