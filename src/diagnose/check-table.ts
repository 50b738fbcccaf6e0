import type { Check } from './check.ts';
import { auditTrail } from './checks/audit-trail.ts';
import { callerToken } from './checks/caller-token.ts';
import { certificates } from './checks/certificates.ts';
import { clock } from './checks/clock.ts';
import { exchange } from './checks/exchange.ts';
import { exchangeClient } from './checks/exchange-client.ts';
import { exchangeDpop } from './checks/exchange-dpop.ts';
import { exchangeEndpoint } from './checks/exchange-endpoint.ts';
import { exchangeGrant } from './checks/exchange-grant.ts';
import { exchangeRequest } from './checks/exchange-request.ts';
import { exchangedUser } from './checks/exchanged-user.ts';
import { introspection } from './checks/introspection.ts';
import { issuerKeys } from './checks/issuer-keys.ts';
import { issuerMetadata } from './checks/issuer-metadata.ts';
import { offeredScopes } from './checks/offered-scopes.ts';
import { ownCredential } from './checks/own-credential.ts';
import { policy } from './checks/policy.ts';
import { providerSetUp } from './checks/provider-set-up.ts';
import { redirectUris } from './checks/redirect-uris.ts';
import { resourceChallenge } from './checks/resource-challenge.ts';
import { resourceMetadata } from './checks/resource-metadata.ts';
import { serverAccepts } from './checks/server-accepts.ts';
import { serverAnswers } from './checks/server-answers.ts';
import { sharedState } from './checks/shared-state.ts';
import { signIn } from './checks/sign-in.ts';
import { toolCall } from './checks/tool-call.ts';
import { userSignsIn } from './checks/user-signs-in.ts';

/** Every check of `usher doctor`, in the order of the chain: whoever stands further up is asked first. */
export const checkTable: readonly Check[] = [
  auditTrail,
  certificates,
  sharedState,
  issuerMetadata,
  clock,
  issuerKeys,
  introspection,
  signIn,
  offeredScopes,
  redirectUris,
  resourceMetadata,
  resourceChallenge,
  userSignsIn,
  callerToken,
  policy,
  exchangeEndpoint,
  exchangeClient,
  exchangeGrant,
  exchangeDpop,
  providerSetUp,
  exchangeRequest,
  exchange,
  exchangedUser,
  ownCredential,
  serverAnswers,
  serverAccepts,
  toolCall,
];
