import { Lab } from '../lab/lab.ts';
import { expectDone } from './support/done.ts';
import { query, ratings } from './support/mysql.ts';
import { seedRatings } from './support/ratings.ts';
import { Session } from './support/session.ts';
import { makeStrictNamespace } from './support/strict.ts';

const CALLER = '10.150.0.76';
const MACHINES = [
  { vm: 'wall12', ip: '10.150.0.74', suite: 'bookworm', service: 'wall12db' },
  { vm: 'wall13', ip: '10.150.0.75', suite: 'trixie', service: 'wall13db' },
] as const;

let lab: Lab;

beforeAll(async () => {
  lab = await Lab.attach();
  await makeStrictNamespace(lab, 'walls');
  await lab.pod('walls-caller', CALLER, { namespace: 'walls' });
  await lab.host('walls-stranger', '10.150.0.77');
}, 180_000);

afterAll(async () => await lab.removeMembers(), 60_000);

describe.each(MACHINES)('a VM of $suite', ({ vm, ip, suite, service }) => {
  const host = `${service}.walls.svc.cluster.local`;

  beforeAll(async () => {
    await lab.vm(vm, ip, { suite });
    await seedRatings(lab, vm);
  }, 120_000);

  // Also after a test that failed with its firewall on.
  beforeEach(async () => {
    const off = 'ufw --force disable; systemctl disable --now firewalld nftables 2>/dev/null; nft flush ruleset';
    await lab.mustSsh(vm, off);
  }, 60_000);

  const join = async (): Promise<void> => {
    const how = ['--package', lab.deb, '--istiod-address', '10.150.0.1'];
    expectDone(await lab.meshx(['up', vm, '-n', 'walls', '--service', `${service}:3306`, ...how]));
  };

  const leave = async (): Promise<void> => {
    const ran = await lab.meshx(['down', vm, '--yes', '--verify']);
    expectDone(ran);
    expect(ran.stderr).toContain('the difference is empty');
  };

  const rows = async (): Promise<boolean> =>
    (await ratings(lab, 'walls-caller', host).catch(() => '')) === '1\t5\n2\t4\n';

  /** Capture is whole and the mesh reaches the database, within 5 s and without help. */
  const expectRestored = async (): Promise<void> => {
    const redirects = `iptables-save -t nat | grep -c -- '--to-ports 1500[16]'`;
    const whole = async (): Promise<boolean> => (await lab.ssh(vm, redirects)).stdout.trim() !== '0' && (await rows());
    await lab.waitFor('capture to be restored', whole, { timeoutMs: 5_000 });
    expect(await lab.mustSsh(vm, 'systemctl is-active meshx-capture meshx-watch')).toBe('active\nactive\n');
  };

  const expectReached = async (): Promise<void> => {
    await lab.waitFor('the database to answer through the mesh', rows);
  };

  /** Whether a machine outside the mesh gets a connection to the database's port. */
  const open = async (): Promise<boolean> => {
    const script = `timeout 2 bash -c 'exec 3<>"/dev/tcp/${ip}/3306"' 2>/dev/null`;
    return (await lab.in('walls-stranger', ['bash', '-c', script])).exitCode === 0;
  };

  const journal = async (): Promise<string> => await lab.mustSsh(vm, 'journalctl -u meshx-watch -o cat --no-pager');

  test('behind ufw keeps its exceptions through reload, restart, another rule and a reboot', async () => {
    const allow = `proto tcp from ${CALLER} to any port 3306`;
    await lab.mustSsh(vm, `ufw allow 22/tcp && ufw allow ${allow} && ufw --force enable`);
    await join();
    await expectReached();
    expect(await open()).toBe(false);
    for (const event of ['ufw reload', 'systemctl restart ufw']) {
      await lab.mustSsh(vm, event);
      await expectRestored();
      expect(await open()).toBe(false);
    }
    // Who is let in no more has no exception that is left over.
    await lab.mustSsh(vm, `ufw delete allow ${allow}`);
    await lab.waitFor('the database to be closed to the mesh', async () => !(await rows()));
    await lab.mustSsh(vm, `ufw allow ${allow}`);
    await expectRestored();
    await lab.reboot(vm);
    await expectReached();
    expect(await open()).toBe(false);
    await leave();
    await lab.mustSsh(vm, `ufw --force disable && ufw delete allow ${allow}`);
  }, 300_000);

  test('behind firewalld is captured again after its restart and reload, and after a flush by hand', async () => {
    await lab.mustSsh(
      vm,
      'systemctl enable --now firewalld && firewall-cmd --permanent --add-port=3306/tcp && firewall-cmd --reload',
    );
    await join();
    await expectReached();
    const by = {
      'systemctl restart firewalld': '',
      'firewall-cmd --reload': '',
      'iptables -t nat -F': 'iptables',
      'iptables -F': '',
    };
    for (const [event, name] of Object.entries(by)) {
      await lab.mustSsh(vm, event);
      await expectRestored();
      expect(await journal()).toContain(name);
    }
    expect(await journal()).toMatch(/capture's rules were removed \(last change: process \d+ \(.*\)\); restored/);
    await lab.reboot(vm);
    await expectReached();
    await leave();
    await lab.mustSsh(vm, 'firewall-cmd --permanent --remove-port=3306/tcp && systemctl disable --now firewalld');
  }, 300_000);

  test('whose nftables.conf flushes everything is captured again, and older connections live on', async () => {
    const conf = [
      'flush ruleset',
      'table inet wall {',
      '  chain input {',
      '    type filter hook input priority filter; policy drop;',
      '    ct state established,related accept',
      '    iif lo accept',
      '    tcp dport { 22, 3306 } accept',
      '  }',
      '}',
    ];
    await lab.mustSsh(vm, 'cat >/etc/nftables.conf && systemctl enable --now nftables', {
      input: `${conf.join('\n')}\n`,
    });
    const ask = `while :; do echo "select 'row';"; sleep 0.05; done | mysql -h ${ip} -u root -ppassword -N -B -n --skip-reconnect test 2>&1 || echo lost`;
    using older = new Session(lab.inArgv('walls-stranger', ['sh', '-c', ask]));
    await lab.waitFor('the database to answer outside the mesh', () => older.output.includes('row'));
    await join();
    for (const event of ['systemctl restart nftables', 'nft flush ruleset', 'iptables -t nat -F']) {
      await lab.mustSsh(vm, event);
      await expectRestored();
      const before = older.output.length;
      await lab.waitFor('the older connection to answer', () => older.output.length > before + 50);
    }
    expect(older.output).not.toMatch(/lost|ERROR/);
    expect(await query(lab, 'walls-stranger', ip, 'select 1')).not.toMatchObject({ exitCode: 0 });
    // What it flushed by hand is back.
    await lab.mustSsh(vm, 'systemctl restart nftables');
    await expectRestored();
    await leave();
  }, 300_000);

  test('has a watcher that restarts when it is killed, and stays stopped when the operator stops it', async () => {
    await join();
    await lab.mustSsh(vm, 'systemctl kill -s KILL meshx-watch; iptables -t nat -F');
    await expectRestored();
    // Without the program that tells of changes it looks by itself.
    await lab.mustSsh(vm, 'mv /usr/sbin/nft /usr/sbin/nft.away && systemctl restart meshx-watch && iptables -t nat -F');
    await expectRestored();
    await lab.mustSsh(vm, 'mv /usr/sbin/nft.away /usr/sbin/nft && systemctl restart meshx-watch');
    const active = async (): Promise<string> => (await lab.ssh(vm, 'systemctl is-active meshx-watch')).stdout.trim();
    const rules = async (): Promise<string> => await lab.mustSsh(vm, 'iptables-save -t nat');
    await lab.mustSsh(vm, 'meshx-bypass off');
    expect([await active(), await rules()]).toEqual(['inactive', expect.not.stringContaining('ISTIO_')]);
    await lab.mustSsh(vm, 'meshx-bypass on');
    await expectReached();
    await lab.mustSsh(vm, 'systemctl stop meshx-capture');
    expect([await active(), await rules()]).toEqual(['inactive', expect.not.stringContaining('ISTIO_')]);
    // A switch that is not confirmed wins, also while something flushes the rules all the time.
    const flush = 'for i in 1 2 3 4 5 6 7; do iptables -t nat -F; sleep 0.5; done';
    const armed = '/usr/local/lib/meshx/capture arm 3 test && systemctl start meshx-capture';
    await lab.ssh(vm, `${armed}; ${flush}`);
    const reverted = async (): Promise<boolean> =>
      (await lab.ssh(vm, '/usr/local/lib/meshx/capture switch')).stdout.includes('reverted-why');
    await lab.waitFor('the VM to roll back', reverted);
    await lab.mustSsh(vm, 'nft add table ip meshx_event && nft delete table ip meshx_event');
    expect([await active(), await rules()]).toEqual(['inactive', expect.not.stringContaining('ISTIO_')]);
    await join();
    await leave();
  }, 300_000);
});
