import type { Host } from '../host/run/host.ts';
import { vmProblems } from '../problems/vm.ts';
import { compareRules, type RuleDifferences } from '../vm/capture-rules/compare.ts';
import { readRuleTexts, type RuleTexts } from '../vm/capture-rules/read-rules.ts';
import type { World } from '../world.ts';

/** The rules of a VM. Throws Problems of the connection. */
export async function readRulesOf(world: World, login: () => Promise<Host>): Promise<RuleTexts> {
  await using host = await login();
  return await readRuleTexts(host, world.signal);
}

/** Compares the rules of capture with those that were loaded. Throws `capture-not-loaded`, `capture-rules-differ`. */
export async function checkRules(world: World, login: () => Promise<Host>): Promise<RuleDifferences> {
  await using host = await login();
  const vm = host.name;
  const { loaded, programs } = await readRuleTexts(host, world.signal);
  if (loaded.length === 0) throw vmProblems.captureNotLoaded({ vm });
  const found = compareRules(loaded, programs);
  const differences = [
    ...found.missing.map((rule) => `missing: ${rule}`),
    ...found.added.map((rule) => `added by another program: ${rule}`),
    ...found.reordered.map((chain) => `in another order: ${chain}`),
  ];
  if (differences.length > 0) throw vmProblems.rulesDiffer({ vm, differences });
  return found;
}
