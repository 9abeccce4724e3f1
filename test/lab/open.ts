import { must } from './command.ts';
import { Lab } from './lab.ts';
import { labNames } from './names.ts';

/** The lab that is up, or one that is started and that `down` ends. Builds meshx first. */
export async function openLab(note: (line: string) => void): Promise<{ lab: Lab; down: () => Promise<void> }> {
  await must([process.execPath, 'scripts/build.mjs']);
  const names = labNames();
  const attached = await Lab.attach(names).catch(() => undefined);
  if (attached) return { lab: attached, down: () => Promise.resolve() };
  const down = async (): Promise<void> => {
    const left = await Lab.down(names);
    if (left.length > 0) throw new Error(`the lab left: ${left.join('; ')}`);
  };
  return { lab: await Lab.up(note, names), down };
}
