import type { AccessToken, ClientCredentials, TokenEndpointGrantContext } from 'oidc-provider';
import {
  buildTokenResponse,
  checkDpopReplay,
  checkDpopRequired,
  validateDpop,
} from 'oidc-provider/lib/helpers/grants.js';

/** Ends one of our own grants: checks proof of possession as the built-in ones do (RFC 9449 §5), binds the token to the
 * key, stores it and puts the answer into the body. What the client gets of it is signed later, for all grants alike.
 */
export async function issueAccessToken(
  ctx: TokenEndpointGrantContext,
  token: AccessToken | ClientCredentials,
  issuedTokenType?: string,
): Promise<void> {
  const { provider, client } = ctx.oidc;
  const proof = await validateDpop(provider, ctx);
  checkDpopRequired(provider, ctx, proof);
  await checkDpopReplay(provider, ctx, proof, client.clientId);
  if (proof !== undefined) token.setThumbprint('jkt', proof.thumbprint);
  ctx.oidc.entity(token.kind, token);
  const accessToken = await token.save();
  ctx.body = buildTokenResponse(provider, {
    accessToken,
    tokenType: token.tokenType,
    expiresIn: token.expiration,
    ...(token.scope === undefined ? {} : { scope: token.scope }),
    ...(issuedTokenType === undefined ? {} : { issuedTokenType }),
  });
}
