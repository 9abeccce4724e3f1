import { readdirSync, readFileSync } from 'node:fs';
import { parseAnswers } from '../../../src/vm/preflight/probe.ts';
import { judge, type Preflight } from '../../../src/checks/preflight.ts';
import { expectGolden } from '../../support/golden.ts';

const FOLDER = new URL('../../golden/vm/coexistence/', import.meta.url);

/**
 * What the probe answered on each system. `debian-*-plain`, `-nftables-*`, `-iptables-legacy`, `-ufw` and `-firewalld` were
 * recorded on booted machines with these programs; the others are written in the formats of their tools, for no such machine was there.
 */
const SYSTEMS = readdirSync(FOLDER);
const RECORDED = /^debian-1[23]-(?:plain|nftables-.*|iptables-legacy|ufw|firewalld)$/;

function judged(system: string): Preflight {
  const answers = parseAnswers(readFileSync(new URL(`${system}/answers.txt`, FOLDER), 'utf8')) ?? {};
  const input = {
    generation: 'current' as const,
    controlPlane: { addresses: ['10.20.0.10'], port: 15012 },
    services: [{ name: 'mysqldb', ports: [{ number: 3306, name: 'tcp-mysql' }] }],
    now: new Date(Number(answers['clock']?.[0]) * 1000),
  };
  return judge({ answers, session: '', now: input.now }, input);
}

/** Findings as people meet them, without those of the platform itself; then what capture leaves alone. */
function shown({ findings, exclusions }: Preflight): string {
  const told = findings
    .filter(({ id }) => !/^(?:os-written|address-chosen|nss-resolve|resolver)$/.test(id))
    .map(
      ({ severity, id, risk, detail, hint = '' }) =>
        `${severity} ${id}${risk ? ` (${risk})` : ''}\n  ${detail}\n  ${hint}\n`,
    );
  const left = Object.entries(exclusions).flatMap(([key, list]) =>
    list.length > 0 ? [`${key}: ${list.join(', ')}\n`] : [],
  );
  return [...told, ...left].join('') || 'nothing\n';
}

describe('each system that was recorded or written down gets its findings and exclusions', () => {
  test.each(SYSTEMS)('%s', (system) => {
    expectGolden(`vm/coexistence/${system}/findings.txt`, shown(judged(system)));
  });
});

test('a plain machine has no finding of the scan', () => {
  for (const system of ['debian-12-plain', 'debian-13-plain']) {
    const { findings, exclusions } = judged(system);
    expect(findings.filter(({ severity }) => severity !== 'note')).toEqual([]);
    expect(exclusions).toEqual({ cidrs: [], outboundPorts: [], interfaces: [] });
  }
});

test('seven systems were recorded on machines that booted', () => {
  expect(SYSTEMS.filter((system) => RECORDED.test(system))).toHaveLength(7);
});

test('every risk of the scan has a name that can be typed, and every finding says what was found', () => {
  for (const finding of SYSTEMS.flatMap((system) => judged(system).findings)) {
    expect(finding.risk === undefined).toBe(finding.severity !== 'risk');
    expect(finding.detail).toMatch(/\.$/);
  }
});

test('README.md names every risk of the scan', () => {
  const text = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');
  const risks = SYSTEMS.flatMap((system) => judged(system).findings).flatMap(({ risk }) => risk ?? []);
  expect([...new Set(risks)].filter((risk) => !text.includes(`\`${risk}\``))).toEqual([]);
  expect(new Set(risks).size).toBeGreaterThan(8);
});
