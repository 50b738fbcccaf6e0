import type { Granted } from '../flavour.ts';
import { TokenRefusal } from '../token-refusal.ts';
import { refusals } from './refusals.ts';

/** Thumbprint of the key that a token is bound to, undefined for none: what the API's Token Sender-Constraining says, whatever was
 * proved (the table of auth0.com/docs/secure/sender-constraining/configure-sender-constraining).
 * @throws TokenRefusal where it is not issued at all
 */
export function boundKeyOf({ apis: [api], app, jkt }: Granted): string | undefined {
  // For Auth0's own userinfo only; a client that has to prove a key has done so.
  if (api === undefined) return jkt;
  if (api.senderConstraining === undefined) {
    if (app.requireDpop)
      throw new TokenRefusal(
        refusals.dpopNotForApi,
        `the app has requireDpop, server ${api.id} no senderConstraining`,
        {
          api: api.audience,
        },
      );
    // Without a word: the proof was in vain.
    return undefined;
  }
  if (jkt === undefined && api.senderConstraining === 'required')
    throw new TokenRefusal(refusals.dpopMissing, `server ${api.id} has senderConstraining: required`);
  return jkt;
}
