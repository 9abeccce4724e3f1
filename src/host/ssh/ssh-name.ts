import { present } from '../../present.ts';
import { hostProblems } from '../../problems/host.ts';

/** A machine as an operator names it. */
export interface SshName {
  readonly host: string;
  readonly user?: string;
  readonly port?: number;
}

/** Names become part of a ProxyCommand, which a shell reads: refuses what OpenSSH refuses since CVE-2023-51385. */
const HARMFUL = /[\s'"`$\\;&<>|(){}\p{C}]/u;
/** As in OpenSSH, `DOMAIN\user` is a user name. A shell would interpret any other backslash. */
const DOMAIN_OF_USER = /^([^\\]+)\\([^\\]+)$/;

/** `host`, `user@host` or `ssh://user@host:port`. A bare `host:port` is refused, since it may be an IPv6 address. */
export function parseSshName(name: string): SshName {
  const fail = (reason: string) => hostProblems.nameInvalid({ name, reason });
  const url = name.startsWith('ssh://');
  const text = url ? name.slice(6).replace(/\/$/, '') : name;
  const at = text.lastIndexOf('@');
  const user = at >= 0 ? text.slice(0, at) : undefined;
  const rest = text.slice(at + 1);
  const withPort = /^(\[[^\]]+\]|[^:]+):(\d+)$/.exec(rest);
  if (withPort && !url) throw fail(`write the port as ssh://${text} or with --port`);
  const host = (withPort?.[1] ?? rest).replace(/^\[(.*)\]$/, '$1');
  checkWord('host', host, fail);
  if (user !== undefined) checkWord('user', user, fail);
  const port = withPort ? Number(withPort[2]) : undefined;
  if (port !== undefined && (port < 1 || port > 65535)) throw fail(`${port} is not a port (1 to 65535)`);
  return { host, ...present({ user, port }) };
}

/** Throws what `fail` returns for a host or user that a shell or ssh would misinterpret. */
export function checkWord(what: 'host' | 'user', word: string, fail: (reason: string) => Error): void {
  if (word === '') throw fail(`the ${what} is empty`);
  if (word.startsWith('-')) throw fail(`the ${what} begins with "-"`);
  if (word.length > 255) throw fail(`the ${what} has ${word.length} characters`);
  if (HARMFUL.test(what === 'user' ? word.replace(DOMAIN_OF_USER, '$1$2') : word))
    throw fail(`the ${what} holds a space or a character that a shell would read`);
}
