import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import axe from 'axe-core';
import { type Browser, chromium, type Page } from 'playwright-core';
import { FakeApiServer } from '../support/fake-api-server.ts';
import { NOW } from '../support/healthy-mesh.ts';
import { runCli, temporaryFolder } from '../support/run-cli.ts';
import { uiMesh } from '../support/ui-mesh.ts';

const ROOT = new URL('../../', import.meta.url).pathname;
/** With UPDATE_GOLDEN=1 the pictures of docs/ are made again. */
const PICTURES = process.env['UPDATE_GOLDEN'] === '1' ? join(ROOT, 'docs/ui') : temporaryFolder();

let api: FakeApiServer;
let browser: Browser;
let page: Page;
const stop = new AbortController();
let ended: Promise<unknown>;
let url = '';
const foreign: string[] = [];

beforeAll(async () => {
  api = await FakeApiServer.start({ objects: uiMesh() });
  const opened = new Promise<string>((resolve) => {
    const words = ['ui', '--interval', '1', '--kubeconfig', api.kubeconfig()];
    ended = runCli(words, { signal: stop.signal, now: () => NOW, onOut: (text) => resolve(text.trim()) });
  });
  url = await opened;
  mkdirSync(PICTURES, { recursive: true });
  browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: [
      ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'],
      ...['--disable-background-networking', '--disable-component-update'],
    ],
  });
  const context = await browser.newContext({ viewport: { width: 1440, height: 1100 } });
  page = await context.newPage();
  page.setDefaultTimeout(30_000);
  page.on('request', (request) => {
    if (!request.url().startsWith(url.split('#')[0] ?? '')) foreign.push(request.url());
  });
  await page.clock.setFixedTime(NOW);
  await page.goto(url);
  await page.getByRole('button', { name: 'db1' }).waitFor();
  await page.getByText(/\d+ checks: /).waitFor();
}, 120_000);

afterAll(async () => {
  await browser.close();
  stop.abort();
  await ended;
  await api[Symbol.asyncDispose]();
});

test('the page has its landmarks, headings and tables by role', async () => {
  await page.getByRole('banner').getByText('cluster lab').waitFor();
  await page.getByRole('main').waitFor();
  await page.getByRole('banner').getByRole('status').getByText('live').waitFor();
  for (const name of ['The mesh', 'VMs', 'Path of a packet to lost1', 'Checks'])
    await page.getByRole('heading', { level: 2, name, exact: true }).waitFor();
  const table = page.getByRole('region', { name: 'VMs' }).getByRole('table');
  expect(await table.getByRole('columnheader').allTextContents()).toEqual(
    expect.arrayContaining(['VM', 'State', 'Services', 'Certificate ends', 'Drift']),
  );
  expect(await table.getByRole('rowheader').allTextContents()).toEqual(['db1', 'lost1', 'new1', 'orders1', 'web1']);
});

test('each VM shows its state, also without color', async () => {
  const row = (name: string) => page.getByRole('row').filter({ has: page.getByRole('button', { name }) });
  await row('db1').getByText('ready').first().waitFor();
  await row('orders1').getByText('degraded').first().waitFor();
  await row('lost1').getByText('disconnected').first().waitFor();
  await row('new1').getByText('absent').first().waitFor();
});

test('everything is reached with the keyboard, and the focus is seen', async () => {
  await page.reload();
  await page.getByRole('button', { name: 'db1' }).waitFor();
  await page.keyboard.press('Tab');
  const focused = () => page.evaluate<string>("document.activeElement?.textContent ?? ''");
  expect(await focused()).toBe('Skip to the VMs');
  await page.keyboard.press('Enter');
  expect(await page.evaluate('document.activeElement?.id')).toBe('vms');
  expect(page.url()).toBe(url);
  await page.getByRole('button', { name: 'db1' }).focus();
  await page.keyboard.press('ArrowDown');
  expect(await focused()).toBe('lost1');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  expect(await focused()).toBe('orders1');
  const outline = await page.evaluate('getComputedStyle(document.activeElement).outlineStyle');
  expect(outline).toBe('solid');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Path of a packet to orders1' }).waitFor();
  expect(await page.getByRole('button', { name: 'orders1' }).getAttribute('aria-pressed')).toBe('true');
});

