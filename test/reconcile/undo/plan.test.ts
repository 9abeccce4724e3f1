import { readFileSync } from 'node:fs';
import { parseFound } from '../../../src/reconcile/undo/found.ts';
import { undoPlan, type UndoChoices } from '../../../src/reconcile/undo/plan.ts';
import { parseJournal } from '../../../src/reconcile/undo/record.ts';
import { expectGolden } from '../../support/golden.ts';

const FOLDER = 'reconcile/undo/debian-12';
const read = (file: string) => readFileSync(new URL(`../../golden/${FOLDER}/${file}`, import.meta.url), 'utf8');

/** A machine of the lab after `meshx up`, as it answered; `change` edits the answer about the present state. */
function planned(change: (found: string) => string = (found) => found, choices?: UndoChoices) {
  const journal = parseJournal({ host: 'vm', readme: read('README'), index: read('index'), wrote: read('wrote') });
  return undoPlan(journal, parseFound('vm', change(read('found'))), choices);
}

const all = (plan: ReturnType<typeof planned>) =>
  plan.steps.flatMap(({ changes }) => changes.map((each) => each.summary));

test('the undo of a mesh VM, from its recorded journal', () => {
  const { steps, kept, notes } = planned();
  expect({ kept, notes }).toEqual({ kept: [], notes: [] });
  const lines = steps.flatMap(({ id, title, changes }) => [
    `${id}: ${title}`,
    ...changes.map((each) => `  ${each.summary}`),
  ]);
  expectGolden(`${FOLDER}/plan.txt`, `${lines.join('\n')}\n`);
});

test('a plan holds no text of a secret, and its scripts get paths as words', () => {
  for (const { scripts } of planned().steps.flatMap(({ changes }) => changes)) {
    for (const { script } of scripts) expect(script.text).not.toMatch(/istio-proxy|istio\.service|\/etc\/hosts/);
  }
});

/** The line of a file with another digest, as after an edit by someone. */
const edited = (path: string) => (found: string) =>
  found.replace(new RegExp(`^digest [0-9a-f]{64} ${path}$`, 'm'), `digest ${'e'.repeat(64)} ${path}`);

const UNIT = '/etc/systemd/system/istio.service';

test('a file that someone changed stays, and the journal waits for a decision', () => {
  const plan = planned(edited(UNIT));
  expect(plan.kept).toEqual([{ path: UNIT, reason: expect.stringContaining('something else'), open: true }]);
  expect(all(plan)).not.toContain(`remove ${UNIT}`);
  expect(all(plan)).not.toContain('remove /var/lib/meshx');
});

test('a decision ends it: gone as before, or kept for good', () => {
  const restored = planned(edited(UNIT), { restore: [UNIT] });
  expect(all(restored)).toEqual(all(planned()));
  expect(all(planned(edited(UNIT), { everything: true }))).toEqual(all(planned()));
  const kept = planned(edited(UNIT), { keep: [UNIT] });
  expect(all(kept)).toEqual(all(planned()).filter((each) => each !== `remove ${UNIT}`));
  expect([restored.kept, kept.kept]).toEqual([[], []]);
});

test('certificates that the sidecar renewed go all the same: their folder is ours', () => {
  const plan = planned(edited('/etc/certs/root-cert.pem'));
  expect(plan.kept).toEqual([]);
  expect(all(plan)).toContain('remove /etc/certs and its contents');
});

test('an undo that died is finished: what is done already is not planned again', () => {
  const gone = planned((found) =>
    found
      .split('\n')
      .filter((line) => !/^(digest|copy|base|ours|text|owned|inside)/.test(line))
      .map((line) =>
        line.replace(/^path (?:file|directory|link) .*?(\/(?:etc\/(?!hosts)|usr|var|run).*)$/, 'path absent $1'),
      )
      .map((line) => line.replace(/^unit (\S+) .*/, 'unit $1 inactive not-found'))
      .join('\n')
      .replace('present 997', 'absent absent')
      .replace('sidecar 1.29.1', 'sidecar absent')
      .replace(/^tables .*/m, 'tables ')
      .concat(
        read('found')
          .match(/^(digest|copy) .*hosts$/gm)
          ?.join('\n') ?? '',
        '\n',
      ),
  );
  expect(gone.kept).toEqual([]);
  expect(all(gone)).toEqual([
    'restore /etc/hosts',
    "reload systemd's unit files",
    'remove /run/meshx',
    'remove /var/lib/meshx',
  ]);
});

