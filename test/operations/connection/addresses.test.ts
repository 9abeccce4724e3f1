import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { knownAddresses } from '../../../src/operations/connection/addresses.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

function home(config: string): string {
  const folder = temporaryFolder();
  mkdirSync(join(folder, '.ssh'));
  writeFileSync(join(folder, '.ssh/config'), config);
  return folder;
}

describe('the address of a machine that cannot be asked', () => {
  test.each([
    ['the HostName of its alias', 'Host vm\nHostName 10.150.0.5', 'vm'],
    ['the HostName with the alias in it', 'Host 5\nHostName 10.150.0.%h', '5'],
    ['the HostName for the user that was named', 'Match user ada\nHostName 10.150.0.5', 'ada@vm'],
    ['what stands in user@host', '', 'ada@10.150.0.5'],
    ['what stands in ssh://host:port', '', 'ssh://ada@10.150.0.5:2222'],
  ])('is %s', async (_what, config, vm) => {
    expect(await knownAddresses({ home: home(config), env: {} }, { ssh: {} }, vm)).toEqual(['10.150.0.5']);
  });

  test('is none when neither ssh_config nor DNS knows one', async () => {
    expect(await knownAddresses({ home: home(''), env: {} }, { ssh: {} }, 'no-such-host.invalid')).toEqual([]);
  });
});
