import type { Duplex } from 'node:stream';
import { Problem } from '../problems.ts';
import { hostProblems } from '../problems/host.ts';
import { said } from './run/doing.ts';
import { fingerprint, keyType } from './ssh/fingerprint.ts';
import { hostKeyPolicy, type HostKeyPolicy, type Judgement } from './ssh/host-key-policy.ts';
import { identityOffers } from './ssh/identity.ts';
import { readKnownHosts, recordHostKey } from './ssh/known-hosts-file.ts';
import { certificateAtHand } from './ssh/certificates.ts';
import { NeedsOpenSsh } from './ssh/needs-openssh.ts';
import { isRevoked } from './ssh/revoked-keys.ts';
import type { Hop, HopDecisions } from './ssh/route.ts';
import { SshHost } from './ssh/ssh-host.ts';
import { openSocket } from './ssh/ssh-socket.ts';
import { present } from '../present.ts';

/**
 * Logs in to one machine: directly, by its ProxyCommand, or from the machine beneath it, which then ends with it.
 * Throws a Problem, or NeedsOpenSsh where ssh2 can neither judge the host's key nor offer ours.
 */
export async function walkTo(hop: Hop, beneath: SshHost | undefined, decisions: HopDecisions): Promise<SshHost> {
  const { settings, timeoutMs } = hop;
  const policy = await policyFor(hop, decisions);
  if (policy.authority !== undefined)
    throw new NeedsOpenSsh(`${policy.authority} trusts ${settings.alias} by @cert-authority`);
  if (settings.knownHostsCommand !== undefined && decisions.hostKeyFingerprint === undefined)
    throw new NeedsOpenSsh(`KnownHostsCommand tells the host keys of ${settings.alias}`);
  const identities = await identityOffers(
    settings,
    present({ identityFile: decisions.identityFile, passphrase: decisions.passphrase }),
  );
  const way = await openWay(hop, beneath, decisions);
  const { alias: host, address, port, user } = settings;
  let admitted: Buffer | undefined;
  const admit = async (key: Buffer, { trust }: Judgement): Promise<void> => {
    await refuseRevoked(settings, key);
    if (trust === 'new') await noteNewKey(key, policy, { hop, decisions });
    admitted = key;
  };
  try {
    const ssh = await SshHost.connect({
      ...{ host, address, port, user, timeoutMs, identities, stream: way.stream },
      ...{ judge: policy.judge, admit, algorithms: policy.algorithms },
      ...(decisions.keepaliveMs === undefined ? {} : { keepaliveMs: decisions.keepaliveMs }),
      ...(decisions.signal ? { signal: decisions.signal } : {}),
      ...(decisions.sudoPassword ? { sudo: { password: decisions.sudoPassword } } : {}),
      ...(decisions.commandLimitMs === undefined ? {} : { limitMs: decisions.commandLimitMs }),
    });
    ssh.standsOn(() => way.stop());
    if (beneath) ssh.standsOn(() => beneath[Symbol.asyncDispose]());
    return ssh;
  } catch (error) {
    const explained = await way.explain(error);
    way.stop();
    throw await withCertificate(explained, { settings, decisions, admitted });
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
      ...present({ fingerprint: decisions.hostKeyFingerprint, extraKeys: decisions.extraHostKeys }),
    },
  });
}

const userFiles = (files: readonly string[], decisions: HopDecisions): readonly string[] =>
  decisions.knownHosts === undefined ? files : [decisions.knownHosts];

async function refuseRevoked({ alias: host, revokedHostKeys }: Hop['settings'], key: Buffer): Promise<void> {
  for (const file of revokedHostKeys)
    if (await isRevoked(file, key))
      throw hostProblems.hostKeyRevoked({ host, fingerprint: fingerprint(key), where: file });
}

interface Refused {
  readonly settings: Hop['settings'];
  readonly decisions: HopDecisions;
  /** The host key, once it was trusted. */
  readonly admitted: Buffer | undefined;
}

/** A refusal is not the last word where a certificate lies that only ssh can offer. */
async function withCertificate(error: unknown, { settings, decisions, admitted }: Refused): Promise<unknown> {
  const ids = [hostProblems.authenticationRefused.id, hostProblems.keyEncrypted.id];
  if (!(error instanceof Problem) || !ids.includes(error.id) || !admitted) return error;
  const certificate = await certificateAtHand(settings, decisions.identityFile);
  if (certificate === undefined) return error;
  return new NeedsOpenSsh(`the certificate ${certificate} is needed`, { hostKey: admitted, refused: error });
}

/** Reports and records an unknown key once the host has proved to hold it. */
async function noteNewKey(
  key: Buffer,
  policy: HostKeyPolicy,
  { hop: { settings }, decisions }: { hop: Hop; decisions: HopDecisions },
): Promise<void> {
  const [file] = userFiles(settings.userKnownHosts, decisions);
  if (file !== undefined) await recordHostKey(file, { name: policy.name, key, hash: settings.hashKnownHosts });
  const recorded = file === undefined ? 'recorded nowhere' : `recorded in ${file}`;
  decisions.note?.(`${settings.alias}: new host key accepted: ${keyType(key)} ${fingerprint(key)}, ${recorded}`);
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
  const { startProxy } = await import('./run/process.ts');
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
