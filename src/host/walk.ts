import type { Duplex } from 'node:stream';
import { Problem } from '../problems.ts';
import { hostProblems } from '../problems/host.ts';
import { said } from './doing.ts';
import { fingerprint, keyType } from './fingerprint.ts';
import { hostKeyPolicy, type HostKeyPolicy } from './host-key-policy.ts';
import { identityOffers } from './identity.ts';
import { readKnownHosts, recordHostKey } from './known-hosts-file.ts';
import { NeedsCertificate } from './needs-certificate.ts';
import type { Hop, HopDecisions } from './route.ts';
import { SshHost } from './ssh-host.ts';
import { openSocket } from './ssh-socket.ts';

/**
 * Logs in to one machine: directly, by its ProxyCommand, or from the machine beneath it, which then ends with it.
 * Throws a Problem, or NeedsCertificate when ssh2 is not able to judge the host's key.
 */
export async function walkTo(hop: Hop, beneath: SshHost | undefined, decisions: HopDecisions): Promise<SshHost> {
  const { settings, timeoutMs } = hop;
  const policy = await policyFor(hop, decisions);
  if (policy.authority !== undefined) throw new NeedsCertificate(policy.authority);
  const identities = await identityOffers(
    settings,
    defined({ identityFile: decisions.identityFile, passphrase: decisions.passphrase }),
  );
  const way = await openWay(hop, beneath, decisions);
  const { alias: host, address, port, user } = settings;
  try {
    const ssh = await SshHost.connect({
      ...{ host, address, port, user, timeoutMs, identities, stream: way.stream },
      ...{ judge: policy.judge, algorithms: policy.algorithms },
      ...(decisions.keepaliveMs === undefined ? {} : { keepaliveMs: decisions.keepaliveMs }),
      ...(decisions.signal ? { signal: decisions.signal } : {}),
      ...(decisions.sudoPassword ? { sudo: { password: decisions.sudoPassword } } : {}),
      ...(decisions.commandLimitMs === undefined ? {} : { limitMs: decisions.commandLimitMs }),
    });
    ssh.standsOn(() => way.stop());
    if (beneath) ssh.standsOn(() => beneath[Symbol.asyncDispose]());
    await noteNewKey(ssh, policy, { hop, decisions });
    return ssh;
  } catch (error) {
    const explained = await way.explain(error);
    way.stop();
    throw explained;
  }
}

async function policyFor({ settings }: Hop, decisions: HopDecisions): Promise<HostKeyPolicy> {
  const files = [...userFiles(settings.userKnownHosts, decisions), ...settings.globalKnownHosts];
  return hostKeyPolicy({
    host: settings.alias,
    alias: settings.hostKeyAlias,
    address: settings.address,
    port: settings.port,
    known: await readKnownHosts(files),
    decisions: {
      acceptNew: decisions.acceptNewHostKey,
      ...defined({ fingerprint: decisions.hostKeyFingerprint, extraKeys: decisions.extraHostKeys }),
    },
  });
}

const userFiles = (files: readonly string[], decisions: HopDecisions): readonly string[] =>
  decisions.knownHosts === undefined ? files : [decisions.knownHosts];

/** A key that nobody knew is said and recorded, once it has proved that the host holds it. */
async function noteNewKey(
  ssh: SshHost,
  policy: HostKeyPolicy,
  { hop: { settings }, decisions }: { hop: Hop; decisions: HopDecisions },
): Promise<void> {
  const { key, judgement } = ssh.hostKey;
  if (judgement.trust !== 'new') return;
  const [file] = userFiles(settings.userKnownHosts, decisions);
  try {
    if (file !== undefined) await recordHostKey(file, { name: policy.name, key, hash: settings.hashKnownHosts });
  } catch (error) {
    await ssh[Symbol.asyncDispose]();
    throw error;
  }
  const recorded = file === undefined ? 'recorded nowhere' : `recorded in ${file}`;
  decisions.note?.(`${ssh.name}: new host key accepted: ${keyType(key)} ${fingerprint(key)}, ${recorded}`);
}

interface Way {
  readonly stream: Duplex;
  readonly stop: () => void;
  /** A failure behind the way may be the way's own. */
  readonly explain: (error: unknown) => Promise<unknown>;
}

async function openWay(
  { settings, timeoutMs }: Hop,
  beneath: SshHost | undefined,
  { signal }: HopDecisions,
): Promise<Way> {
  const { alias: host, address, port, proxyCommand } = settings;
  if (beneath) {
    const stream = await beneath.forward(address, port);
    return { stream, stop: () => stream.destroy(), explain: (error) => Promise.resolve(error) };
  }
  if (proxyCommand !== undefined) return proxyWay(host, proxyCommand);
  const stream = await openSocket({ host, address, port, timeoutMs, ...(signal ? { signal } : {}) });
  return { stream, stop: () => stream.destroy(), explain: (error) => Promise.resolve(error) };
}

async function proxyWay(host: string, line: string): Promise<Way> {
  const { startProxy } = await import('./process.ts');
  const { stream, words, stop } = startProxy(line);
  const program = line.trim().split(/\s+/)[0] ?? '';
  // A way that ends before SSH began is the ProxyCommand's failure, not a peer that speaks something else.
  const early = [hostProblems.notSsh.id, hostProblems.handshakeFailed.id];
  const explain = async (error: unknown) =>
    error instanceof Problem && early.includes(error.id)
      ? hostProblems.proxyCommandFailed({ host, program, said: said(await words()) }, error)
      : error;
  return { stream, stop, explain };
}

/** Without the keys whose value is undefined. */
function defined<T extends object>(all: T): { [Key in keyof T]?: Exclude<T[Key], undefined> } {
  // Object.fromEntries forgets the names of the keys.
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as never;
}
