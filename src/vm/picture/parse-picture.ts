import { isIP } from 'node:net';
import * as z from 'zod';
import { tryJson } from '../../documents/json.ts';
import { parseEnv } from '../../mesh/env-value.ts';
import { parseTables } from '../capture-rules/rules.ts';
import { parseIstiod, parsePath } from './parse-paths.ts';
import type { Lifetime, SidecarProcess, Space, UnitState, VmPicture } from './picture.ts';

type Lines = readonly string[];

/** Parses the output of picture.root.sh. Parts that were not answered completely are absent. Pure. */
export function parsePicture(stdout: string): VmPicture {
  const parts = completeParts(stdout);
  const part = <Value>(name: string, read: (lines: Lines) => Value): Value | undefined => {
    const lines = parts.get(name);
    return lines && read(lines);
  };
  const read = {
    units: part('units', parseUnits),
    env: part('env', textsByPath),
    meshConfig: part('mesh', (lines) => decoded(lines[0] ?? '')),
    processes: part('processes', parseProcesses),
    environments: part('processes', parseEnvironments),
    packageVersion: part('package', (lines) => lines[0] ?? ''),
    denied: part('files', parseDenied),
    nat: part('nat', parseNat),
    certificates: part('identity', (lines) => textsByPath(lines.filter((line) => /\.pem \S+$/.test(line)))),
    tokens: part('identity', parseTokens),
    disk: part('disk', parseDisk),
    agent: part('agent', parseAgent),
    dnsCapture: part('names', (lines) => lines.includes('capture true')),
    meshName: part('names', parseName),
    istiod: part('istiod', parseIstiod),
    path: part('path', parsePath),
    eastWest: part('eastwest', parseEastWest),
    capture: part('capture', (lines) => lines.join('\n')),
    loaded: part('loaded', (lines) => parseEnv(behind(lines, 'capture').join('\n'))),
    nameServers: part('loaded', parseServers),
    answering: part('servers', parseAnswering),
    hasSudo: part('loaded', (lines) => lines.includes('sudo yes')),
    ready: part('ready', (lines) => lines.join('\n')),
    certs: part('certs', (lines) => decoded(lines[0] ?? '')),
    version: part('version', (lines) => lines[0] ?? ''),
    stats: part('stats', (lines) => decoded(lines[0] ?? '')),
    rejected: part('rejected', (lines) => lines),
  };
  return Object.fromEntries(Object.entries(read).filter(([, value]) => value !== undefined));
}

/** Lines `NAME TEXT`; the last of each complete part is `NAME end MILLISECONDS`. */
function completeParts(stdout: string): ReadonlyMap<string, Lines> {
  const parts = new Map<string, string[]>();
  for (const line of stdout.split('\n')) {
    const [, name, text] = /^([a-z]+) ([^]*)$/.exec(line) ?? [];
    if (name === undefined || text === undefined) continue;
    const said = parts.get(name);
    if (said) said.push(text);
    else parts.set(name, [text]);
  }
  const complete = [...parts].filter(([, said]) => /^end \d+$/.test(said.at(-1) ?? ''));
  return new Map(complete.map(([name, said]) => [name, said.slice(0, -1)]));
}

function decoded(text: string): string {
  return Buffer.from(text, 'base64').toString('utf8');
}

/** The texts behind a word. */
function behind(lines: Lines, word: string): Lines {
  return lines.flatMap((line) => (line.startsWith(`${word} `) ? [line.slice(word.length + 1)] : []));
}

/** `PATH BASE64` */
function textsByPath(lines: Lines): ReadonlyMap<string, string> {
  const pairs = lines.map((line) => line.split(' '));
  return new Map(pairs.map(([path = '', text = '']) => [path, decoded(text)]));
}

/** Blocks of KEY=VALUE with an empty line between. */
function parseUnits(lines: Lines): readonly UnitState[] {
  const blocks = lines.join('\n').split(/\n\s*\n/);
  return blocks.flatMap((block) => {
    const value = (key: string): string => new RegExp(`^${key}=(.*)$`, 'm').exec(block)?.[1]?.trim() ?? '';
    const name = value('Id');
    if (name === '') return [];
    return {
      ...{ name, load: value('LoadState'), active: value('ActiveState'), file: value('UnitFileState') },
      ...{ result: value('Result'), restarts: Number(value('NRestarts')) || 0 },
      changed: value('NeedDaemonReload') === 'yes',
    };
  });
}

function parseProcesses(lines: Lines): readonly SidecarProcess[] {
  return lines.flatMap((line) => {
    const [, pid, program, uid, parent] = /^(\d+) ([a-z_-]+) (\d+) (\d+)$/.exec(line) ?? [];
    if (pid === undefined || program === undefined) return [];
    return { pid: Number(pid), program, uid: Number(uid), parent: Number(parent) };
  });
}

