import type { ExpectedSetUp, SetUpFault, SetUpInspection } from '../../../model/set-up-inspection.ts';
import { tokenExchangeGrant } from '../../../model/urns.ts';
import type { OktaApp } from '../set-up/okta-shapes.ts';
import { demandsDpop } from '../set-up/plan-apps.ts';
import { oktaFault } from './okta-fault.ts';
import type { OrgParts } from './read-org.ts';

type Part = Partial<SetUpInspection>;

/** The gateway's app. */
export function judgeGateway({ exchange }: ExpectedSetUp, { gateway }: OrgParts): Part {
  if (gateway === undefined)
    return { faults: [oktaFault('okta-client-unknown', `The org has no app with the client id ${exchange.clientId}`)] };
  const { app } = gateway;
  const { grant_types: grants } = app.settings.oauthClient;
  const isUnproven = demandsDpop(app) && !exchange.dpop;
  const faults = [
    ...judgeActive(app),
    ...(grants.includes(tokenExchangeGrant)
      ? []
      : [
          oktaFault(
            'okta-grant-not-ticked',
            `The app "${app.label}" has the grants ${grants.join(', ')}, not Token Exchange`,
          ),
        ]),
    ...(isUnproven
      ? [
          oktaFault(
            'okta-dpop-required',
            `The app "${app.label}" demands proof of possession (DPoP), and the gateway is not set to give it`,
          ),
        ]
      : []),
  ];
  if (faults.length > 0) return { faults };
  const proof = demandsDpop(app) ? ' with proof of possession (DPoP)' : '';
  return { good: [`The app "${app.label}" may exchange tokens${proof}`] };
}

/** The app people's MCP client signs in with, where it was named. */
export function judgeClient({ callers }: ExpectedSetUp, { client }: OrgParts): Part {
  if (callers.clientId === undefined) return {};
  if (client === undefined)
    return {
      faults: [oktaFault('okta-mcp-client-unknown', `The org has no app with the client id ${callers.clientId}`)],
    };
  const { app, groups, users } = client;
  const canSignIn = app.settings.oauthClient.grant_types.includes('authorization_code');
  const faults = [
    ...judgeActive(app),
    ...(canSignIn
      ? []
      : [oktaFault('okta-mcp-client-grant', `The app "${app.label}" has no grant Authorization Code`)]),
    ...(groups.length + users > 0
      ? []
      : [oktaFault('okta-user-not-assigned', `The app "${app.label}" is assigned to nobody`)]),
  ];
  return faults.length > 0 ? { faults } : { good: [`People can sign in with the app "${app.label}"`] };
}

/** Who calls, where that is known. */
export function judgeUser({ callers: { claims } }: ExpectedSetUp, { user }: OrgParts): Part {
  const id = claims?.['uid'];
  if (typeof id !== 'string') return {};
  if (user?.status === 'ACTIVE') return { good: [`The user ${user.login} is active`] };
  const seen = user === undefined ? `The org has no user ${id}` : `The user ${user.login} is ${user.status}`;
  return { faults: [oktaFault('okta-user-inactive', seen)] };
}

function judgeActive({ label, status }: OktaApp): readonly SetUpFault[] {
  return status === 'ACTIVE' ? [] : [oktaFault('okta-app-inactive', `The app "${label}" is ${status}`)];
}
