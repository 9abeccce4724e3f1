import { meshProblems } from '../problems/mesh.ts';
import { collectAll } from './collect.ts';

/** One port of a service: the number that the VM listens on, and the name that gives Istio the protocol. */
export interface ServicePort {
  readonly number: number;
  readonly name: string;
}

/** The name of a port without one: istioctl's table, unchanged from 0.2 to 1.5. */
const WELL_KNOWN: ReadonlyMap<number, string> = new Map([
  [80, 'http'],
  [443, 'https'],
  [3306, 'mysql'],
  [8080, 'http'],
]);
const NAME = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const FORM = 'PORT, NAME:PORT or NAME=PORT, as 3306, http:8080 or tcp-mysql=3306';

/** A TCP port, 1 to 65535, in decimal digits only. Throws `bad-port`. */
export function parsePort(text: string): number {
  const number = /^[1-9]\d{0,4}$/.test(text) ? Number(text) : 0;
  if (number >= 1 && number <= 65_535) return number;
  throw meshProblems.badPort({ text, wanted: 'a port', form: 'a number from 1 to 65535' });
}

/** A port of a service in the forms of `register`. Throws `bad-port`, also for UDP, which is never captured. */
export function parseServicePort(text: string): ServicePort {
  const wanted = 'a service port';
  if (/(^|[^a-z])udp([^a-z]|$)/i.test(text))
    throw meshProblems.badPort({ text, wanted, form: 'the mesh carries TCP; nothing captures UDP' });
  const [, name, digits = text] = /^([^:=]*)[:=](.*)$/s.exec(text) ?? [];
  const number = portIn(text, digits);
  const given = name ?? WELL_KNOWN.get(number) ?? String(number);
  if (!NAME.test(given))
    throw meshProblems.badPort({ text, wanted, form: 'the name has 1 to 63 lower-case letters, digits and "-"' });
  return { number, name: given };
}

/** The ports of one service. Reports all issues at once. Throws `port-twice`. */
export function parseServicePorts(texts: readonly string[]): readonly ServicePort[] {
  const ports = collectAll(texts, parseServicePort);
  for (const [index, port] of ports.entries()) {
    const other = ports.slice(0, index).find(({ name, number }) => name === port.name || number === port.number);
    if (other) throw meshProblems.portTwice({ port: formatServicePort(port), other: formatServicePort(other) });
  }
  return ports;
}

/** name:number, which parseServicePort reads back. */
export function formatServicePort(port: ServicePort): string {
  return `${port.name}:${port.number}`;
}

/** All port numbers of some services, sorted by value, each once. */
export function portNumbers(services: readonly { readonly ports: readonly ServicePort[] }[]): readonly number[] {
  const numbers = services.flatMap(({ ports }) => ports.map(({ number }) => number));
  return [...new Set(numbers)].sort((a, b) => a - b);
}

function portIn(text: string, digits: string): number {
  try {
    return parsePort(digits);
  } catch (cause) {
    throw meshProblems.badPort(
      { text, wanted: 'a service port', form: `${FORM}, with a number from 1 to 65535` },
      cause,
    );
  }
}
