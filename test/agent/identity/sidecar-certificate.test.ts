import fc from 'fast-check';
import { sidecarCertificate } from '../../../src/agent/identity/sidecar-certificate.ts';

const IDENTITY = 'spiffe://cluster.local/ns/vm/sa/db1';
const SUBJECT = { namespace: 'vm', account: 'db1' };
const leaf = (uri: string, until: string) => ({
  path: '<inline>',
  serial_number: '5a',
  subject_alt_names: [{ uri }],
  days_until_expiration: '0',
  valid_from: '2026-05-01T09:58:00Z',
  expiration_time: until,
});
const page = (...chains: readonly (readonly object[])[]) =>
  JSON.stringify({ certificates: chains.map((chain) => ({ ca_cert: [], cert_chain: chain })) });

describe('the certificate in the page /certs of Envoy', () => {
  test('is the one for the identity that ends last', () => {
    const text = page(
      [leaf(IDENTITY, '2026-05-02T10:00:00Z'), leaf('spiffe://intermediate', '2036-01-01T00:00:00Z')],
      [leaf(IDENTITY, '2026-05-02T22:00:00Z')],
      [leaf('spiffe://cluster.local/ns/vm/sa/other', '2026-05-09T10:00:00Z')],
    );
    expect(sidecarCertificate(text, SUBJECT)).toEqual({
      identity: IDENTITY,
      from: new Date('2026-05-01T09:58:00Z'),
      until: new Date('2026-05-02T22:00:00Z'),
    });
  });

  test('is undefined without one for the identity', () => {
    expect(
      sidecarCertificate(page([leaf('spiffe://cluster.local/ns/vm/sa/other', '2026-05-02T10:00:00Z')]), SUBJECT),
    ).toBeUndefined();
    expect(sidecarCertificate('{"certificates":[]}', SUBJECT)).toBeUndefined();
    expect(sidecarCertificate('{"certificates":[{"ca_cert":[]}]}', SUBJECT)).toBeUndefined();
  });

  test('is undefined for a page of another program', () => {
    expect(sidecarCertificate(page([leaf(IDENTITY, 'soon')]), SUBJECT)).toBeUndefined();
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(sidecarCertificate(text, SUBJECT)).toBeUndefined();
      }),
    );
  });
});
