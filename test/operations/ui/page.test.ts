import { readdirSync, readFileSync } from 'node:fs';
import { pageAssets } from '../../../src/operations/ui/assets.ts';
import { endOfChain } from '../../../src/operations/ui/certificate-ends.ts';
import { statesOf } from '../../../src/operations/ui/page/event-stream.ts';
import { endsSoon, fromNow, matching } from '../../../src/operations/ui/page/words.ts';
import type { UiVm } from '../../../src/operations/ui/ui-state.ts';

const NOW = Date.parse('2026-11-30T12:00:00Z');
const FOLDER = new URL('../../../src/operations/ui/page/', import.meta.url);

test('the page has at most 100 KiB compressed', () => {
  const bytes = [...pageAssets().values()].reduce((sum, { packed }) => sum + packed.length, 0);
  expect(bytes).toBeGreaterThan(5_000);
  expect(bytes).toBeLessThan(100 * 1024);
});

test('the page names nothing of another origin and has no script within', () => {
  const [html, css] = ['/', '/page.css'].map((path) => pageAssets().get(path)?.text ?? '');
  expect(`${html}${css}`).not.toMatch(/https?:|\/\/[a-z]|@import|style=|\son[a-z]+=/);
  expect(html).not.toMatch(/<script(?![^>]* src="\/page\.js")/);
});

test('the script of the page imports no package but preact, whose licence is in the notices', () => {
  const files = readdirSync(FOLDER).filter((name) => /\.tsx?$/.test(name));
  const imported = files.flatMap((name) => [
    ...readFileSync(new URL(name, FOLDER), 'utf8').matchAll(/from '([^.'][^']*)'/g),
  ]);
  expect([...new Set(imported.map((match) => match[1]?.split('/')[0]))]).toEqual(['preact']);
});

test('states are read from a stream that arrives in any pieces', async () => {
  const text =
    ': beat\n\nevent: state\ndata: {"a":"é"}\n\nevent: other\ndata: no\n\nevent: state\ndata: 2\n\nevent: state\ndata: cut';
  const bytes = new TextEncoder().encode(text);
  for (const size of [1, 3, 7, bytes.length]) {
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        for (let at = 0; at < bytes.length; at += size) controller.enqueue(bytes.slice(at, at + size));
        controller.close();
      },
    });
    const found: string[] = [];
    for await (const state of statesOf(body)) found.push(state);
    expect(found).toEqual(['{"a":"é"}', '2']);
  }
});

test.each([
  ['2026-11-30T11:59:59.5Z', 'now'],
  ['2026-11-30T11:59:15Z', '45 s ago'],
  ['2026-11-30T11:20:00Z', '40 min ago'],
  ['2026-12-01T11:00:00Z', 'in 23 h'],
  ['2026-12-10T12:00:00Z', 'in 10 d'],
  ['soon', 'soon'],
])('%s is shown as %s', (time, shown) => {
  expect(fromNow(time, NOW)).toBe(shown);
});

test('a certificate that was not renewed after half of its life is marked', () => {
  expect([endsSoon('2026-12-01T01:00:00Z', NOW), endsSoon('2026-11-30T23:00:00Z', NOW)]).toEqual([false, true]);
});

test('the filter looks at names, addresses, states and services', () => {
  const vm = (name: string, address: string): UiVm => ({
    ...{ id: `vm/${name}`, name, namespace: 'vm', state: 'ready', address },
    ...{ hasSidecar: true, services: [], drift: [] },
  });
  const vms = [vm('db1', '10.0.0.5'), vm('web1', '10.0.0.6')];
  expect(['', 'DB', '0.6', 'ready', 'none'].map((text) => matching(vms, text).length)).toEqual([2, 1, 1, 2, 0]);
});

test('the end of a certificate is that of the first chain that ends, and unknown without one', () => {
  const chain = (time: string) => ({ cert_chain: [{ expiration_time: time }] });
  const page = { certificates: [chain('2026-12-02T00:00:00Z'), chain('2026-12-01T00:00:00Z'), { ca_cert: [{}] }] };
  expect(endOfChain(JSON.stringify(page))).toBe('2026-12-01T00:00:00Z');
  expect([endOfChain('{}'), endOfChain('no json')]).toEqual([undefined, undefined]);
});
