import type { Duplex } from 'node:stream';
import { Problem } from '../problems.ts';
import { hostProblems } from '../problems/host.ts';
import { said } from './run/doing.ts';
import { fingerprint, keyType } from './ssh/fingerprint.ts';
import { hostKeyPolicy, type HostKeyPolicy, type Judgement } from './ssh/host-key-policy.ts';
import { identityOffers } from './ssh/identity.ts';
import { keyName, randomArt } from './ssh/random-art.ts';
import { readKnownHosts, recordHostKey } from './ssh/known-hosts-file.ts';
import { certificateAtHand } from './ssh/certificates.ts';
import { NeedsOpenSsh } from './ssh/needs-openssh.ts';
import { isRevoked } from './ssh/revoked-keys.ts';
import type { Hop, HopDecisions } from './ssh/route.ts';
import { SshHost } from './ssh/ssh-host.ts';
import { openSocket } from './ssh/ssh-socket.ts';
import { present } from '../present.ts';

/**
 * Logs in to one machine, and asks about an unknown host key if someone can be asked. The connection is closed meanwhile, because the
 * server would end a login that waits. Throws as `logIn` does.
 */
export async function walkTo(hop: Hop, beneath: SshHost | undefined, decisions: HopDecisions): Promise<SshHost> {
  const offered: { unknown?: Buffer } = {};
  try {
    return await logIn(hop, beneath, { ...decisions, offered });
  } catch (error) {
    const { unknown: key } = offered;
    const { confirmHostKey } = decisions;
    if (key === undefined || !confirmHostKey || hop.settings.strictHostKeys) throw error;
    const { alias: host, address, port } = hop.settings;
    const shown = { type: keyName(key), fingerprint: fingerprint(key), art: randomArt(key) };
    if (!(await confirmHostKey({ host, address, port, ...shown }))) throw error;
    return await logIn(hop, beneath, { ...decisions, acceptedHostKey: key, offered: {} });
  }
}

interface LoginDecisions extends HopDecisions {
  /** Gets the key that was refused because it is unknown. */
  readonly offered: { unknown?: Buffer };
}

/**
 * Logs in to one machine: directly, through its ProxyCommand, or from the machine `beneath`, which is then closed with it. Throws a
 * Problem, or NeedsOpenSsh if ssh2 cannot judge the host's key or offer the user's.
 */
async function logIn(hop: Hop, beneath: SshHost | undefined, decisions: LoginDecisions): Promise<SshHost> {
  const { settings, timeoutMs } = hop;
  const policy = await policyFor(hop, decisions);
  if (policy.authority !== undefined)
    throw new NeedsOpenSsh(`${policy.authority} trusts ${settings.alias} by @cert-authority`);
  if (settings.knownHostsCommand !== undefined && decisions.hostKeyFingerprint === undefined)
    throw new NeedsOpenSsh(`KnownHostsCommand provides the host keys of ${settings.alias}`);
  const identities = await identityOffers(
    settings,
    present({ identityFile: decisions.identityFile, passphrase: decisions.passphrase }),
  );
  const transport = await openTransport(hop, beneath, decisions);
  const { alias: host, address, port, user } = settings;
  let admitted: Buffer | undefined;
  const admit = async (key: Buffer, { trust }: Judgement): Promise<void> => {
    await refuseRevoked(settings, key);
    if (trust === 'new') await noteNewKey(key, policy, { hop, decisions });
    admitted = key;
  };
  const judge = (key: Buffer): Judgement => {
    const judgement = policy.judge(key);
    if (judgement.trust === 'no' && judgement.isUnknown) decisions.offered.unknown = key;
    return judgement;
  };
  try {
    const ssh = await SshHost.connect({
      ...{ host, address, port, user, timeoutMs, identities, stream: transport.stream },
      ...{ judge, admit, algorithms: policy.algorithms },
      ...{ keepaliveMs: decisions.keepaliveMs, signal: decisions.signal, limitMs: decisions.commandLimitMs },
      sudo: decisions.sudoPassword && { password: decisions.sudoPassword },
    });
    ssh.onClose(() => transport.stop());
    if (beneath) ssh.onClose(() => beneath[Symbol.asyncDispose]());
    return ssh;
  } catch (error) {
    const explained = await transport.explain(error);
    transport.stop();
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
      acceptNew: decisions.acceptNewHostKey ?? false,
      ...present({
        fingerprint: decisions.hostKeyFingerprint,
        extraKeys: decisions.extraHostKeys,
        acceptedKey: decisions.acceptedHostKey,
      }),
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

/** After a refusal, the system's ssh may still offer a certificate. */
async function withCertificate(error: unknown, { settings, decisions, admitted }: Refused): Promise<unknown> {
  const ids = [hostProblems.authenticationRefused.id, hostProblems.keyEncrypted.id];
  if (!(error instanceof Problem) || !ids.includes(error.id) || !admitted) return error;
  const certificate = await certificateAtHand(settings, decisions.identityFile);
  if (certificate === undefined) return error;
  return new NeedsOpenSsh(`the certificate ${certificate} is needed`, { hostKey: admitted, refused: error });
}

/** Reports and records a verified unknown key. */
async function noteNewKey(
  key: Buffer,
  policy: HostKeyPolicy,
  { hop: { settings }, decisions }: { hop: Hop; decisions: HopDecisions },
): Promise<void> {
  const [file] = userFiles(settings.userKnownHosts, decisions);
  if (file !== undefined) await recordHostKey(file, { name: policy.name, key, hash: settings.hashKnownHosts });
  const recorded = file === undefined ? 'not recorded' : `recorded in ${file}`;
  decisions.note?.(`${settings.alias}: new host key accepted: ${keyType(key)} ${fingerprint(key)}, ${recorded}`);
}

interface Transport {
  readonly stream: Duplex;
  readonly stop: () => void;
  /** Replaces a failure that the connection itself caused. */
  readonly explain: (error: unknown) => Promise<unknown>;
}

async function openTransport(
  { settings, timeoutMs }: Hop,
  beneath: SshHost | undefined,
  { signal }: HopDecisions,
): Promise<Transport> {
  const { alias: host, address, port, proxyCommand } = settings;
  if (beneath) {
    const stream = await beneath.forward(address, port);
    return { stream, stop: () => stream.destroy(), explain: (error) => Promise.resolve(error) };
  }
  if (proxyCommand !== undefined) return proxyTransport(host, proxyCommand);
  const stream = await openSocket({ host, address, port, timeoutMs, signal });
  return { stream, stop: () => stream.destroy(), explain: (error) => Promise.resolve(error) };
}

async function proxyTransport(host: string, line: string): Promise<Transport> {
  const { startProxy } = await import('./run/process.ts');
  const { stream, errors, stop } = startProxy(line);
  const program = line.trim().split(/\s+/)[0] ?? '';
  // Without an SSH handshake the ProxyCommand failed, not the peer.
  const early = [hostProblems.notSsh.id, hostProblems.handshakeFailed.id];
  const explain = async (error: unknown) =>
    error instanceof Problem && early.includes(error.id)
      ? hostProblems.proxyCommandFailed({ host, program, said: said(await errors()) }, error)
      : error;
  return { stream, stop, explain };
}
