import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openLog } from '../../../src/cli/progress/log-file.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

test('a key is removed from the log although each of its lines comes alone, and no text makes a line of its own', () => {
  const path = join(temporaryFolder(), 'log');
  const log = openLog(path, () => new Date(0), []);
  const body = 'q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJCrze8SNFZ4kKvN7xI0VniQ';
  log.add(['before', '-----BEGIN PRIVATE KEY-----', body, body, '-----END PRIVATE KEY-----', 'after']);
  log.add('said\n1970-01-01T00:00:00.000Z exit code 0');
  log.close();
  const at = '1970-01-01T00:00:00.000Z';
  expect(readFileSync(path, 'utf8').split('\n')).toEqual([
    `${at} before`,
    `${at} [removed: private key]`,
    `${at} after`,
    `${at} said\\n${at} exit code 0`,
    '',
  ]);
});
