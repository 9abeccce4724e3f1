/** Stands for any detail of a problem: prints as a word, and behaves like a list of one such word. */
export const anything: unknown = new Proxy(['VALUE'], {
  get(list, key) {
    if (key === Symbol.toPrimitive || key === 'toString' || key === 'toJSON') return () => 'VALUE';
    if (key in list && key !== 'slice' && key !== 'at') return Reflect.get(list, key) as unknown;
    const method: unknown = Reflect.get(Object('VALUE') as object, key);
    if (typeof method === 'function') return (...args: unknown[]) => method.apply('VALUE', args) as unknown;
    return anything;
  },
});
