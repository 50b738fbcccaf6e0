import type { Provider, RefusalAnswer } from '../../../src/model/provider.ts';
import { auth0Samples } from './auth0.ts';
import { entraSamples } from './entra.ts';
import { genericSamples } from './generic.ts';
import { keycloakSamples } from './keycloak.ts';
import { oktaSamples } from './okta.ts';

/** An answer of each provider for each refusal its list has, by id. */
export const refusalSamples: Readonly<Record<Provider['name'], Readonly<Record<string, RefusalAnswer>>>> = {
  okta: oktaSamples,
  keycloak: keycloakSamples,
  entra: entraSamples,
  auth0: auth0Samples,
  generic: genericSamples,
};
