import type { Provider } from '../model/provider.ts';
import { generic } from './generic/provider.ts';
import { providers } from './providers.ts';

/** Whose issuer or token endpoint that is: `generic` when nobody known has such. */
export function findProvider(url: URL): Provider {
  return providers.find((provider) => provider.recognises(url)) ?? generic;
}

/** The provider of that name. */
export function providerNamed(name: Provider['name']): Provider {
  return providers.find((provider) => provider.name === name) ?? generic;
}
