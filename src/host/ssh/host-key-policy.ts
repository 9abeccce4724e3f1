import type { Problem } from '../../problems.ts';
import { hostProblems } from '../../problems/host.ts';
import { fingerprint, keyType, parseFingerprint } from './fingerprint.ts';
import {
  hostKeyAlgorithms,
  judge,
  knownFor,
  type KnownHost,
  knownName,
  parseKnownHosts,
  type Verdict,
} from './known-hosts.ts';

/** The operator's decisions about the host key of one machine. */
interface HostKeyDecisions {
  readonly fingerprint?: string;
  readonly acceptNew?: boolean;
  /** The key that the operator accepted when asked; no other unknown one. */
  readonly acceptedKey?: Buffer;
  /** Lines `type base64` from the cloud. */
  readonly extraKeys?: readonly string[];
}

export interface HostKeyInput {
  /** The operator's name for the machine. */
  readonly host: string;
  /** HostKeyAlias, or address and port. */
  readonly alias: string | undefined;
  readonly address: string;
  readonly port: number;
  readonly known: readonly KnownHost[];
  readonly decisions: HostKeyDecisions;
}

/** Why a key is trusted; `new` must be recorded. A refusal has its Problem. */
export type Judgement =
  | { readonly trust: 'known' | 'pinned' | 'new' }
  | { readonly trust: 'certificate-only'; readonly where: string }
  | { readonly trust: 'no'; readonly problem: Problem; readonly isUnknown?: true };

export interface HostKeyPolicy {
  /** The host's name in known_hosts. */
  readonly name: string;
  readonly algorithms: ReturnType<typeof hostKeyAlgorithms>;
  /** Location of the certificate authority, if no plain key is known: judging the key is then useless. */
  readonly authority: string | undefined;
  readonly judge: (key: Buffer) => Judgement;
}

/** Decides about every key that a host may present. Pure. Throws a Problem for an invalid fingerprint. */
export function hostKeyPolicy(input: HostKeyInput): HostKeyPolicy {
  const { decisions } = input;
  const pinned = decisions.fingerprint === undefined ? undefined : parseFingerprint(decisions.fingerprint);
  const name = input.alias?.toLowerCase() ?? knownName(input.address, input.port);
  const extra = (decisions.extraKeys ?? []).map((line) => `${cloudName(name)} ${line.trim()}`).join('\n');
  const cloud = parseKnownHosts(extra, "the cloud's record").map((entry) => ({
    ...entry,
    where: "the cloud's record",
  }));
  const known = [...input.known, ...cloud];
  const { types, authority } = knownFor(known, name);
  const judgeKey = (key: Buffer): Judgement => {
    const verdict = verdictFor(known, { name, input }, key);
    if (pinned !== undefined && verdict.kind !== 'revoked') return judgePinned(pinned, key, input.host);
    return judged(verdict, key, input);
  };
  const only = authority && types.length === 0 && pinned === undefined ? authority.where : undefined;
  return { name, algorithms: hostKeyAlgorithms(types), authority: only, judge: judgeKey };
}

/** The pattern for exactly this name. */
const cloudName = (name: string) => name.replace(/[*?!,\s]/g, '');

/** As in OpenSSH: a host with another port is also known by its bare name, but only an equal key counts there. */
function verdictFor(known: readonly KnownHost[], at: { name: string; input: HostKeyInput }, key: Buffer): Verdict {
  const verdict = judge(known, at.name, key);
  if (verdict.kind !== 'unknown' || at.input.alias !== undefined || at.input.port === 22) return verdict;
  const bare = judge(known, knownName(at.input.address, 22), key);
  return bare.kind === 'match' || bare.kind === 'revoked' ? bare : verdict;
}

function judgePinned(wanted: string, key: Buffer, host: string): Judgement {
  const found = fingerprint(key);
  if (found === wanted) return { trust: 'pinned' };
  return { trust: 'no', problem: hostProblems.hostKeyNotPinned({ host, fingerprint: found, wanted }) };
}

function judged(verdict: Verdict, key: Buffer, { host, decisions }: HostKeyInput): Judgement {
  const about = { host, type: keyType(key), fingerprint: fingerprint(key) };
  switch (verdict.kind) {
    case 'match':
      return { trust: 'known' };
    case 'revoked':
      return { trust: 'no', problem: hostProblems.hostKeyRevoked({ ...about, where: verdict.where }) };
    case 'mismatch':
      return { trust: 'no', problem: hostProblems.hostKeyChanged({ ...about, where: verdict.where }) };
    case 'needs-cert-authority':
      return { trust: 'certificate-only', where: verdict.where };
    case 'unknown':
      if (decisions.acceptNew || decisions.acceptedKey?.equals(key)) return { trust: 'new' };
      return { trust: 'no', problem: hostProblems.hostKeyUnknown(about), isUnknown: true };
  }
}