test('the picture of the path says in words what it shows, for the chosen service', async () => {
  await page.getByRole('button', { name: 'orders1' }).click();
  await page.getByRole('combobox', { name: 'Service', exact: true }).selectOption('cache');
  const picture = page.getByRole('img', { name: 'Path of a packet to cache' });
  await picture.waitFor();
  expect(await picture.locator('desc').textContent()).toMatch(/VM's sidecar to cache: degraded/);
  await page.getByText('replication is 12 s behind').waitFor();
  await page.getByRole('button', { name: 'new1' }).click();
  await page.getByText("A packet does not come to the VM's sidecar: no entry.", { exact: true }).first().waitFor();
});

test('the filter shows the VMs that it names, and how many', async () => {
  await page.getByRole('searchbox', { name: 'Filter' }).fill('degraded');
  await page.getByText('1 of 5 shown').waitFor();
  await page.getByRole('searchbox', { name: 'Filter' }).fill('');
  await page.getByText('5 of 5 shown').waitFor();
});

test('a change in the cluster appears by itself', async () => {
  const entry = uiMesh().find(({ kind, metadata }) => kind === 'WorkloadEntry' && metadata.name.startsWith('db1'));
  if (!entry) throw new Error('the mesh has no entry of db1');
  const annotations = { ...entry.metadata.annotations, 'istio.io/disconnectedAt': '2026-11-30T11:59:00Z' };
  api.put({ ...entry, metadata: { ...entry.metadata, annotations } });
  const row = page.getByRole('row').filter({ has: page.getByRole('button', { name: 'db1' }) });
  await row.getByText('disconnected').first().waitFor();
  api.put(entry);
  await row.getByText('disconnected').first().waitFor({ state: 'detached' });
});

test.each(['light', 'dark'] as const)('axe finds nothing serious in the %s page', async (colorScheme) => {
  await page.emulateMedia({ colorScheme });
  await page.getByRole('button', { name: 'orders1' }).click();
  await page.getByRole('combobox', { name: 'Service', exact: true }).selectOption('cache');
  // The policy of the page lets no script of another origin in; DevTools may.
  await page.evaluate(axe.source);
  const found = await page.evaluate(async () => {
    const { axe: loaded } = globalThis as unknown as {
      axe: { run: () => Promise<{ violations: readonly Violation[] }> };
    };
    return (await loaded.run()).violations.map(({ id, impact, nodes }) => ({ id, impact, nodes: nodes.length }));
  });
  writeFileSync(join(PICTURES, `${colorScheme}.png`), await page.screenshot({ fullPage: true }));
  expect(found.filter(({ impact }) => impact === 'serious' || impact === 'critical')).toEqual([]);
});

interface Violation {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly unknown[];
}

/** Milliseconds until something is seen, on a page with a real clock. */
async function firstPaint(): Promise<number> {
  const timed = await browser.newPage();
  await timed.goto(url);
  await timed.getByRole('button', { name: 'db1' }).waitFor();
  const paint = await timed.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0);
  await timed.close();
  return paint;
}

test('nothing comes from elsewhere', async () => {
  const paints = [await firstPaint(), await firstPaint(), await firstPaint()];
  const file = process.env['E2E_FIGURES'];
  if (file) appendFileSync(file, `${JSON.stringify({ what: 'first contentful paint of the page', ms: paints })}\n`);
  for (const paint of paints) expect(paint).toBeGreaterThan(0);
  expect(foreign).toEqual([]);
});

test('a page of another origin reads nothing, and the page without its token shows nothing', async () => {
  const { port } = new URL(url);
  const other = await browser.newPage();
  await other.goto(`http://127.0.0.1:${port}/#token=wrong`);
  await other.getByText('refused: open the address that meshx ui printed').waitFor();
  expect(await other.getByRole('button', { name: 'db1' }).count()).toBe(0);
  await other.goto('data:text/html,<title>other</title>');
  const answer = await other.evaluate(
    async (target) =>
      await fetch(target, { mode: 'cors' }).then(
        () => 'read',
        () => 'refused',
      ),
    `http://127.0.0.1:${port}/`,
  );
  expect(answer).toBe('refused');
  await other.close();
  // The server is of this process: nothing may block it.
  const rebound = await new Promise<number | undefined>((resolve, reject) => {
    const headers = { host: 'evil.example' };
    get({ host: '127.0.0.1', port, path: '/', headers }, (answered) => resolve(answered.resume().statusCode)).on(
      'error',
      reject,
    );
  });
  expect(rebound).toBe(421);
});

test('a cluster that stops answering is named, and what was read stays', async () => {
  api.fail({ on: /workloadentries/, answer: 500 });
  const alert = page.getByRole('alert');
  await alert.getByRole('heading', { name: 'The last reading failed' }).waitFor();
  expect(await page.getByRole('button', { name: 'db1' }).count()).toBe(1);
  api.faults.splice(0);
  await alert.waitFor({ state: 'detached' });
});
