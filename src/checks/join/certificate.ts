import * as z from 'zod';
import { tryJson } from '../../documents/json.ts';
import { valueOf } from '../../vm/key-values.ts';
import type { Seen } from '../check.ts';

const CERTS = z.object({
  certificates: z.array(
    z.object({
      cert_chain: z
        .array(
          z.object({
            subject_alt_names: z.array(z.object({ uri: z.string().optional() })).default([]),
            valid_from: z.string(),
            expiration_time: z.string(),
          }),
        )
        .default([]),
    }),
  ),
});

const HINT =
  'Compare namespace and service account of the registration with the token; get a new token: meshx setup-vm VM';

/** A certificate as a sidecar shows it. */
export interface Certificate {
  readonly uris: readonly string[];
  readonly from: Date;
  readonly until: Date;
}

/** Judges Envoy's /certs: the certificate that the sidecar presents. */
export function judgeEnvoyCerts(stdout: string, identity: string, now: Date): Seen {
  const certificates = envoyCerts(stdout);
  if (certificates.length === 0) return { ok: false, detail: 'the sidecar has no certificate yet', hint: HINT };
  return judgeCertificate(certificates, identity, now);
}

/** Judges a file of the classic node agent, by `openssl x509 -enddate -startdate -ext subjectAltName`. */
export function judgeCertFile(stdout: string, identity: string, now: Date): Seen {
  const certificate = fileCertificate(stdout);
  if (!hasTimes(certificate)) return { ok: false, detail: 'there is no certificate that openssl can read', hint: HINT };
  return judgeCertificate([certificate], identity, now);
}

/** Those of Envoy's /certs; without any, that of openssl's text. */
export function certificatesOf(certs: string, file: string): readonly Certificate[] {
  const ofEnvoy = envoyCerts(certs);
  return ofEnvoy.length > 0 ? ofEnvoy : [fileCertificate(file)].filter(hasTimes);
}

function fileCertificate(stdout: string): Certificate {
  const date = (key: string): Date => new Date(valueOf(stdout, key) ?? '');
  const uris = [...stdout.matchAll(/URI:(\S+?)(?:,|\s|$)/g)].map(([, uri]) => uri ?? '');
  return { uris, from: date('notBefore'), until: date('notAfter') };
}

/** The certificates that Envoy presents, of its page /certs. */
export function envoyCerts(stdout: string): readonly Certificate[] {
  const parsed = CERTS.safeParse(tryJson(stdout));
  if (!parsed.success) return [];
  return parsed.data.certificates.flatMap(({ cert_chain: [leaf] }) => {
    const uris = leaf?.subject_alt_names.flatMap(({ uri }) => uri ?? []) ?? [];
    const times = { from: new Date(leaf?.valid_from ?? ''), until: new Date(leaf?.expiration_time ?? '') };
    return uris.length > 0 && hasTimes(times) ? [{ uris, ...times }] : [];
  });
}

/** Whether both times are valid dates. */
function hasTimes({ from, until }: Pick<Certificate, 'from' | 'until'>): boolean {
  return !Number.isNaN(from.getTime()) && !Number.isNaN(until.getTime());
}

function judgeCertificate(certificates: readonly Certificate[], identity: string, now: Date): Seen {
  const found = certificates.find(({ uris }) => uris.includes(identity));
  if (!found) {
    const others = [...new Set(certificates.flatMap(({ uris }) => uris))].join(', ');
    return { ok: false, detail: `it is for ${others || 'no one'}, not for ${identity}`, hint: HINT };
  }
  const until = found.until.toISOString();
  if (found.until <= now) return { ok: false, detail: `it expired at ${until}`, hint: HINT };
  if (found.from > now)
    return {
      ok: false,
      detail: `it is valid only from ${found.from.toISOString()}`,
      hint: 'Set the clock: timedatectl set-ntp true',
    };
  // The agent renews after half of the lifetime (SECRET_GRACE_PERIOD_RATIO).
  const renewal = new Date((found.from.getTime() + found.until.getTime()) / 2);
  const late =
    renewal < now ? `; renewal was due at ${renewal.toISOString()}` : `, renewed about ${renewal.toISOString()}`;
  return { ok: true, detail: `${identity} until ${until}${late}` };
}
