import fc from 'fast-check';
import { judgeIdentity } from '../../../src/agent/identity/identity.ts';

const NOW = new Date('2026-05-01T12:00:00Z');
const HOUR = 3_600_000;
const inHours = (hours: number): Date => new Date(NOW.getTime() + hours * HOUR);
const certificate = (from: number, until: number) => ({
  identity: 'spiffe://cluster.local/ns/vm/sa/db1',
  from: inHours(from),
  until: inHours(until),
});

describe('the identity of a VM', () => {
  test('is valid with a fresh certificate and tokens that outlive it', () => {
    const facts = { certificate: certificate(-1, 23), istioToken: inHours(100), apiToken: inHours(160) };
    expect(judgeIdentity(facts, NOW)).toEqual({ state: 'valid', until: inHours(160), reason: '' });
  });

  test('needs a token when its certificate was not renewed at half of its life', () => {
    const facts = { certificate: certificate(-20, 4), istioToken: inHours(100) };
    expect(judgeIdentity(facts, NOW)).toMatchObject({
      state: 'valid',
      needsToken: 'the certificate was not renewed and ends in 4 h',
    });
  });

  test('needs a token without a certificate, and after its end', () => {
    expect(judgeIdentity({ apiToken: inHours(50) }, NOW).needsToken).toBe('the sidecar has no certificate');
    const ended = judgeIdentity({ certificate: certificate(-30, -6), apiToken: inHours(50) }, NOW);
    expect(ended.needsToken).toBe('the certificate has ended');
  });

  test('announces the cliff six hours before everything has ended, with what ends when', () => {
    const facts = { certificate: certificate(-19, 5), istioToken: inHours(-1), apiToken: inHours(0.5) };
    expect(judgeIdentity(facts, NOW)).toEqual({
      state: 'cliff',
      until: inHours(5),
      reason: 'certificate ends in 5 h, token for istiod has ended, token for the API server ends in 30 min',
      needsToken: 'the certificate was not renewed and ends in 5 h',
    });
  });

  test('is lost when nothing is valid any more', () => {
    expect(judgeIdentity({ certificate: certificate(-30, -6) }, NOW)).toMatchObject({ state: 'lost' });
    expect(judgeIdentity({}, NOW).state).toBe('lost');
    expect(judgeIdentity({}, NOW)).not.toHaveProperty('until');
  });

  test('ends with the tokens where an external CA may accept nothing else', () => {
    const facts = { certificate: certificate(-1, 23), istioToken: inHours(3), apiToken: inHours(2) };
    expect(judgeIdentity({ ...facts, authority: 'external' }, NOW)).toMatchObject({
      state: 'cliff',
      until: inHours(3),
    });
    expect(judgeIdentity(facts, NOW)).toMatchObject({ state: 'valid', until: inHours(23) });
  });

  test.each(['files', 'workload-api'] as const)(
    'ends with a certificate that others give (%s), whatever tokens there are',
    (authority) => {
      const tokens = { authority, istioToken: inHours(100), apiToken: inHours(100) };
      expect(judgeIdentity({ ...tokens, certificate: certificate(-0.5, 0.5) }, NOW)).toEqual({
        ...{ state: 'valid', until: inHours(0.5), reason: '' },
      });
      expect(judgeIdentity({ ...tokens, certificate: certificate(-0.9, 0.1) }, NOW)).toEqual({
        ...{ state: 'cliff', until: inHours(0.1), reason: 'certificate ends in 6 min' },
      });
      expect(judgeIdentity({ ...tokens, certificate: certificate(-30, -6) }, NOW)).toEqual({
        ...{ state: 'lost', reason: 'certificate has ended' },
      });
    },
  );

  test('is lost when nothing vouches for istiod, whatever is still valid', () => {
    const facts = { certificate: certificate(-1, 23), apiToken: inHours(160), untrusted: 'istiod has an unknown root' };
    expect(judgeIdentity(facts, NOW)).toEqual({ state: 'lost', reason: 'istiod has an unknown root' });
  });

  test('never says later than the last of its credentials', () => {
    const end = fc.option(fc.integer({ min: -200, max: 200 }).map(inHours), { nil: undefined });
    fc.assert(
      fc.property(end, end, end, (cert, istioToken, apiToken) => {
        const facts = {
          ...(cert && { certificate: { identity: 'x', from: inHours(-300), until: cert } }),
          ...(istioToken && { istioToken }),
          ...(apiToken && { apiToken }),
        };
        const last = Math.max(...[cert, istioToken, apiToken].map((each) => each?.getTime() ?? -Infinity));
        const { state, until } = judgeIdentity(facts, NOW);
        expect(until?.getTime() ?? NOW.getTime()).toBe(Math.max(last, NOW.getTime()));
        expect(state === 'lost').toBe(last <= NOW.getTime());
      }),
    );
  });
});
