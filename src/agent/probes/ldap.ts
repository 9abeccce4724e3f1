import type { Attempt } from './attempt.ts';
import { Failure } from './attempt.ts';
import { element, type Element, elements, readElement, TAG } from './ber.ts';
import { Connection } from './connection.ts';
import { unexpected } from './fields.ts';
import type { Method } from './method.ts';
import { failed, ok, type ProbeResult } from './probe.ts';

const OPERATION = {
  bind: 0x60,
  bound: 0x61,
  unbind: 0x42,
  search: 0x63,
  entry: 0x64,
  reference: 0x73,
  done: 0x65,
} as const;

/** resultCode of RFC 4511, 4.1.9. */
const NAMES: Readonly<Record<number, string>> = {
  1: 'operationsError',
  2: 'protocolError',
  8: 'strongerAuthRequired',
  13: 'confidentialityRequired',
  32: 'noSuchObject',
  48: 'inappropriateAuthentication',
  49: 'invalidCredentials',
  50: 'insufficientAccessRights',
  51: 'busy',
  52: 'unavailable',
  53: 'unwillingToPerform',
};

/** Refusals that a server in good order gives to a client that did not log in. */
const NEEDS_LOGIN = [1, 8, 13, 48, 50, 53];

/**
 * Ready if a search of the root DSE succeeds, after a simple bind if `dn` is given (RFC 4511, RFC 4512 5.1). Without `dn`, a server that
 * refuses anonymous clients is ready too.
 */
export async function ldap(method: Method<'ldap'>, attempt: Attempt): Promise<ProbeResult> {
  const password = await attempt.credential(method.credential);
  // RFC 4513, 5.1.2: a bind with a name and without a password succeeds and checks nothing.
  if (method.dn !== undefined && password === '') throw new Failure('the password for the bind is empty');
  const connection = await Connection.open(attempt, method);
  if (method.dn !== undefined) {
    const code = await bind(connection, method.dn, password);
    if (code !== 0) return failed(`bind refused: ${nameOf(code)}`);
  }
  const code = await searchRoot(connection);
  connection.write(message(3, element(OPERATION.unbind)));
  if (code === 0) return ok('answers a search of the root DSE');
  if (method.dn === undefined && NEEDS_LOGIN.includes(code))
    return ok(`answers, refuses anonymous clients: ${nameOf(code)}`);
  return failed(`search refused: ${nameOf(code)}`);
}

function nameOf(code: number): string {
  return NAMES[code] ?? `result ${code}`;
}

function message(id: number, operation: Buffer): Buffer {
  return element(TAG.sequence, element(TAG.integer, Buffer.from([id])), operation);
}

async function bind(connection: Connection, dn: string, password: string): Promise<number> {
  const simple = element(0x80, Buffer.from(password));
  const version = element(TAG.integer, Buffer.from([3]));
  connection.write(message(1, element(OPERATION.bind, version, element(TAG.octets, Buffer.from(dn)), simple)));
  const answer = await operation(connection);
  if (answer.tag !== OPERATION.bound) throw unexpected();
  return resultCode(answer);
}

/** Searches "" (base object) for any object, one attribute, and returns the result code. */
async function searchRoot(connection: Connection): Promise<number> {
  const zero = Buffer.from([0]);
  const search = element(
    OPERATION.search,
    element(TAG.octets),
    ...[element(TAG.enumerated, zero), element(TAG.enumerated, zero)],
    ...[element(TAG.integer, Buffer.from([1])), element(TAG.integer, zero), element(TAG.boolean, zero)],
    element(0x87, Buffer.from('objectClass')),
    element(TAG.sequence, element(TAG.octets, Buffer.from('supportedLDAPVersion'))),
  );
  connection.write(message(2, search));
  for (let answers = 0; answers < 10; answers += 1) {
    const answer = await operation(connection);
    if (answer.tag === OPERATION.done) return resultCode(answer);
    if (answer.tag !== OPERATION.entry && answer.tag !== OPERATION.reference) throw unexpected();
  }
  throw unexpected('no end of the search');
}

/** The operation of the next message. A notice of disconnection (RFC 4511, 4.4.1) has another tag and is refused by the callers. */
async function operation(connection: Connection): Promise<Element> {
  const { tag, content } = await readElement(connection);
  const [, found] = elements(content);
  if (tag !== TAG.sequence || !found) throw unexpected();
  return found;
}

function resultCode({ content }: Element): number {
  const [code] = elements(content);
  if (code?.tag !== TAG.enumerated || code.content.length !== 1) throw unexpected();
  return code.content[0] ?? 0;
}
