import type { Caller } from '../../model/caller.ts';
import { fail } from '../../model/usher-error.ts';
import { type Check, failed, findCallerToken, pass, unknown } from '../check.ts';
import { failBy } from '../fail-by.ts';

const timeoutMs = 10_000;

/** Judged by the very part the gateway judges it by. */
export const callerToken: Check = {
  id: 'caller-token',
  title: "The caller's token is accepted",
  needs: ['user-signs-in'],
  applies: ({ route }) => route.authenticator.issuers.length > 0,
  async run(patient) {
    const { route, server, findings } = patient;
    const token = findCallerToken(patient)?.reveal();
    if (token === undefined) return unknown(noToken, howToGetOne);
    let caller: Caller;
    try {
      caller = await route.authenticator.authenticate(token, { signal: AbortSignal.timeout(timeoutMs) });
    } catch (error) {
      return failBy(error);
    }
    if (server.dpop.required && caller.jkt === undefined)
      return failBy(fail('token_not_bound', { wanted: 'and this server takes bound ones only (--require-dpop)' }));
    const wanted = findings.signedIn?.jkt;
    // RFC 9449 §6: whoever holds the key of another could use this token.
    if (wanted !== undefined && caller.jkt !== wanted) {
      return failed('The token is bound to another key than the one it was asked for with', {
        cause: 'token-of-other-key',
        fix: 'The provider does not bind the token to the key of the proof: nobody could use it with their own.',
      });
    }
    findings.caller = caller;
    const bound = caller.jkt === undefined ? '' : '; bound to a key that the client has to prove with each call (DPoP)';
    return pass(
      `${caller.name ?? caller.subject}, client ${caller.clientId ?? 'unknown'}, of ${caller.issuer}${bound}`,
    );
  },
};

export const noToken = 'No token was given';
export const howToGetOne =
  "Sign in: --sign-in --client-id ID. Or give an access token that a client got: --caller-token-file PATH. The MCP Inspector shows it after signing in; keep the file's mode at 600.";
