import { isLoopbackHost } from '../../../lib/loopback.ts';
import {
  type AdminAccess,
  type ExpectedSetUp,
  joinInspections,
  type SetUpInspection,
} from '../../../model/set-up-inspection.ts';
import { tokenExchangeGrant } from '../../../model/urns.ts';
import { fail } from '../../../model/usher-error.ts';
import type { FoundApp, FoundServer } from '../set-up/found.ts';
import { buildOktaClient } from '../set-up/okta-client.ts';
import { judgeClient, judgeGateway, judgeUser } from './judge-apps.ts';
import { judgePolicies, type WantedGrant } from './judge-policies.ts';
import { exchangeableScopes, judgeSignIn, judgeTarget, judgeTrust } from './judge-servers.ts';
import { type OrgParts, readOrg } from './read-org.ts';

/** Compares an org with what a gateway is configured for, by its management API. Only reads.
 * @throws UsherError `setup_refused` or `setup_unavailable`
 */
export async function inspectOkta(expected: ExpectedSetUp, { secret, ca }: AdminAccess): Promise<SetUpInspection> {
  const { origin, hostname, protocol } = new URL(expected.exchange.url);
  if (protocol !== 'https:' && !isLoopbackHost(hostname)) {
    const reason = 'its address is plain http, over which no API token is sent';
    throw fail('setup_unavailable', { title: 'Okta', target: origin, reason });
  }
  const api = buildOktaClient({ origin, apiToken: secret, ...(ca === undefined ? {} : { ca }) });
  try {
    return judge(expected, await readOrg(api, expected));
  } finally {
    await api.close();
  }
}

function judge(expected: ExpectedSetUp, parts: OrgParts): SetUpInspection {
  const { target, signIn, gateway, client, user } = parts;
  const { callers } = expected;
  return joinInspections(
    judgeSignIn(expected, parts),
    judgeTarget(expected, parts),
    judgeTrust(parts),
    judgeGateway(expected, parts),
    judgeUser(expected, parts),
    judgeGrant(target, gateway, { grantType: tokenExchangeGrant, scopes: exchangeableScopes(expected), user }),
    judgeClient(expected, parts),
    // Which further scopes of OpenID Connect are asked for is each client's own.
    judgeGrant(signIn, client, { grantType: 'authorization_code', scopes: ['openid', ...callers.scopes], user }),
  );
}

/** Nothing is said of a grant where server or app is not there. */
function judgeGrant(
  server: FoundServer | undefined,
  found: FoundApp | undefined,
  wanted: Omit<WantedGrant, 'appId' | 'appLabel'>,
): Partial<SetUpInspection> {
  if (server === undefined || found === undefined) return {};
  const { label, credentials } = found.app;
  return judgePolicies(server, { ...wanted, appId: credentials.oauthClient.client_id, appLabel: label });
}
