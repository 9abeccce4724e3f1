import * as z from 'zod';
import { tryJson } from '../../documents/json.ts';

/** The certificate with which the sidecar speaks to others. */
export interface SidecarCertificate {
  /** `spiffe://cluster.local/ns/vm/sa/db1`. */
  readonly identity: string;
  readonly from: Date;
  readonly until: Date;
}

const TIME = z.string().transform((text, context) => {
  const date = new Date(text);
  if (Number.isNaN(date.getTime())) context.addIssue('no time');
  return date;
});
const NAME = z.object({ uri: z.string().optional() });
const CERTIFICATE = z.object({
  subject_alt_names: z.array(NAME),
  valid_from: TIME,
  expiration_time: TIME,
});
/** admin/v3/certs.proto of Envoy, as JSON. */
const CERTS = z.object({
  certificates: z.array(z.object({ cert_chain: z.array(CERTIFICATE).optional() })),
});

/** Whose certificate it is. */
export interface Subject {
  readonly namespace: string;
  readonly account: string;
}

/**
 * The sidecar's certificate in the text of Envoy's page /certs: of those for the subject, in any trust domain, the one that ends last.
 * Undefined if the text has none, or is not such a page.
 */
export function sidecarCertificate(certs: string, { namespace, account }: Subject): SidecarCertificate | undefined {
  const { data } = CERTS.safeParse(tryJson(certs));
  const leaves = (data?.certificates ?? []).flatMap(({ cert_chain: chain }) => chain?.slice(0, 1) ?? []);
  const end = `/ns/${namespace}/sa/${account}`;
  const own = leaves.flatMap((leaf) => {
    const identity = leaf.subject_alt_names.find(({ uri }) => uri?.startsWith('spiffe://') && uri.endsWith(end))?.uri;
    return identity === undefined ? [] : [{ identity, from: leaf.valid_from, until: leaf.expiration_time }];
  });
  const [last] = own.sort((a, b) => b.until.getTime() - a.until.getTime());
  return last;
}
