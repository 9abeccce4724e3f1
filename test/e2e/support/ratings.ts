import type { Lab } from '../../lab/lab.ts';

const SQL = `
CREATE DATABASE IF NOT EXISTS test; USE test;
CREATE TABLE IF NOT EXISTS ratings (ReviewID INT NOT NULL, Rating INT, PRIMARY KEY (ReviewID));
REPLACE INTO ratings VALUES (1, 5), (2, 4);
CREATE USER IF NOT EXISTS 'root'@'%' IDENTIFIED BY 'password'; GRANT ALL PRIVILEGES ON *.* TO 'root'@'%';
GRANT ALL PRIVILEGES ON *.* TO 'root'@'localhost' IDENTIFIED BY 'password'; FLUSH PRIVILEGES;
`;

/** The sample's database on a VM: `test.ratings` with two rows, user root with password "password" from anywhere. */
export async function seedRatings(lab: Lab, vm: string): Promise<void> {
  const up = async (): Promise<boolean> => (await lab.ssh(vm, 'mysqladmin ping')).stdout.includes('alive');
  await lab.waitFor(`MariaDB on ${vm}`, up);
  await lab.mustSsh(vm, 'mysql', { input: SQL });
}

/** argv of the mysql client for the sample's database. Ends after 5 s without a connection. */
export function mysqlArgv(host: string, statement: string): readonly string[] {
  const login = ['-h', host, '-u', 'root', '-ppassword', '--connect-timeout=5'];
  return ['timeout', '15', 'mysql', ...login, '-N', '-B', 'test', '-e', statement];
}
