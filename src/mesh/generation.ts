/** Control planes: `current` is istiod, `classic` is Pilot, Mixer and CA. */
export const GENERATIONS = ['current', 'classic'] as const;

/** Which control plane a mesh has. What follows from it is in the generation record of each layer. */
export type GenerationName = (typeof GENERATIONS)[number];
