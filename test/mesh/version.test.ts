import { ISTIOD_DEFECTS, SUPPORTED_KUBERNETES } from '../../src/mesh/istio-releases.ts';
import { compareVersions, isAffected, parseVersion } from '../../src/mesh/version.ts';

test.each([
  ['1.29.1', { major: 1, minor: 29, patch: 1 }],
  ['v1.35.4+k3s1', { major: 1, minor: 35, patch: 4 }],
  ['v1.33.2-gke.100', { major: 1, minor: 33, patch: 2 }],
  ['1.29', { major: 1, minor: 29, patch: 0 }],
  ['latest', undefined],
  ['1', undefined],
  ['1.2.3.4', undefined],
  ['', undefined],
])('%j is read as a version', (text, version) => {
  expect(parseVersion(text)).toEqual(version);
});

test.each([
  ['1.28.9', true],
  ['1.29.5', true],
  ['1.29.6', false],
  ['1.29.10', false],
  ['1.30.2', true],
  ['1.30.3', false],
  ['1.31.0', false],
  ['1.32.0', false],
  ['2.0.0', false],
])('a defect fixed in 1.29.6, 1.30.3 and 1.31.0 is in %s: %j', (text, expected) => {
  expect(isAffected(parseVersion(text)!, { fixedIn: ['1.29.6', '1.30.3', '1.31.0'] })).toBe(expected);
});

test('a defect is not in versions before the first one that has it', () => {
  const affected = { since: '1.29.2', fixedIn: ['1.29.5'] };
  const versions = ['1.28.9', '1.29.1', '1.29.2', '1.29.4', '1.29.5', '1.30.0'];
  expect(versions.filter((text) => isAffected(parseVersion(text)!, affected))).toEqual(['1.29.2', '1.29.4']);
});

test('every known defect has versions that can be read and a source', () => {
  for (const { fixedIn, since, source } of ISTIOD_DEFECTS) {
    const versions = [...fixedIn, ...(since === undefined ? [] : [since])].map(parseVersion);
    expect(versions.every((version) => version !== undefined)).toBe(true);
    expect(source).toMatch(/^https:\/\/github\.com\/istio\/istio\/(pull|issues)\/\d+$/);
    const fixes = fixedIn.map((text) => parseVersion(text)!);
    expect([...fixes].sort(compareVersions)).toEqual(fixes);
  }
});

test('every range of Kubernetes versions goes from an older to a newer one', () => {
  for (const [oldest, newest] of Object.values(SUPPORTED_KUBERNETES)) expect(oldest).toBeLessThan(newest);
});
