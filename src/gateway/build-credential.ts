import type { ChainStep, CredentialConfig, ServerConfig } from '../config/schema.ts';
import { buildChainCredential } from '../credentials/chain/build-chain-credential.ts';
import { buildClientCredentialsCredential } from '../credentials/client-credentials/build-client-credentials-credential.ts';
import { buildEntraOboCredential, buildEntraOboSource } from '../credentials/entra-obo/build-entra-obo-credential.ts';
import {
  buildIdJagCredential,
  buildIdJagSource,
  type IdJagDeps,
  type IdJagSourceSettings,
} from '../credentials/id-jag/build-id-jag-credential.ts';
import {
  buildOperatorCredential,
  type OperatorTokens,
} from '../credentials/operator-login/build-operator-credential.ts';
import { buildNoneCredential } from '../credentials/none/build-none-credential.ts';
import { buildStaticHeaderCredential } from '../credentials/static-header/build-static-header-credential.ts';
import {
  buildTokenExchangeCredential,
  buildTokenExchangeSource,
} from '../credentials/token-exchange/build-token-exchange-credential.ts';
import type { ExplainRefusal, Provider } from '../model/provider.ts';
import type { Credential } from '../model/credential.ts';
import { fail } from '../model/usher-error.ts';
import type { TokenSource } from '../oauth/build-cached-credential.ts';
import type { TokenEndpointDeps } from '../oauth/build-token-endpoint.ts';
import { findKnownRefusal } from '../providers/find-known-refusal.ts';
import { findProvider, providerNamed } from '../providers/find-provider.ts';
import { buildIssuerCredentials } from './build-issuer-credentials.ts';
import { scopeSettings } from './scope-settings.ts';

/** As whom one server is called: with one credential for all, or with one for the callers of each issuer. */
export function buildServerCredential(
  { authenticate, credential, remoteAuth }: ServerConfig,
  { login = nobody, ...deps }: TokenEndpointDeps & { readonly login?: OperatorTokens | undefined },
): Credential {
  if (remoteAuth?.enabled === true) {
    const inner = credential.strategy === 'none' ? undefined : buildCredential(credential, deps);
    return buildOperatorCredential(login, inner, deps.name);
  }
  const issuers = authenticate.flatMap((entry) => (!('issuer' in entry) ? [] : [entry]));
  if (issuers.every((entry) => entry.credential === undefined)) return buildCredential(credential, deps);
  const common = issuers.some((entry) => entry.credential === undefined)
    ? buildCredential(credential, deps)
    : undefined;
  const own = issuers.map(({ issuer, credential: one }) => {
    const built = one === undefined ? common : buildCredential(one, deps);
    return built === undefined ? [] : [[issuer, built] as const];
  });
  return buildIssuerCredentials(new Map(own.flat()));
}

/** Where routes are only looked at nobody signs in. */
const nobody: OperatorTokens = {
  find: () => undefined,
  obtain: () => Promise.reject(fail('operator_login_needed', { reason: 'Nobody signs in here', server: 'it' })),
  refuse: () => false,
};

function buildCredential(credential: CredentialConfig, named: TokenEndpointDeps): Credential {
  const scope = { use: 'credential', server: named.name, settings: credential };
  const deps = { ...named, store: scopeSettings(named.store, scope) };
  switch (credential.strategy) {
    case 'token-exchange':
      return buildTokenExchangeCredential(credential, { ...deps, ...providerDeps(credential) });
    case 'entra-obo':
      return buildEntraOboCredential(credential, { ...deps, ...providerDeps({ ...credential, provider: 'entra' }) });
    case 'client-credentials':
      return buildClientCredentialsCredential(credential, { ...deps, ...providerDeps(credential) });
    case 'id-jag':
      return buildIdJagCredential(credential, idJagDeps(credential, deps));
    case 'chain': {
      const steps = credential.steps.map((step) => buildChainStep(step, deps));
      return buildChainCredential(credential, steps, deps);
    }
    case 'static-header':
      return buildStaticHeaderCredential(credential);
    case 'none':
      return buildNoneCredential();
  }
}

function buildChainStep(step: ChainStep, deps: TokenEndpointDeps): TokenSource {
  switch (step.strategy) {
    case 'token-exchange':
      return buildTokenExchangeSource(step, { ...deps, ...providerDeps(step) });
    case 'entra-obo':
      return buildEntraOboSource(step, { ...deps, ...providerDeps({ ...step, provider: 'entra' }) });
    case 'id-jag':
      return buildIdJagSource(step, idJagDeps(step, deps));
  }
}

/** Each of the two servers has refusals of its own. */
function idJagDeps(settings: IdJagSourceSettings, deps: TokenEndpointDeps): IdJagDeps {
  const { explainRefusal } = providerDeps(settings);
  return { ...deps, explainRefusal, explainTargetRefusal: providerDeps(settings.target).explainRefusal };
}

/** What a credential has to know about the provider it asks; it does not know who that is. */
function providerDeps({
  provider: name,
  url,
}: {
  readonly provider?: Provider['name'] | undefined;
  readonly url: string;
}) {
  const provider = name === undefined ? findProvider(new URL(url)) : providerNamed(name);
  const explainRefusal: ExplainRefusal = (answer) => findKnownRefusal(provider, answer);
  return { explainRefusal, exchangeParameters: provider.exchangeParameters };
}