function parseEnvironments(lines: Lines): ReadonlyMap<number, ReadonlyMap<string, string>> {
  const found = behind(lines, 'environ').map((line) => line.split(' '));
  return new Map(found.map(([pid, text = '']) => [Number(pid), variables(decoded(text))]));
}

/** Lines KEY=VALUE without quotes. */
function variables(text: string): ReadonlyMap<string, string> {
  const pairs = text.split('\n').flatMap((line): (readonly [string, string])[] => {
    const at = line.indexOf('=');
    return at > 0 ? [[line.slice(0, at), line.slice(at + 1)]] : [];
  });
  return new Map(pairs);
}

function parseNat(lines: Lines): NonNullable<VmPicture['nat']> {
  const names = behind(
    lines.map((line) => line.replace(/^(\S+) loaded$/, 'loaded $1')),
    'loaded',
  );
  return names.map((program) => ({ program, tables: parseTables(['*nat', ...behind(lines, program)]) }));
}

const TOKEN = z.object({ exp: z.number(), iat: z.number().optional() });

/** `PATH PAYLOAD`: the middle part of a JSON Web Token. One that cannot be read has ended. */
function parseTokens(lines: Lines): ReadonlyMap<string, Lifetime> {
  const pairs = lines.filter((line) => !/\.pem /.test(line)).map((line) => line.split(' '));
  return new Map(
    pairs.map(([path = '', payload = '']) => {
      const json = tryJson(Buffer.from(payload, 'base64url').toString('utf8'));
      const { exp = 0, iat } = TOKEN.safeParse(json).data ?? {};
      return [path, { until: timeOf(exp), ...(iat !== undefined && { from: timeOf(iat) }) }] as const;
    }),
  );
}

/** Seconds since 1970; a number that no date has is its beginning. */
function timeOf(seconds: number): Date {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? new Date(0) : date;
}

function parseDisk(lines: Lines): readonly Space[] {
  return lines.flatMap((line) => {
    const [, kind, free, all, mount] = /^([ki]) (\d+) (\d+) (\/.*)$/.exec(line) ?? [];
    // Some filesystems have no limit of inodes, and say 0.
    if (mount === undefined || Number(all) === 0) return [];
    const unit = kind === 'k' ? 1024 : 1;
    return { mount, kind: kind === 'k' ? 'bytes' : 'inodes', free: Number(free) * unit, all: Number(all) * unit };
  });
}

/** Without curl the agent cannot be asked. */
function parseAgent(lines: Lines): VmPicture['agent'] {
  if (lines[0] !== 'installed') return null;
  return lines[1] === 'asked' ? decoded(lines[2] ?? '') : undefined;
}

function parseName(lines: Lines): NonNullable<VmPicture['meshName']> | null {
  const [, name, took, found = ''] = /^name (\S+) (\d+)(?: (.*))?$/m.exec(lines.join('\n')) ?? [];
  if (name === undefined) return null;
  return { name, tookMs: Number(took), addresses: addressesIn(found) };
}

/** The addresses among the words of a text. */
function addressesIn(text: string): readonly string[] {
  return text.split(' ').filter((word) => isIP(word) > 0);
}

function parseEastWest(lines: Lines): NonNullable<VmPicture['eastWest']> {
  return lines.flatMap((line) => {
    const [, state, address] = /^(open|closed) (\S+) \d+$/.exec(line) ?? [];
    return address === undefined || isIP(address) === 0 ? [] : [{ address, open: state === 'open' }];
  });
}

function parseAnswering(lines: Lines): NonNullable<VmPicture['answering']> {
  return lines.flatMap((line) => {
    const [, state, address = ''] = /^(answers|silent) (\S+)$/.exec(line) ?? [];
    return isIP(address) === 0 ? [] : [{ address, answers: state === 'answers' }];
  });
}

function parseDenied(lines: Lines): NonNullable<VmPicture['denied']> {
  return lines.flatMap((line) => {
    const [, how, path] = /^denied -([rw]) (\/.*)$/.exec(line) ?? [];
    return path === undefined ? [] : [{ may: how === 'r' ? ('read' as const) : ('write' as const), path }];
  });
}

function parseServers(lines: Lines): NonNullable<VmPicture['nameServers']> {
  const servers = (path: string): Lines => behind(lines, path).map((line) => line.replace(/^nameserver\s+/, '').trim());
  const atStart = servers('/run/meshx/resolv.conf');
  return { now: servers('/etc/resolv.conf'), ...(atStart.length > 0 && { atStart }) };
}
