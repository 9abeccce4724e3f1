import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expectGolden } from '../../support/golden.ts';

const FIREWALL = fileURLToPath(new URL('../../../systemd/firewall', import.meta.url));
const golden = (name: string): string => fileURLToPath(new URL(`../../golden/vm/firewall/${name}`, import.meta.url));

/** Runs a function of systemd/firewall with the given ruleset on stdin. */
const run = (call: string, ruleset: string): string =>
  execFileSync('sh', ['-c', `R=; . "\${0%/*}/rules"; . "$0"; ${call}`, FIREWALL], { input: ruleset, encoding: 'utf8' });

const ruleset = (name: string): string => readFileSync(golden(`${name}/ruleset.txt`), 'utf8');

// The rulesets were printed by nft 1.0.6 and iptables 1.8.9, which took the commands made from them.
describe('what a host firewall is given beside its rules, so that it says about captured ports what it said before', () => {
  test.each(['nftables', 'nftables-says-too-much'])('%s', (name) => {
    expectGolden(`vm/firewall/${name}/commands.txt`, run("twins_of_nft '' 3306,8080 15006", ruleset(name)));
  });

  test.each(['iptables', 'iptables-says-too-much'])('%s', (name) => {
    expectGolden(`vm/firewall/${name}/commands.txt`, run('twins_of_iptables 3306,8500 15006', ruleset(name)));
  });

  test('when every port is captured, every rule about TCP ports counts', () => {
    const commands = run("twins_of_iptables '*' 15006", ruleset('iptables'));
    expect(commands).toContain('--ctorigdstport 22 ');
    expect(run("twins_of_nft '' '*' 15006", ruleset('nftables'))).toContain('ct original proto-dst 22 ');
  });

  test('a table that a program keeps for itself is left alone, and one of iptables is left to iptables', () => {
    const owned = ruleset('nftables').replace('table inet filter {', 'table inet filter {\n\tflags owner');
    expect(run("twins_of_nft '' 3306 15006", owned)).toBe('');
    const ip = ruleset('nftables').replace('table inet filter', 'table ip filter');
    expect(run('twins_of_nft ip 3306 15006', ip)).toBe('');
    expect(run('twins_of_nft ip6 3306 15006', ip)).not.toBe('');
  });

  test('a firewall that names no captured port is given nothing', () => {
    expect(run("twins_of_nft '' 9999 15006", ruleset('nftables').replace(/.*(?:@|vmap|1-65535).*\n/g, ''))).toBe('');
    expect(run('twins_of_iptables 9999 15006', ruleset('iptables'))).toBe('');
  });
});
