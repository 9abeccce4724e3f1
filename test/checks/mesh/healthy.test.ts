import { findingsOf, healthyMesh, judged } from '../../support/healthy-mesh.ts';

test('a healthy mesh gives no finding, and every check judges it', async () => {
  const results = await judged(healthyMesh());
  expect(results.filter(({ ok }) => ok !== true)).toEqual([]);
  expect(results.length).toBeGreaterThan(40);
  expect(findingsOf(results)).toEqual([]);
});
