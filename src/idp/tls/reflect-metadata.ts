/** What the dependency injection inside `@peculiar/x509` asks of a metadata polyfill: three functions of the "Reflect
 * metadata" proposal, backed by a weak map. Import it before that package.
 */
const store = new WeakMap<object, Map<unknown, unknown>>();

function defineMetadata(key: unknown, value: unknown, target: object): void {
  const entries = store.get(target) ?? new Map<unknown, unknown>();
  store.set(target, entries.set(key, value));
}

function getOwnMetadata(key: unknown, target: object): unknown {
  return store.get(target)?.get(key);
}

function getMetadata(key: unknown, target: object): unknown {
  for (let current: unknown = target; isKey(current); current = Object.getPrototypeOf(current)) {
    if (store.get(current)?.has(key) === true) return getOwnMetadata(key, current);
  }
  return undefined;
}

function isKey(value: unknown): value is object {
  return (typeof value === 'object' || typeof value === 'function') && value !== null;
}

if (!('getMetadata' in Reflect)) Object.assign(Reflect, { defineMetadata, getOwnMetadata, getMetadata });
