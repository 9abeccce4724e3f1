import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemdFile } from '../../src/templates.ts';

const SYSTEMD = fileURLToPath(new URL('../../systemd/', import.meta.url));
const UNITS = [
  'istio.service',
  'meshx-capture.service',
  'meshx-guard.service',
  'meshx-revert.service',
  'meshx-revert.timer',
  'meshx-resolver.service',
  'meshx-watch.service',
] as const;
/** Their sandbox has directives that an older systemd ignores. */
const AGENT_UNITS = [
  'meshx-agent.service',
  'meshx-agent.socket',
  'meshx-agent-root.socket',
  'meshx-agent-root@.service',
] as const;
const ALL_UNITS = [...UNITS, ...AGENT_UNITS];
const has = (program: string): boolean => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;

/** The units as systemd-analyze can check them here: programs that are on a VM only are there as true. */
function verify(): string {
  const folder = mkdtempSync(join(tmpdir(), 'meshx-units-'));
  try {
    const paths = ALL_UNITS.map((name) => join(folder, name));
    ALL_UNITS.forEach((name, index) => {
      writeFileSync(
        paths[index] ?? '',
        systemdFile(name).replaceAll(/\/usr\/local\/lib\/meshx\/[a-z/-]+/g, '/bin/true'),
      );
    });
    const { stdout, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', ...paths], {
      encoding: 'utf8',
      timeout: 60_000,
    });
    return (stdout + stderr)
      .split('\n')
      .filter((line) => ALL_UNITS.some((name) => line.includes(name)))
      .join('\n');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

(has('systemd-analyze') ? test : test.skip)('systemd-analyze has nothing against the units', () => {
  expect(verify()).toBe('');
});

test('the units use no directive that is younger than systemd 239', () => {
  // Version of each, of systemd's NEWS.
  const young = [
    'ProtectHostname',
    'ProtectKernelLogs',
    'ProtectClock',
    'ProtectProc',
    'ProcSubset',
    'RestrictSUIDSGID',
    'ExecCondition',
    'RestartMode',
    'OOMPolicy',
    'ExitType',
  ];
  for (const name of UNITS) {
    const text = systemdFile(name).replaceAll(/^#.*$/gm, '');
    for (const directive of young) expect(text).not.toMatch(new RegExp(`^${directive}=`, 'm'));
    expect(text).not.toMatch(/append:|Type=exec|Type=notify-reload/);
  }
});

(has('systemd-analyze') ? test : test.skip)('the agent is exposed as little as a service with a network can be', () => {
  const unit = join(SYSTEMD, 'meshx-agent.service');
  const { stdout } = spawnSync('systemd-analyze', ['security', '--offline=true', '--no-pager', unit], {
    encoding: 'utf8',
    timeout: 60_000,
  });
  const [, level] = /exposure level for meshx-agent\.service: ([\d.]+)/.exec(stdout) ?? [];
  expect(Number(level)).toBeLessThanOrEqual(2);
});

test('the sandbox of the agent does not depend on a young systemd', () => {
  for (const name of AGENT_UNITS) {
    const text = systemdFile(name).replaceAll(/^#.*$/gm, '');
    expect(text).not.toMatch(/append:|Type=exec|Type=notify-reload|RestartMode=|PollLimit/);
  }
  for (const line of [
    'CapabilityBoundingSet=',
    'MemoryDenyWriteExecute=yes',
    'NoNewPrivileges=yes',
    'ProtectSystem=strict',
    'SystemCallFilter=@system-service',
    'User=meshx-agent',
  ])
    expect(systemdFile('meshx-agent.service').split('\n')).toContain(line);
});

test('the agent is restarted without a give-up limit, and nothing of the mesh depends on it', () => {
  for (const line of ['Restart=always', 'StartLimitIntervalSec=0'])
    expect(systemdFile('meshx-agent.service').split('\n')).toContain(line);
  for (const name of UNITS) expect(systemdFile(name)).not.toContain('meshx-agent');
});

test('no unit gets variables from a file or from the manager’s caller', () => {
  const folders = ['systemd', 'templates'].map((name) => fileURLToPath(new URL(`../../${name}/`, import.meta.url)));
  const files = folders.flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)));
  for (const file of files)
    expect([file, ...(readFileSync(file, 'utf8').match(/^\s*(EnvironmentFile|PassEnvironment)=.*$/gm) ?? [])]).toEqual([
      file,
    ]);
});

test('only the start program of the sidecar runs as istio-proxy, and every other command is a program of root', () => {
  const lines = systemdFile('istio.service').match(/^Exec\w+=.*$/gm) ?? [];
  expect(lines.filter((line) => !line.includes('=+/usr/local/lib/meshx/'))).toEqual([
    'ExecStart=/usr/local/lib/meshx/sidecar-start',
  ]);
});

test('istio.service is restarted without a give-up limit, and ordered after the network', () => {
  const text = systemdFile('istio.service');
  for (const line of [
    'Restart=always',
    'StartLimitIntervalSec=0',
    'After=network-online.target nss-lookup.target',
    'Description=istio-sidecar: The Istio sidecar',
  ]) {
    expect(text.split('\n')).toContain(line);
  }
});

test('capture follows its sidecar, and nothing at boot waits for it', () => {
  const text = systemdFile('meshx-capture.service');
  for (const line of [
    'BindsTo=istio.service',
    'After=istio.service',
    'WantedBy=istio.service',
    'TimeoutStartSec=infinity',
  ]) {
    expect(text.split('\n')).toContain(line);
  }
  expect(text).not.toMatch(/^(Before|WantedBy|RequiredBy)=.*target/m);
});

test('the sidecar and the rules see the same name servers', () => {
  for (const unit of ['istio.service', 'meshx-capture.service'] as const)
    expect(systemdFile(unit)).toContain('\nBindReadOnlyPaths=-/run/meshx/resolv.conf:/etc/resolv.conf\n');
});

test('the logs are rotated without being opened again', () => {
  expect(systemdFile('meshx.logrotate')).toContain('copytruncate');
  expect(systemdFile('meshx.logrotate')).toContain('/var/log/istio/*.log');
});

/** All that is shell in systemd/. */
const SCRIPTS = readdirSync(SYSTEMD).filter((name) =>
  readFileSync(join(SYSTEMD, name), 'utf8').startsWith('#!/bin/sh'),
);
const checkable = (['dash', 'bash'] as const)
  .filter(has)
  .flatMap((shell) => SCRIPTS.map((name) => [shell, name] as const));
test.each(checkable)('%s can read %s', (shell, name) => {
  expect(() => execFileSync(shell, ['-n', join(SYSTEMD, name)])).not.toThrow();
});

test.each(SCRIPTS)('%s is short enough to be read as a whole', (name) => {
  expect(readFileSync(join(SYSTEMD, name), 'utf8').split('\n').length).toBeLessThanOrEqual(300);
});
