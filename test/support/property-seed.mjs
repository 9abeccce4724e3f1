import fc from 'fast-check';

// The same inputs in every run: a property that fails by luck would keep work from landing that has nothing to do with it.
// PROPERTY_SEED=random explores; a failure prints its seed.
const { PROPERTY_SEED = '20240229' } = process.env;
if (PROPERTY_SEED !== 'random') fc.configureGlobal({ seed: Number(PROPERTY_SEED) });