test('a directory that the package gave to its user returns to its owner; one that someone gave away is shown', () => {
  const journal = parseJournal({
    host: 'vm',
    readme: read('README'),
    index: 'path directory root:root 0755 1.5 /srv/a\nuser sidecar absent absent\n',
    wrote: '',
  });
  const plan = (owner: string) => undoPlan(journal, parseFound('vm', `path directory ${owner} 0755 2 /srv/a\n`));
  expect(all(plan('sidecar:sidecar'))).toContain('set owner root:root and mode 0755 of /srv/a');
  expect(plan('backup:backup').kept).toEqual([
    { path: '/srv/a', reason: expect.stringContaining('owner'), open: true },
  ]);
});

test('units that ran before are started again, last, with their former files', () => {
  const journal = parseJournal({
    host: 'vm',
    readme: read('README'),
    index:
      'path file root:root 0644 1 /etc/dnsmasq.conf\nunit dnsmasq.service active enabled\nunit x.service failed disabled\n',
    wrote: `${'b'.repeat(64)} /etc/dnsmasq.conf\n`,
  });
  const found = parseFound(
    'vm',
    `path file root:root 0644 2 /etc/dnsmasq.conf\ndigest ${'b'.repeat(64)} /etc/dnsmasq.conf\ncopy ${'c'.repeat(64)} /etc/dnsmasq.conf\nunit dnsmasq.service active enabled\nunit x.service active enabled\n`,
  );
  expect(all(undoPlan(journal, found))).toEqual([
    'stop and disable x.service',
    'restore /etc/dnsmasq.conf',
    "reload systemd's unit files",
    'restart dnsmasq.service as before',
    'remove /run/meshx',
    'remove /var/lib/meshx',
  ]);
});

test('a former package is reinstalled when the machine has its file; otherwise a note says so', () => {
  const journal = parseJournal({
    host: 'vm',
    readme: read('README'),
    index: 'package istio-sidecar 1.20.0\n',
    wrote: '',
  });
  const now = 'package istio-sidecar 1.29.1\n';
  const file = 'former istio-sidecar deb /var/cache/apt/archives/istio-sidecar_1.20.0_amd64.deb\n';
  expect(all(undoPlan(journal, parseFound('vm', now + file)))[0]).toBe('reinstall istio-sidecar 1.20.0');
  const without = undoPlan(journal, parseFound('vm', now));
  expect(without.notes).toEqual([expect.stringContaining('1.20.0')]);
  expect(all(without)[0]).toBe('remove /run/meshx');
});

test('a journal of format 1 does not know what meshx wrote: new files go, former ones that differ are asked about', () => {
  const readme = read('README').replace('format 2', 'format 1');
  const index = 'path absent /etc/new\npath file root:root 0644 1 /etc/hosts\n';
  const journal = parseJournal({ host: 'vm', readme, index, wrote: '' });
  const digest = (path: string) => `digest ${'d'.repeat(64)} ${path}\n`;
  const found = parseFound(
    'vm',
    `path file root:root 0644 2 /etc/new\n${digest('/etc/new')}path file root:root 0644 2 /etc/hosts\n${digest('/etc/hosts')}copy ${'c'.repeat(64)} /etc/hosts\n`,
  );
  const plan = undoPlan(journal, found);
  expect(all(plan)).toEqual(['remove /etc/new', 'remove /run/meshx', 'record that everything else is undone']);
  expect(plan.kept).toMatchObject([{ path: '/etc/hosts', open: true }]);
});

test('built-in chains that are new in a table that was there go with the new tables', () => {
  const plan = planned((found) => `${found}chains nft:ip:nat:OUTPUT nft:ip6:nat:PREROUTING \n`);
  expect(all(plan)).toContain('remove new empty rule chains: ip nat OUTPUT, ip6 nat PREROUTING');
  expect(all(planned()).filter((each) => each.includes('chains'))).toEqual([]);
});

test('once all is undone but for what waits for a decision, the next plan is empty, and the decision takes the journal along', () => {
  const journal = parseJournal({
    host: 'vm',
    readme: read('README'),
    index: 'tables\npath absent /etc/ours\nunit x.service active enabled\nunit y.service inactive -\n',
    wrote: '',
  });
  const now = `path file root:root 0644 2 /etc/ours\ndigest ${'e'.repeat(64)} /etc/ours\ntables nft:ip:nat\nundone\n`;
  const plan = (choices?: UndoChoices, found = now) => undoPlan(journal, parseFound('vm', found), choices);
  expect([all(plan()), plan().kept]).toEqual([[], [expect.objectContaining({ path: '/etc/ours', open: true })]]);
  expect(all(plan({ keep: ['/etc/ours'] }))).toEqual(['remove /var/lib/meshx']);
  // Units may read the file.
  expect(all(plan({ restore: ['/etc/ours'] }))).toEqual(
    expect.arrayContaining(['remove /etc/ours', 'restart x.service as before', 'remove /var/lib/meshx']),
  );
  // Someone started it since.
  expect(all(plan({}, `${now}unit y.service active -\n`))).toContain('stop y.service');
});
