import { X509Certificate } from 'node:crypto';
import { list, mapping, text } from '../mesh/unknown.ts';
import { alignColumns } from './columns.ts';
import type { ConfigDump, Dumped } from './config-dump.ts';

/** A certificate that Envoy uses, or a root that it trusts. */
export interface Certificate {
  /** `default` is the workload's, `ROOTCA` the mesh's. */
  readonly name: string;
  readonly state: 'ACTIVE' | 'WARMING';
  readonly type: 'Cert Chain' | 'CA' | '';
  /** Whether it is valid now. */
  readonly valid: boolean;
  /** 32 hexadecimal digits; these are empty for a text that is no certificate. */
  readonly serial: string;
  /** RFC 3339. */
  readonly notBefore: string;
  readonly notAfter: string;
  readonly trustDomain?: string;
  /** SPIFFE identity; the subject of a root. */
  readonly identity: string;
}

/** The certificates of a dump. Private keys are not in it. */
export function certificatesOf({ secrets }: ConfigDump, now: Date): readonly Certificate[] {
  return secrets.flatMap((secret) => certificates(secret, now));
}

const UNREAD = { type: '', valid: false, serial: '', notBefore: '', notAfter: '', identity: '' } as const;

function certificates(secret: Dumped & Pick<Certificate, 'state'>, now: Date): readonly Certificate[] {
  const { resource, state } = secret;
  const name = text(resource['name']) ?? '';
  const context = mapping(resource['validation_context']);
  const pem = inline(mapping(resource['tls_certificate'])['certificate_chain']) ?? inline(context['trusted_ca']);
  const bundles = list(mapping(mapping(context['custom_validator_config'])['typed_config'])['trust_domains']).map(
    mapping,
  );
  if (pem === undefined && bundles.length > 0)
    return bundles.map((bundle) => ({
      ...{ name, state, ...UNREAD, ...read(inline(bundle['trust_bundle']) ?? '', now) },
      ...(text(bundle['name']) && { trustDomain: text(bundle['name']) ?? '' }),
    }));
  return [{ name, state, ...UNREAD, ...read(pem ?? '', now) }];
}

/** The text of a data source; undefined if it is elsewhere. */
function inline(source: unknown): string | undefined {
  const { inline_bytes: bytes, inline_string: string } = mapping(source);
  const encoded = text(bytes);
  return encoded === undefined ? text(string) : Buffer.from(encoded, 'base64').toString('latin1');
}

/** The first certificate of a PEM text; {} for any other text. */
function read(pem: string, now: Date): Partial<Certificate> {
  const certificate = parsed(pem);
  if (!certificate) return {};
  const [from, to] = [new Date(certificate.validFrom), new Date(certificate.validTo)];
  const [, identity, trustDomain] =
    /(?:^|, )URI:(spiffe:\/\/([^/,\s]+)[^,\s]*)/.exec(certificate.subjectAltName ?? '') ?? [];
  return {
    type: certificate.ca ? 'CA' : 'Cert Chain',
    valid: from < now && now < to,
    serial: certificate.serialNumber.toLowerCase().padStart(32, '0'),
    ...{ notBefore: rfc3339(from), notAfter: rfc3339(to) },
    ...(trustDomain !== undefined && { trustDomain }),
    identity: identity ?? certificate.subject.replaceAll('\n', ', '),
  };
}

function parsed(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    // A secret that Envoy waits for has no text yet.
    return undefined;
  }
}

function rfc3339(date: Date): string {
  return Number.isNaN(date.getTime()) ? '' : date.toISOString().replace(/\.\d+Z$/, 'Z');
}

const HEADINGS = ['RESOURCE NAME', 'TYPE', 'STATUS', 'VALID CERT', 'SERIAL NUMBER', 'NOT AFTER', 'NOT BEFORE'];

/** The table of `istioctl proxy-config secret`, with the identity in a further column. */
export function formatCertificates(certificates: readonly Certificate[]): readonly string[] {
  const domains = certificates.length > 0 && certificates.every(({ trustDomain }) => trustDomain !== undefined);
  const rows = certificates.map(
    ({ name, type, state, valid, serial, notAfter, notBefore, trustDomain = '', identity }) => [
      ...[name, type, state, String(valid), serial, notAfter, notBefore],
      ...(domains ? [trustDomain] : []),
      identity,
    ],
  );
  return alignColumns([[...HEADINGS, ...(domains ? ['TRUST DOMAIN'] : []), 'IDENTITY'], ...rows], 5);
}
