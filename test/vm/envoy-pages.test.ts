import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import type { Host, Output } from '../../src/host/run/host.ts';
import { readEnvoyPages } from '../../src/vm/envoy-pages.ts';
import { problemOf } from '../support/problem.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const folder = temporaryFolder();

/** curl of a sidecar that listens from the fourth request on, has one page, and counts what it is asked. */
const CURL = `#!/bin/sh
for url; do :; done
echo x >>"$STATE/asked"
test "$(wc -l <"$STATE/asked")" -gt "$LISTENS_AFTER" || { echo 'curl: (7) Failed to connect' >&2; exit 7; }
case $url in */config_dump | */server_info) echo '{"configs":[]}' ;; *) echo 'curl: (22) 404' >&2; exit 22 ;; esac
`;
const program = (name: string, text: string): void => {
  writeFileSync(join(folder, name), text);
  chmodSync(join(folder, name), 0o755);
};

/** A VM whose sidecar systemd calls `state`. */
function vm(state: string, listensAfter: number): Host {
  writeFileSync(join(folder, 'asked'), '');
  program('curl', CURL);
  program('systemctl', `#!/bin/sh\necho ${state}\n`);
  const env = { STATE: folder, LISTENS_AFTER: String(listensAfter), PATH: `${folder}:${process.env['PATH']}` };
  return {
    name: 'vm1',
    async run({ argv: [command, ...words] }): Promise<Output> {
      const { exitCode = 1, stdout, stderr } = await execa(command, words, { env, reject: false });
      return { exitCode, stdout, stderr };
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

test.each(['active', 'activating'])('a page of a sidecar that is %s is waited for', async (state) => {
  expect(await readEnvoyPages(vm(state, 3), ['config_dump'])).toEqual(['{"configs":[]}\n']);
});

test.each(['inactive', 'failed'])('a page of a sidecar that is %s is not waited for', async (state) => {
  expect(await problemOf(readEnvoyPages(vm(state, 3), ['config_dump']))).toMatchObject({
    id: 'envoy-silent',
    message: expect.stringContaining('curl: (7) Failed to connect') as string,
  });
});

test('a page that a running Envoy does not have is not waited for', async () => {
  expect(await problemOf(readEnvoyPages(vm('active', 0), ['nothing']))).toMatchObject({
    message: expect.stringContaining('curl: (22) 404') as string,
  });
});
